/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - builds one export message at a time, never longer than its limit: IPFIX, NetFlow version 9 or version 5.
 *
 *   begin ── reserve … reserve ── finish ── (send) ── begin …
 *
 * IPFIX and version 9: a header and sets; a set is a header and records of one template, filled up with zeros to a multiple
 * of four octets (never as many as a record, so that no reader takes the filling for one). Version 5: a header and at most
 * 30 records of 48 octets. Sequence and times are known only when the message leaves and are given to finish.
 *
 * Clock    versions 5 and 9 tell times in milliseconds since the exporter's boot. A reader works out the boot from each
 *          header, so the headers' seconds are rounded up and their uptime is made to fit: it finds the same boot every time,
 *          and no flow ends after its message.
 * Threads  the owner of the message.
 * Spec     RFC 7011 sections 3.1, 3.3; RFC 3954 section 5; Cisco, "NetFlow Export Datagram Format" (version 5).
 */
#ifndef TW_FLOWEXPORT_MESSAGE_H
#define TW_FLOWEXPORT_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tw_flow_format { TW_FORMAT_IPFIX, TW_FORMAT_V9, TW_FORMAT_V5, TW_FLOW_FORMATS };

enum {
	TW_MESSAGE_SET_HEADER = 4,
	TW_MESSAGE_MAX = 9000, /* the largest exporter MTU, headers and all */
	TW_MESSAGE_MIN =
		464, /* of IPv6 packets of 512 octets; the longest template and the longest record without names fit */
	TW_V5_RECORD = 48,
};

struct tw_message {
	enum tw_flow_format format;
	size_t size;        /* octets so far, header included */
	size_t limit;       /* a multiple of 4 */
	size_t set_start;   /* offset of the open set's header; 0 = no set is open */
	uint32_t n_data;    /* data records, those of options included */
	uint32_t n_records; /* all records, those of templates included */
	uint8_t octets[TW_MESSAGE_MAX];
};

/* What a header says of its moment and its sender. */
struct tw_message_stamp {
	uint64_t now_ms;   /* Unix epoch */
	uint64_t boot_ms;  /* the same; uptimes of versions 5 and 9 count from here */
	uint32_t sequence; /* tw_message_step() says what it counts */
	uint32_t domain;   /* observation domain; source id; its low 16 bits are version 5's engine type and id */
	uint16_t sampling; /* version 5: sampling.h */
};

/** A moment as versions 5 and 9 tell it, in milliseconds since the boot; one before that (the clock was set) is the boot. */
static inline uint32_t tw_message_uptime(uint64_t ms, uint64_t boot_ms)
{
	return ms > boot_ms ? (uint32_t)(ms - boot_ms) : 0;
}

/** Octets of a format's header. */
size_t tw_message_header_size(enum tw_flow_format format);

/** Empty the message. limit: octets it may have (without IP and UDP headers), TW_MESSAGE_MIN..TW_MESSAGE_MAX. */
void tw_message_begin(struct tw_message *message, enum tw_flow_format format, size_t limit);

static inline bool tw_message_is_empty(const struct tw_message *message)
{
	return message->n_records == 0;
}

/**
 * Room for one record of a set; opens the set if it is not the open one, or if alone is true. Version 5 has no sets: set_id
 * and alone do not matter, size is TW_V5_RECORD.
 * @param alone the record gets a set of its own (some readers expect that of options)
 * @return where to write size octets, or NULL if the message is too full: send it and begin anew
 */
uint8_t *tw_message_reserve(struct tw_message *message, uint16_t set_id, size_t size, bool alone);

/** Close the message and fill in its header. @return its size in octets */
size_t tw_message_finish(struct tw_message *message, const struct tw_message_stamp *stamp);

/** How far the sequence is after this message: IPFIX counts data records, version 9 messages, version 5 flows. */
uint32_t tw_message_step(const struct tw_message *message);

#endif
