/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - the command table: nouns, their verbs, their options. One list from which the parser, --help at each level,
 * bash completion and the man page derive, so that they cannot disagree.
 *
 * A command's life: parse all arguments -> check them against the table -> begin() makes the request -> each option is
 * applied to it -> finish() looks at the whole -> run() asks the controller and shows the answer.
 *
 * Exit status: 0 done; 1 refused or failed, with `twctl: FIELD: TEXT  [CODE]` on standard error; 2 the command line is wrong,
 * with a hint which --help to read.
 */
#ifndef TW_TWCTL_COMMAND_H
#define TW_TWCTL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/mac.h"
#include "controlplane/twctl/message.h"
#include "controlplane/twctl/output.h"
#include "proto/envelope.pb-c.h"
#include "proto/link/error.h"

enum { TW_EXIT_DONE = 0, TW_EXIT_FAILED = 1, TW_EXIT_USAGE = 2 };
enum {
	TW_ASK_TIMEOUT_MS = 5000, /* --timeout: how long an answer may take */
	TW_WAIT_MS = 30000,       /* --wait without a value */
	TW_WAIT_MAX_MS = 600000,  /* api.proto, WaitRealised */
	TW_OPTIONS_MAX = 64,      /* options of one command, global ones counted in */
	TW_URL_SIZE = 256,
};

struct tw_run;

/* What the shell may offer for a value. */
enum tw_complete {
	TW_COMPLETE_NONE,
	TW_COMPLETE_WORDS, /* those in `words` */
	TW_COMPLETE_FILE,
	TW_COMPLETE_HOST, /* names of objects: `twctl host list --names` */
	TW_COMPLETE_NETWORK,
	TW_COMPLETE_PORT,
	TW_COMPLETE_MIRROR,
	TW_COMPLETE_EXPORTER,
	TW_COMPLETE_ACL,
	TW_COMPLETE_MIGRATION,
	TW_COMPLETE_VM, /* first parts of the ports' names */
};

struct tw_option {
	const char *name;     /* long form without dashes; a list ends with NULL */
	char letter;          /* short form; 0 = none */
	bool global;          /* of every command, also before the noun */
	const char *arg;      /* what the value is called; NULL = takes none; "[X]" = may have one, as --name=X */
	const char *help;     /* a sentence without full stop; limits are added from min and max */
	const char *field;    /* of the object: what a Set takes over, and what an error names */
	const char *excludes; /* names of options that may not be given with this one, by comma */
	const char *needs;    /* name of an option that must be given with this one */
	enum tw_complete complete;
	const char *words; /* for TW_COMPLETE_WORDS, by space */
	uint64_t min, max; /* limits of a number, a size or seconds */
	/* Puts the value (NULL = none given) into the request's target or the run; false with run->error filled. */
	bool (*apply)(struct tw_run *run, const struct tw_option *option, const char *value);
};

struct tw_command {
	const char *verb;    /* NULL: the noun alone is the command */
	const char *operand; /* "NAME"; "[NAME]" = may be left out; NULL = there is none */
	enum tw_complete complete;
	const char *words;
	const char *more;                       /* further words, which are one text; "[X]" = there need be none */
	const char *summary;                    /* a few words, as in a list of commands */
	const char *text;                       /* further sentences for its own help; may be NULL */
	const char *example;                    /* a line, without "twctl"; may be NULL */
	const struct tw_option *const *options; /* lists of options, ended by NULL; may be NULL */
	const char *
		required; /* options that must be given: "network", "port file", "vlan|trunk" (one of them); may be NULL */
	bool (*begin)(struct tw_run *run);  /* may be NULL */
	bool (*finish)(struct tw_run *run); /* false with run->error filled; may be NULL */
	int (*run)(struct tw_run *run);     /* returns an exit status */
};

struct tw_noun {
	const char *name, *plural, *summary;
	const struct tw_command *commands; /* ended by one without run */
	Tw__Kind kind;                     /* TW__KIND__KIND_NONE: no object of the model */
	const struct tw_column *list, *card;
	/* Adds what other requests tell of one object before `show` shows it; false when one failed. May be NULL. */
	bool (*detail)(struct tw_run *run, json_t *object);
	/* Shows what does not fit a card, behind it. May be NULL. */
	void (*show)(FILE *out, const json_t *object);
};

extern const struct tw_noun *const tw_nouns[]; /* in the order of help; ended by NULL */
extern const struct tw_option tw_global_options[];
extern const struct tw_option tw_write_options[]; /* --wait */

/* Where a run meets the world. Tests give their own. */
struct tw_io {
	FILE *out, *err;
	bool out_is_tty;
	/* Ask the controller: as tw_link_call(). NULL = over nanomsg. */
	int (*ask)(void *arg, const char *url, Tw__Envelope *request, int timeout_ms, Tw__Envelope **reply,
		   struct tw_error *err);
	void *arg;
};

