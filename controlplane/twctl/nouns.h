/* SPDX-License-Identifier: Apache-2.0 */
/* nouns.h - every noun of the command table, each in the file of its name. Constant; any thread. */
#ifndef TW_TWCTL_NOUNS_H
#define TW_TWCTL_NOUNS_H

#include "controlplane/twctl/command.h"

extern const struct tw_noun tw_noun_acl, tw_noun_capture, tw_noun_completion, tw_noun_exporter, tw_noun_flows,
	tw_noun_help, tw_noun_host, tw_noun_mac, tw_noun_migrate, tw_noun_migration, tw_noun_mirror, tw_noun_multicast,
	tw_noun_network, tw_noun_port, tw_noun_status, tw_noun_trace, tw_noun_why;

/** "list" and "show NAME" are alike for all kinds: rows of a noun's commands. */
#define TW_COMMAND_LIST(plural)                                                       \
	{                                                                             \
		.verb = "list", .summary = "list all " plural, .run = tw_object_list, \
		.options = (const struct tw_option *const[])                          \
		{                                                                     \
			tw_list_options, NULL                                         \
		}                                                                     \
	}
#define TW_COMMAND_SHOW(kind, what, shown)                                                           \
	{                                                                                            \
		.verb = "show", .operand = "NAME", .complete = kind, .summary = what, .text = shown, \
		.run = tw_object_show                                                                \
	}
#define TW_COMMAND_DELETE(kind, what, shown)                                                           \
	{                                                                                              \
		.verb = "delete", .operand = "NAME", .complete = kind, .summary = what, .text = shown, \
		.options = (const struct tw_option *const[]){ tw_write_options, NULL },                \
		.begin = tw_object_begin_delete, .run = tw_object_write                                \
	}

/* mac.c: `port macs NAME` is `mac list --port NAME` */
bool tw_macs_begin(struct tw_run *run);
int tw_macs_show(struct tw_run *run);
extern const struct tw_option tw_macs_limit_options[];

/** The state of one host in the JSON of GetStatus; NULL if it has none. Borrowed. */
json_t *tw_status_host(const json_t *status, const char *host);
/** The element of the list `key` of a host's switch status that has that name. Borrowed. */
json_t *tw_status_part(const json_t *host, const char *key, const char *name);
/** Add "status": what each host's switch says of the object, from the list `key`. false with run->error filled. */
bool tw_status_add_parts(struct tw_run *run, json_t *object, const char *key);
/* central.c */
/** Add "central": what the controller says of an exporter of way central. false with run->error filled. */
bool tw_central_add(struct tw_run *run, json_t *object);
/** Print that "central" behind a card; nothing if it is not there. */
void tw_central_print(FILE *out, const json_t *object);
/** Print, in a line, what is to be known of the way by the controller; nothing if nothing goes it. */
void tw_central_print_status(FILE *out, const json_t *status);

/** Print that "status" as a table, behind a card. */
void tw_status_print_parts(FILE *out, const struct tw_column *columns, const json_t *object);

/* ---- exporter_test.c ---- */
bool tw_exporter_test_begin(struct tw_run *run);
int tw_exporter_test(struct tw_run *run);

#endif
