/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter.h - the metering process's other half: takes flow records, sends them to collectors.
 *
 * Threads  the exporter thread of tw-switch owns a tw_exporter and makes every call but tw_exporter_configure() and
 *          tw_exporter_stats(), which any control thread may make (they exchange whole values under a lock the exporter
 *          thread holds for microseconds). No worker ever comes here.
 * Spec     RFC 7011, RFC 7012, RFC 3954; elements from the IANA "ipfix" registry.
 */
#ifndef TW_FLOWEXPORT_EXPORTER_H
#define TW_FLOWEXPORT_EXPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/prefix.h"
#include "flowexport/biflow.h"
#include "flowexport/dictionary.h"
#include "flowexport/message.h"
#include "flowexport/origin.h"
#include "flowexport/record.h"
#include "flowexport/scope.h"
#include "flowexport/tls.h"

enum {
	TW_EXPORTERS_MAX = 8,
	TW_COLLECTORS_MAX = 4, /* of an exporter */
	TW_TARGETS_MAX = TW_EXPORTERS_MAX * TW_COLLECTORS_MAX,
	TW_EXPORTER_NAME_SIZE = 64,
	TW_ENDPOINT_TEXT = 56, /* "[V6]:PORT" */
	TW_EXPORT_ERROR_SIZE = 400,
};

enum tw_flow_transport { TW_TRANSPORT_UDP, TW_TRANSPORT_TCP, TW_TRANSPORT_TLS, TW_FLOW_TRANSPORTS };

/* One collector of one exporter. An exporter's stand side by side under its name, the one to prefer first. */
struct tw_exporter_target {
	char name[TW_EXPORTER_NAME_SIZE];
	struct sockaddr_storage collector;
	socklen_t collector_size;
	enum tw_flow_format format;
	enum tw_flow_transport transport; /* TCP and TLS only with IPFIX */
	struct tw_tls_config tls;         /* of TLS */
	bool failover;               /* one at a time gets the records, the first that takes them; else each does */
	struct tw_prefix source;     /* messages come from this host's address in it; family 0 = as it is routed */
	uint32_t domain;             /* observation domain; 0 = the configuration's */
	uint32_t template_refresh_s; /* templates are sent again this often; 0 = 60 */
	uint32_t template_refresh_messages; /* and after so many messages; 0 = 4096 */
	uint32_t options_refresh_s;         /* statistics and names are sent again this often; 0 = as templates */
	uint16_t mtu;                       /* largest IP packet */
	bool names;                         /* both ends' names stand in each record; only with IPFIX */
	bool biflow;                        /* both directions of a conversation in a record; only with IPFIX */
	struct tw_flow_scope scope;
	bool resends; /* the owner adds records again that did not arrive: they are returned, not lost */
};

struct tw_exporter_config {
	uint32_t observation_domain; /* never 0 */
	char host[64];
	bool mediates; /* records are added with their origin, biflows as such */
	/* Which packets are counted now (sampling.h), unless mediates: told before the first such record comes. */
	uint16_t sampling;
	size_t n_targets;
	struct tw_exporter_target targets[TW_TARGETS_MAX];
	size_t n_identities;
	const struct tw_flow_identity *identities; /* sorted by number; copied by tw_exporter_configure() */
	struct tw_dictionary dictionary;           /* the same */
};

enum tw_collector_state {
	TW_COLLECTOR_CONNECTING, /* nothing is known of it yet */
	TW_COLLECTOR_ACTIVE,     /* it gets records and takes them, as far as is known */
	TW_COLLECTOR_STANDBY,    /* it would take them, and another one gets them */
	TW_COLLECTOR_FAILED,     /* error says why */
};

/* Of one target. */
struct tw_exporter_stats {
	char name[TW_EXPORTER_NAME_SIZE];
	char collector[TW_ENDPOINT_TEXT];
	char source[TW_ENDPOINT_TEXT]; /* address and port that messages come from; empty = not open */
	enum tw_collector_state state;
	uint64_t changes;                /* how often the exporter has gone over to another collector */
	struct tw_biflow_counts pairing; /* of the exporter; zeros if it has no biflows */
	uint64_t records; /* data records of flows that left and were not refused, known a little later */
	uint64_t messages;
	uint64_t octets;           /* of messages, without headers of lower layers */
	uint64_t lost_records;     /* not sent, or refused by the collector's host */
	uint64_t returned_records; /* did not arrive, and are added again by the owner */
	uint64_t test_records;     /* of records: of trials. These are lost, not returned, if they do not arrive */
	uint32_t domain;
	uint64_t unsaid_records;          /* that the format has no words for: IPv6 and refused flows in version 5 */
	uint64_t test_unsaid;             /* of those: of trials */
	char error[TW_EXPORT_ERROR_SIZE]; /* why; empty again once the collector takes messages */
};