struct tw_run {
	const struct tw_io *io;
	const struct tw_noun *noun;
	const struct tw_command *command;
	const char *operand; /* NULL when not given */
	char *more;          /* the words behind it, one space between two; owned */
	const char *controller, *run_dir;
	char url[TW_URL_SIZE];
	bool json, names, man, no_wait;
	int timeout_ms;
	int wait_ms;              /* of --wait; 0 = not given */
	int watch_ms;             /* of --watch; 0 = not given */
	uint64_t count;           /* of --count; 0 = without end */
	uint64_t seconds;         /* of --seconds; 0 = without end */
	const char *file;         /* of --write; NULL = not given */
	uint64_t limit;           /* of --limit, where it is not the request's; 0 = not given */
	const char *network;      /* of --network where it only chooses; NULL = not given */
	Tw__Envelope *request;    /* owned */
	ProtobufCMessage *target; /* what options apply to: a part of request */
	struct tw_error error;
	char hint[256];              /* what to check, a second line of the error; empty = none */
	struct tw_link_client *link; /* opened by the first question */
};

/** Do what the arguments say. @return exit status */
int tw_twctl_run(int argc, char **argv, const struct tw_io *io);

/* ---- command.c ---- */

/** Say what is wrong with the command line and where its help is. @return TW_EXIT_USAGE */
int tw_run_usage(const struct tw_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const struct tw_noun *tw_noun_find(const char *name);
const struct tw_command *tw_noun_command(const struct tw_noun *noun, const char *verb);
/** The options of a command, global ones last. @return how many are in options[] */
size_t tw_command_options(const struct tw_command *command, const struct tw_option *options[static TW_OPTIONS_MAX]);
/** Is `name` in `list`, words separated by any of `separators`? */
bool tw_word_in(const char *list, const char *separators, const char *name);

/* ---- options.c: values that many options have; each puts it into the target's field `option->field` ---- */

bool tw_apply_string(struct tw_run *run, const struct tw_option *option, const char *value);
bool tw_apply_strings(struct tw_run *run, const struct tw_option *option, const char *value); /* appends */
bool tw_apply_number(struct tw_run *run, const struct tw_option *option, const char *value);
bool tw_apply_size(struct tw_run *run, const struct tw_option *option, const char *value);
bool tw_apply_seconds(struct tw_run *run, const struct tw_option *option, const char *value);
bool tw_apply_enum(struct tw_run *run, const struct tw_option *option, const char *value);
bool tw_apply_yes(struct tw_run *run, const struct tw_option *option, const char *value);
bool tw_apply_no(struct tw_run *run, const struct tw_option *option, const char *value);
bool tw_apply_mac(struct tw_run *run, const struct tw_option *option, const char *value);
bool tw_apply_uuid(struct tw_run *run, const struct tw_option *option, const char *value);
/** Path of an option's field for errors: "port.vlan", or "--limit" when it has none. Returns out. */
char *tw_option_path(const struct tw_run *run, const struct tw_option *option, char out[static 96]);

/* ---- ask.c ---- */

/** A new envelope with the body of that name in it; *body is the body. */
Tw__Envelope *tw_ask_new(const char *body_name, void *body);
/**
 * Ask the controller.
 * @param extra_ms  how long the controller may hold the answer back, beyond --timeout
 * @param expected  name of the reply's body
 * @return the reply, to be released with tw__envelope__free_unpacked(); NULL with run->error filled
 */
Tw__Envelope *tw_ask(struct tw_run *run, Tw__Envelope *request, int extra_ms, const char *expected);
/** Objects of a kind as {"revision", "objects": [...]}; name NULL = all. NULL with run->error filled. */
json_t *tw_ask_objects(struct tw_run *run, Tw__Kind kind, const char *name);
/** The MAC of the port of that name in what tw_ask_objects() gave. As tw_frame_resolve. @return false: no such port */
bool tw_ports_mac(void *ports, const char *name, uint8_t mac[static TW_MAC_LEN]);
/** GetStatus as JSON. NULL with run->error filled. */
json_t *tw_ask_status(struct tw_run *run);
/**
 * Have each connected host asked. One that is not connected, or that asking fails, is named in `missing` instead of hiding
 * what the others say.
 * @return false with run->error filled: the controller does not answer
 */
bool tw_ask_each_host(struct tw_run *run, bool (*ask)(struct tw_run *run, const char *host, void *arg), void *arg,
		      json_t *missing);
/** Print run->error. @return TW_EXIT_FAILED */
int tw_run_fail(const struct tw_run *run);

/* ---- object.c: what every kind of object can do ---- */

bool tw_object_begin_create(struct tw_run *run);
bool tw_object_begin_set(struct tw_run *run);
bool tw_object_begin_delete(struct tw_run *run);
int tw_object_write(struct tw_run *run);
int tw_object_list(struct tw_run *run);
int tw_object_show(struct tw_run *run);
/** The object inside an "Object" message's JSON, whatever its kind. Borrowed. */
json_t *tw_object_json(const json_t *object);
extern const struct tw_option tw_list_options[]; /* --names */

/* ---- help.c, man.c, completion.c: views of the table ---- */

void tw_help_all(FILE *out);
void tw_help_noun(FILE *out, const struct tw_noun *noun);
void tw_help_command(FILE *out, const struct tw_noun *noun, const struct tw_command *command);
/** "twctl port set NAME [OPTION]..." */
void tw_help_usage(FILE *out, const struct tw_noun *noun, const struct tw_command *command);
/** "-c, --controller=URL" */
void tw_help_option(FILE *out, const struct tw_option *option);
void tw_man_page(FILE *out);

#endif
