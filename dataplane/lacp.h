/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lacp.h - link aggregation: which uplinks the partner and we have agreed to use as one.
 *
 * One aggregator over a host's uplinks. The machines of the standard, each a few lines: receive (what the partner says, and
 * when it falls silent), selection (those uplinks that lead to one partner), mux (attach, collect, distribute, each when the
 * partner is as far), periodic and transmit. An uplink without a partner is not used: nothing says that the other end would
 * not send every broadcast by each link.
 *
 * Threads  one (main). Pure: time is the caller's, in milliseconds from any beginning but 0; PDUs go out by a function of his.
 * Spec     IEEE 802.1AX-2020 clause 6.4: receive machine (6.4.12), periodic (6.4.13), selection (6.4.14), mux with independent
 *          control (6.4.15), transmit (6.4.16).
 */
#ifndef TW_DATAPLANE_LACP_H
#define TW_DATAPLANE_LACP_H

#include "dataplane/lacpdu.h"

enum {
	TW_LACP_PORTS = 8,
	TW_LACP_FAST_MS = 1000, /* between PDUs, as the receiver asks; three of them missed end it */
	TW_LACP_SLOW_MS = 30000,
	TW_LACP_WAIT_MS = 2000, /* before an uplink joins: more may come with it */
	TW_LACP_TX_MAX = 3,     /* PDUs in TW_LACP_FAST_MS */
};

enum tw_lacp_rx { TW_LACP_RX_DISABLED, TW_LACP_RX_EXPIRED, TW_LACP_RX_DEFAULTED, TW_LACP_RX_CURRENT };
enum tw_lacp_mux {
	TW_LACP_MUX_DETACHED,
	TW_LACP_MUX_WAITING,
	TW_LACP_MUX_ATTACHED,
	TW_LACP_MUX_COLLECTING,
	TW_LACP_MUX_DISTRIBUTING
};

struct tw_lacp_port {
	uint8_t rx;  /* enum tw_lacp_rx */
	uint8_t mux; /* enum tw_lacp_mux */
	bool selected;
	bool ntt; /* need to transmit */
	struct tw_lacp_end actor, partner;
	uint64_t current_until, periodic_at, wait_until;
	uint64_t window_began;
	unsigned sent_in_window;
	uint64_t received, sent, bad, markers; /* PDUs; bad: neither LACPDU nor marker */
};

struct tw_lacp {
	struct tw_lacp_end partner; /* of the uplinks selected: system and key count */
	bool has_partner;
	struct tw_lacp_port port[TW_LACP_PORTS];
};

typedef void (*tw_lacp_send)(void *arg, unsigned port, const struct tw_lacpdu *pdu);

/** Begin: every port disabled. @param system a MAC that is this host's alone */
void tw_lacp_init(struct tw_lacp *lacp, const uint8_t system[6], bool fast);
void tw_lacp_set_rate(struct tw_lacp *lacp, bool fast);

/** The link of an uplink came up (and it is to be aggregated) or went down. No change, no effect. */
void tw_lacp_enable(struct tw_lacp *lacp, unsigned port, bool enabled, uint64_t now_ms);

/** A PDU came in by an enabled port. */
void tw_lacp_receive(struct tw_lacp *lacp, unsigned port, const struct tw_lacpdu *pdu, uint64_t now_ms);

/** Let the machines run: some times a second, and after each tw_lacp_receive(). */
void tw_lacp_run(struct tw_lacp *lacp, uint64_t now_ms, tw_lacp_send send, void *arg);

static inline bool tw_lacp_collects(const struct tw_lacp *lacp, unsigned port)
{
	return lacp->port[port].mux >= TW_LACP_MUX_COLLECTING;
}

static inline bool tw_lacp_distributes(const struct tw_lacp *lacp, unsigned port)
{
	return lacp->port[port].mux == TW_LACP_MUX_DISTRIBUTING;
}

#endif
