/* SPDX-License-Identifier: Apache-2.0 */
/*
 * talk.h - flows of all hosts as conversations: both directions together, each counted once.
 *
 * A flow goes one way and is metered where it enters the switch, so that the two ways of a conversation are usually known to two
 * hosts. Where two hosts have the same way (a station behind a port that learns, seen from the wire elsewhere), the one whose
 * port it enters by counts; of strangers' frames that reach several hosts, the host that got most.
 * Rates     Two answers, one after the other, tell what was sent meanwhile. A flow's counts begin anew with each record that is
 *           exported: then what it has now is taken over the time since it began anew.
 * Threads   one. Pure: no terminal, no clock.
 */
#ifndef TW_TWCTL_TALK_H
#define TW_TWCTL_TALK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/envelope.pb-c.h"

/* What makes two flows one conversation. Compared as octets: no padding, unused octets zero. */
struct tw_talk_key {
	uint8_t address[2][16]; /* IP, or MAC where there is none; the lesser end first */
	uint16_t port[2];       /* 0 where the protocol has none */
	uint16_t vlan, ethertype;
	uint8_t protocol, ip_len; /* 4, 16; 0: no IP */
	uint8_t zero[2];
};

struct tw_talk_end {
	const char *name; /* of the port; NULL = none of ours, or many */
	uint8_t mac[6];
	uint16_t dst_port;        /* as its frames have it: of ICMP type and code */
	uint64_t packets, octets; /* it sent, since they were last exported; octets of layer 3 */
	uint64_t first_ms, last_ms;
	double packets_s, octets_s; /* of tw_talks_compare() */
	uint64_t total;             /* octets since the first answer in a row of those that were compared */
};

struct tw_talk {
	struct tw_talk_key key;
	struct tw_talk_end end[2];
	unsigned first; /* index of the end that began */
	uint64_t dropped;
	const char *drop_reason; /* NULL = nothing was */
	const char *host[2];     /* that counts what each end sends; NULL = none */
	uint32_t sample;         /* only one packet in so many is counted (the greater of both ways); 1 = each */
};

struct tw_talks {
	size_t n;
	struct tw_talk *talk; /* by key, until tw_talks_sort() */
	uint64_t flows;       /* alive that fit, at all hosts */
	bool cut;             /* there are flows that are not among these */
	bool sampled;         /* not each packet of each is counted */
	/* owned: names point into these */
	Tw__Envelope *reply;
	json_t *ports;
};

enum tw_talk_order { TW_TALK_OCTETS, TW_TALK_PACKETS, TW_TALK_NEW, TW_TALK_RATE, TW_TALK_PACKET_RATE };

/**
 * @param reply  with a FlowList; taken over
 * @param ports  tw_ports_by_number(); a reference is kept
 */
struct tw_talks *tw_talks_create(Tw__Envelope *reply, json_t *ports);
void tw_talks_destroy(struct tw_talks *talks); /* accepts NULL */

/** Fill in rates and totals. Both by key: not sorted yet. @param ms between the two answers */
void tw_talks_compare(struct tw_talks *now, const struct tw_talks *before, uint64_t ms, uint64_t now_unix_ms);

/** The greatest, or newest, first. */
void tw_talks_sort(struct tw_talks *talks, enum tw_talk_order order);

/** The talk as a flat object, seen from the end that began: from, to, src_ip, packets, packets_back, ... New reference. */
json_t *tw_talk_json(const struct tw_talk *talk, bool rates);

/** "10.0.0.1:80", "[fd00::1]:80", "10.0.0.1", "02:..." @param text at least TW_TALK_ADDRESS */
enum { TW_TALK_ADDRESS = 64 };
const char *tw_talk_address(const struct tw_talk *talk, unsigned end, char *text);
/** "tcp", "icmp 8/0", "proto 253", "arp", "0x88b5" */
enum { TW_TALK_PROTOCOL = 24 };
const char *tw_talk_protocol(const struct tw_talk *talk, char *text);
/** "999", "1.2k", "34.5M": powers of 1000. @param text at least TW_SCALED */
enum { TW_SCALED = 24 };
const char *tw_scaled(double n, char *text);
/** The number of a protocol, or of an ethertype, by its name. @return false: no such name */
bool tw_protocol_parse(const char *name, uint32_t *protocol, uint32_t *ethertype);

#endif
