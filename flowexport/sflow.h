/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sflow.h - builds one sFlow datagram at a time, never longer than its limit: samples of packets, counters of interfaces, and
 *           the virtual machines that interfaces belong to.
 *
 *   begin ── add … add ── finish ── (send) ── begin …
 *
 * Form     the expanded one throughout: uplinks have numbers above 2^24, and an agent must not mix the forms.
 * Unknown  a counter that is not kept is all ones, a number or text that is not known 0 or empty.
 * Threads  the owner of the datagram. Pure but for it.
 * Spec     sFlow version 5 (July 2004) with errata; sFlow Host Structures (July 2010) with errata; sFlow OpenFlow Structures
 *          (port_name).
 */
#ifndef TW_FLOWEXPORT_SFLOW_H
#define TW_FLOWEXPORT_SFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	TW_SFLOW_DATAGRAM_MAX = 9000,
	TW_SFLOW_DATAGRAM_MIN = 464, /* the longest sample of each kind fits behind the header */
	TW_SFLOW_HEADER_MAX = 256,   /* octets of a sampled packet */
	TW_SFLOW_NAME_SIZE = 128,
	TW_SFLOW_ADAPTERS_MAX = 8, /* of a machine; further ones are not listed */
	TW_SFLOW_FCS = 4,          /* octets that a frame had on the wire, and has here no more */
};

/* Where a sampled packet goes, as far as is known when it is sampled. */
enum tw_sflow_output {
	TW_SFLOW_TO_ONE = 0,    /* value: the interface's number; 0 = not known, TW_SFLOW_TO_SELF: the switch itself */
	TW_SFLOW_DISCARDED = 1, /* value: enum tw_sflow_reason, or a code of ICMP Destination Unreachable */
	TW_SFLOW_TO_MANY = 2,   /* value: how many; 0 = not known */
};
#define TW_SFLOW_TO_SELF UINT32_MAX

enum tw_sflow_reason {
	TW_SFLOW_HOST_UNREACHABLE = 1,
	TW_SFLOW_HOST_UNKNOWN = 7,
	TW_SFLOW_PROHIBITED = 13,
	TW_SFLOW_UNKNOWN = 256,
	TW_SFLOW_ACL = 258,
	TW_SFLOW_NO_BUFFER = 259,
	TW_SFLOW_RATE = 261,
	TW_SFLOW_TOO_BIG = 262,
};

/* A sampled packet. Its data source is the interface that it came in by. */
struct tw_sflow_packet {
	uint32_t sequence; /* of the source's samples */
	uint32_t number;   /* of the interface (ifIndex) */
	uint32_t rate;     /* one in so many */
	uint32_t pool;     /* packets that could have been sampled there, modulo 2^32 */
	uint32_t drops;    /* samples that were given up */
	uint32_t output;   /* enum tw_sflow_output */
	uint32_t value;
	uint32_t length; /* octets, without FCS */
	uint16_t vlan;   /* 0 = none */
	uint8_t priority_in, priority_out;
	uint16_t header_size; /* at most TW_SFLOW_HEADER_MAX */
	const uint8_t *header;
};

/* A port's or uplink's counters, since it is there. In = into the switch. */
struct tw_sflow_interface {
	uint32_t sequence; /* of the source's counters */
	uint32_t number;
	bool enabled, up, promiscuous;
	uint64_t in_octets, out_octets;
	uint64_t in_packets, out_packets;
	uint64_t in_discards, in_errors, out_discards;
	char name[TW_SFLOW_NAME_SIZE];
};

/* A virtual machine, and what its interfaces here carry together. In = into the machine. */
struct tw_sflow_machine {
	uint32_t sequence;
	uint32_t number; /* lowest of its interfaces' */
	char name[64];
	uint8_t uuid[16]; /* zero = not known */
	size_t n_adapters;
	struct tw_sflow_adapter {
		uint32_t number;
		uint8_t mac[6];
	} adapters[TW_SFLOW_ADAPTERS_MAX];
	uint64_t in_octets, out_octets;
	uint64_t in_packets, out_packets;
	uint64_t in_drops, out_drops;
};

struct tw_sflow_datagram {
	size_t size, limit;
	size_t rest; /* offset of what only finish() knows */
	uint32_t n_samples;
	uint8_t octets[TW_SFLOW_DATAGRAM_MAX];
};

/**
 * Empty the datagram.
 * @param limit     octets it may have (without IP and UDP headers), TW_SFLOW_DATAGRAM_MIN..TW_SFLOW_DATAGRAM_MAX
 * @param agent     IPv4 or IPv6 address of the agent; of another family: not known
 * @param sub_agent which of the agents of this address
 */
void tw_sflow_begin(struct tw_sflow_datagram *datagram, size_t limit, const struct sockaddr_storage *agent,
		    uint32_t sub_agent);

/* Each: @return false if the datagram is too full (nothing is written): send it and begin anew. */
bool tw_sflow_add_packet(struct tw_sflow_datagram *datagram, const struct tw_sflow_packet *packet);
bool tw_sflow_add_interface(struct tw_sflow_datagram *datagram, const struct tw_sflow_interface *interface);
bool tw_sflow_add_machine(struct tw_sflow_datagram *datagram, const struct tw_sflow_machine *machine);

/** Fill in the header. @param uptime_ms since the agent began @return its size in octets */
size_t tw_sflow_finish(struct tw_sflow_datagram *datagram, uint32_t sequence, uint64_t uptime_ms);

#endif