/* What a trial (trial.h) has sent to one collector, and what came of it. */
struct tw_trial_collector {
	char collector[TW_ENDPOINT_TEXT], source[TW_ENDPOINT_TEXT];
	enum tw_collector_state state;
	uint64_t messages, octets; /* templates and options included */
	uint64_t records;          /* test flows that are on their way, or there */
	uint64_t lost;             /* that were not sent */
	uint64_t unsaid;           /* that the format has no words for */
	char error[TW_EXPORT_ERROR_SIZE];
};

struct tw_trial_flow { /* as people write it */
	char source[TW_ENDPOINT_TEXT], destination[TW_ENDPOINT_TEXT];
	const char *protocol;
	uint64_t packets, octets; /* of layer 3 */
};

enum { TW_TRIAL_FLOWS = 4 };

struct tw_export_trial {
	char name[TW_EXPORTER_NAME_SIZE];
	uint32_t domain;
	size_t n_collectors; /* 0: there is no such exporter */
	struct tw_trial_collector collectors[TW_COLLECTORS_MAX];
	struct tw_trial_flow flows[TW_TRIAL_FLOWS];
};

struct tw_exporter;

/** @return an exporter without targets, or NULL (no memory) */
struct tw_exporter *tw_exporter_create(void);
/** Sends nothing more: flush before. Accepts NULL. */
void tw_exporter_destroy(struct tw_exporter *exporter);

/** Parse "ADDRESS:PORT" or "[V6]:PORT" (numeric only). @return 0 or -EINVAL */
int tw_exporter_parse_collector(const char *text, struct sockaddr_storage *addr, socklen_t *size);
/** The same the other way; empty if it is neither IPv4 nor IPv6. @return text */
char *tw_exporter_format_collector(const struct sockaddr_storage *addr, char text[static TW_ENDPOINT_TEXT]);

/**
 * New targets and identities, as of the next tick. Targets that stay (same name, collector, format, transport and source) keep
 * socket, source port and sequence, unless the observation domain is another. mtu is kept within 512..9000.
 * @return 0; -EINVAL: domain 0, too many targets, a collector without address, an exporter's targets not side by side or too
 *         many, identities not in order; -ENOMEM.
 *         After an error the former configuration stands.
 */
int tw_exporter_configure(struct tw_exporter *exporter, const struct tw_exporter_config *config);

/** Records that the metering process itself could not keep (table or ring full): reported in the statistics options. */
void tw_exporter_note_lost(struct tw_exporter *exporter, uint64_t packets, uint64_t l3_octets);

/** Add one record to every target's open message; full messages are sent. Borrows the record. */
void tw_exporter_add(struct tw_exporter *exporter, const struct tw_flow_record *record);

/** Who a record's ends are, as of the last tick. Valid until the next. */
void tw_exporter_find_names(const struct tw_exporter *exporter, const struct tw_flow_record *record,
			    struct tw_flow_names *names);

/** tw_exporter_add() of a record that another has metered, but for what tw_exporter_note_observed() does. Borrows both. */
void tw_exporter_add_of(struct tw_exporter *exporter, const struct tw_flow_record *record,
			const struct tw_flow_origin *origin);

/** Both directions of a conversation, for exporters of biflows; the origin is the forward one's. */
void tw_exporter_add_biflow_of(struct tw_exporter *exporter, const struct tw_flow_record *forward,
			       const struct tw_flow_record *reverse, const struct tw_flow_origin *origin);

/** A record that another has metered is here: its flow counts in the statistics options, once, however often the record is added. */
void tw_exporter_note_observed(struct tw_exporter *exporter, const struct tw_flow_record *record);

/** Records that were lost before they came here: reported in the statistics options. */
void tw_exporter_note_unsent(struct tw_exporter *exporter, uint64_t flows, uint64_t packets, uint64_t l3_octets);

/** Time passes: template refresh, and messages that have waited are sent. Call at least every 100 ms. now_ms: Unix epoch. */
void tw_exporter_tick(struct tw_exporter *exporter, uint64_t now_ms);

/** Send what is open, now; whether it arrives is heard later. */
void tw_exporter_push(struct tw_exporter *exporter, uint64_t now_ms);

/** Send what is open, and what waits to be paired, now, before the end. */
void tw_exporter_flush(struct tw_exporter *exporter, uint64_t now_ms);

/** @return number of targets described in stats[] */
size_t tw_exporter_get_stats(struct tw_exporter *exporter, struct tw_exporter_stats stats[static TW_TARGETS_MAX]);

/**
 * Send known records to all collectors of an exporter, with templates and options, soon. Any control thread.
 * @return 0, -EBUSY: another trial is under way
 */
int tw_exporter_try(struct tw_exporter *exporter, const char *name);
/** What has come of it; asking ends the trial. Any control thread. @return false: not known yet, ask again in a while */
bool tw_exporter_tried(struct tw_exporter *exporter, struct tw_export_trial *result);

#endif
