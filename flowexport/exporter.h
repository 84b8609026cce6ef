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

#include "flowexport/message.h"
#include "flowexport/record.h"

enum { TW_EXPORTERS_MAX = 8, TW_EXPORTER_NAME_SIZE = 64 };

enum tw_flow_transport { TW_TRANSPORT_UDP, TW_TRANSPORT_TCP, TW_FLOW_TRANSPORTS };

struct tw_exporter_target {
	char name[TW_EXPORTER_NAME_SIZE];
	struct sockaddr_storage collector;
	socklen_t collector_size;
	enum tw_flow_format format;
	enum tw_flow_transport transport; /* TCP only with IPFIX */
	uint32_t template_refresh_s;      /* templates and options tables are sent again this often */
	uint16_t mtu;                     /* largest IP packet */
};

struct tw_exporter_config {
	uint32_t observation_domain; /* never 0 */
	char host[64];
	size_t n_targets;
	struct tw_exporter_target targets[TW_EXPORTERS_MAX];
	size_t n_identities;
	const struct tw_flow_identity *identities; /* sorted by number; copied by tw_exporter_configure() */
};

struct tw_exporter_stats {
	char name[TW_EXPORTER_NAME_SIZE];
	uint64_t records; /* data records of flows that left and were not refused, known a little later */
	uint64_t messages;
	uint64_t octets;         /* of messages, without headers of lower layers */
	uint64_t lost_records;   /* not sent, or refused by the collector's host */
	uint64_t unsaid_records; /* that the format has no words for: IPv6 and refused flows in version 5 */
	char error[128];         /* why; empty again once the collector takes messages */
};

struct tw_exporter;

/** @return an exporter without targets, or NULL (no memory) */
struct tw_exporter *tw_exporter_create(void);
/** Sends nothing more: flush before. Accepts NULL. */
void tw_exporter_destroy(struct tw_exporter *exporter);

/** Parse "ADDRESS:PORT" or "[V6]:PORT" (numeric only). @return 0 or -EINVAL */
int tw_exporter_parse_collector(const char *text, struct sockaddr_storage *addr, socklen_t *size);

/**
 * New targets and identities, as of the next tick. Targets that stay (same name, collector, format and transport) keep socket, source port and
 * sequence, unless the observation domain is another. mtu is kept within 512..9000, template_refresh_s 0 means 60.
 * @return 0; -EINVAL: domain 0, too many targets, a collector without address, identities not in order; -ENOMEM.
 *         After an error the former configuration stands.
 */
int tw_exporter_configure(struct tw_exporter *exporter, const struct tw_exporter_config *config);

/** Records that the metering process itself could not keep (table or ring full): reported in the statistics options. */
void tw_exporter_note_lost(struct tw_exporter *exporter, uint64_t packets, uint64_t l3_octets);

/** Add one record to every target's open message; full messages are sent. Borrows the record. */
void tw_exporter_add(struct tw_exporter *exporter, const struct tw_flow_record *record);

/** Time passes: template refresh, and messages that have waited are sent. Call at least every 100 ms. now_ms: Unix epoch. */
void tw_exporter_tick(struct tw_exporter *exporter, uint64_t now_ms);

/** Send what is open, now. */
void tw_exporter_flush(struct tw_exporter *exporter, uint64_t now_ms);

/** @return number of targets described in stats[] */
size_t tw_exporter_get_stats(struct tw_exporter *exporter, struct tw_exporter_stats stats[TW_EXPORTERS_MAX]);

#endif
