/* SPDX-License-Identifier: Apache-2.0 */
/* shares.c - what part of the spool each host has; see shares.h. Its owner's thread; owns the counts. */
#include "controlplane/central/shares.h"

#include <sys/queue.h>

#include "controlplane/mem.h"

/* What one host has in one segment. */
struct part {
	STAILQ_ENTRY(part) link;
	uint64_t segment, octets;
	unsigned host;
};

struct host {
	uint64_t octets;
	struct part *last; /* its newest part; NULL = it has none */
};

struct tw_shares {
	uint64_t limit, octets;
	unsigned n, room;
	struct host *hosts;        /* by number */
	STAILQ_HEAD(, part) parts; /* oldest segment first */
};

struct tw_shares *tw_shares_create(uint64_t limit)
{
	struct tw_shares *shares = tw_need(calloc(1, sizeof(*shares)));

	shares->limit = limit;
	STAILQ_INIT(&shares->parts);
	tw_shares_join(shares); /* number 0 */
	return shares;
}

static void drop_first(struct tw_shares *shares)
{
	struct part *part = STAILQ_FIRST(&shares->parts);
	struct host *host = &shares->hosts[part->host];

	STAILQ_REMOVE_HEAD(&shares->parts, link);
	shares->octets -= part->octets;
	host->octets -= part->octets;
	if (host->last == part)
		host->last = NULL;
	free(part);
}

void tw_shares_destroy(struct tw_shares *shares)
{
	if (!shares)
		return;
	while (!STAILQ_EMPTY(&shares->parts))
		drop_first(shares);
	free(shares->hosts);
	free(shares);
}

unsigned tw_shares_join(struct tw_shares *shares)
{
	if (shares->n == shares->room) {
		shares->room = shares->room ? 2 * shares->room : 16;
		shares->hosts = tw_need(reallocarray(shares->hosts, shares->room, sizeof(*shares->hosts)));
	}
	shares->hosts[shares->n] = (struct host){ 0 };
	return shares->n++;
}

void tw_shares_add(struct tw_shares *shares, unsigned number, uint64_t segment, uint64_t octets)
{
	struct host *host = &shares->hosts[number];

	if (!host->last || host->last->segment != segment) {
		host->last = tw_need(calloc(1, sizeof(*host->last)));
		host->last->segment = segment;
		host->last->host = number;
		STAILQ_INSERT_TAIL(&shares->parts, host->last, link);
	}
	host->last->octets += octets;
	host->octets += octets;
	shares->octets += octets;
}

void tw_shares_release(struct tw_shares *shares, uint64_t segment)
{
	while (!STAILQ_EMPTY(&shares->parts) && STAILQ_FIRST(&shares->parts)->segment < segment)
		drop_first(shares);
}

uint64_t tw_shares_free(const struct tw_shares *shares)
{
	return shares->limit > shares->octets ? shares->limit - shares->octets : 0;
}

bool tw_shares_allow(const struct tw_shares *shares, unsigned host, uint64_t octets)
{
	return shares->hosts[host].octets + octets <= tw_shares_free(shares);
}

uint64_t tw_shares_of(const struct tw_shares *shares, unsigned host)
{
	return shares->hosts[host].octets;
}

bool tw_shares_is_modest(const struct tw_shares *shares, unsigned host)
{
	uint64_t present = 1; /* the free part */

	for (unsigned i = 1; i < shares->n; i++)
		present += shares->hosts[i].octets != 0;
	return shares->hosts[host].octets <= shares->limit / present;
}
