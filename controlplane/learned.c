/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learned.c - MACs that hosts' switches have learned; see learned.h. The controller's thread.
 *
 * Shape  a station is a MAC in a VLAN; a claim is a host's word that it is behind a port. Mostly a station has one. Whom we believe
 *        goes into a log of changes (common/mac_log.h), of which each host is told what it has not been told yet.
 */
#define TW_LOG_AREA "learned"
#include "controlplane/learned.h"

#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mac.h"
#include "common/mac_log.h"
#include "controlplane/controller.h"
#include "controlplane/learners.h"
#include "controlplane/mem.h"

enum { BUCKETS = 65536, FLAP_MOVES = 4, FLAP_WINDOW_MS = 10000, FROZEN_MS = 30000, SWEEP_MS = 1000 };

struct tw_claim {
	LIST_ENTRY(tw_claim) of_host;
	LIST_ENTRY(tw_claim) of_station;
	struct station *station;
	struct tw_host *host;
	uint32_t port;
	bool unsaid; /* the host has begun anew and not said it yet */
};

struct station {
	LIST_ENTRY(station) in_bucket;
	uint64_t mac;
	uint16_t vlan;
	uint8_t moves;
	bool frozen;
	uint64_t since_ms;           /* of the last move or freeze */
	struct tw_claim_list claims; /* the newest first; never empty */
	const struct tw_claim *believed;
	const struct tw_host *home; /* where it was before it began to move */
};

struct tw_learned {
	LIST_HEAD(, station) buckets[BUCKETS];
	struct tw_mac_log *log;
	struct tw_learners *learners; /* NULL: the model has changed */
	uint64_t origin, sweep_ms;
	uint32_t n_claims;
	uint64_t refused_told_ms;
};

struct tw_learned_page {
	const struct tw_host *host;
	const struct tw_learned *learned;
	const struct tw_port_vlans *vlans;
	bool anew; /* from the beginning: what is nowhere need not be said */
	Tw__MacChanges msg;
	Tw__MacPlace *list[TW_LEARNED_PAGE];
	Tw__MacPlace places[TW_LEARNED_PAGE];
	uint8_t octets[TW_LEARNED_PAGE][TW_MAC_LEN];
};

struct tw_learned *tw_learned_create(void)
{
	struct tw_learned *l = tw_need(calloc(1, sizeof(*l)));

	l->log = tw_need(tw_mac_log_create());
	if (getrandom(&l->origin, sizeof(l->origin), 0) != sizeof(l->origin))
		l->origin = tw_clock_real_ns();
	return l;
}

void tw_learned_destroy(struct tw_learned *l)
{
	if (!l)
		return;
	tw_learners_destroy(l->learners);
	tw_mac_log_destroy(l->log);
	free(l);
}

uint32_t tw_learned_count(const struct tw_learned *l)
{
	return tw_mac_log_count(l->log);
}

/* --- whom we believe --- */

static void note(struct tw_learned *l, const struct station *s, uint32_t port)
{
	if (!tw_mac_log_set(l->log, &(const struct tw_mac_place){ s->mac, s->vlan, port }))
		tw_need(NULL);
}

/* Another host is a change, though its port be the same: one that moves. */
static void believe(struct tw_learned *l, struct station *s, const struct tw_claim *claim)
{
	if (!claim || !s->believed || s->believed->host != claim->host)
		note(l, s, 0);
	s->believed = claim;
	if (claim)
		note(l, s, claim->port);
}

static struct tw_claim *claim_of(const struct station *s, const struct tw_host *host)
{
	struct tw_claim *claim;

	LIST_FOREACH (claim, &s->claims, of_station)
		if (claim->host == host)
			return claim;
	return NULL;
}

/* The newest claim is another host's than the one that was believed. */
static void consider_move(struct tw_learned *l, struct station *s, const struct tw_claim *claim)
{
	uint64_t now = tw_clock_mono_ms();

	if (s->frozen && now - s->since_ms < FROZEN_MS)
		return;
	if (s->frozen || now - s->since_ms >= FLAP_WINDOW_MS) {
		s->frozen = false;
		s->moves = 0;
		s->home = s->believed->host;
	}
	s->since_ms = now;
	s->frozen = ++s->moves >= FLAP_MOVES;
	if (s->frozen && claim_of(s, s->home))
		claim = claim_of(s, s->home);
	believe(l, s, claim);
}

/* Said anew: it is the newest. */
static void take_claim(struct tw_learned *l, struct tw_claim *claim)
{
	struct station *s = claim->station;

	LIST_REMOVE(claim, of_station);
	LIST_INSERT_HEAD(&s->claims, claim, of_station);
	if (!s->believed || s->believed->host == claim->host)
		believe(l, s, claim);
	else
		consider_move(l, s, claim);
}

static unsigned bucket_of(uint64_t mac, uint16_t vlan)
{
	return (unsigned)((mac << 12 | vlan) * UINT64_C(0x9e3779b97f4a7c15) >> 48);
}

static struct station *find(const struct tw_learned *l, uint64_t mac, uint16_t vlan)
{
	struct station *s;

	LIST_FOREACH (s, &l->buckets[bucket_of(mac, vlan)], in_bucket)
		if (s->mac == mac && s->vlan == vlan)
			return s;
	return NULL;
}

static struct station *add_station(struct tw_learned *l, uint64_t mac, uint16_t vlan)
{
	struct station *s = tw_need(calloc(1, sizeof(*s)));

	s->mac = mac;
	s->vlan = vlan;
	LIST_INIT(&s->claims);
	LIST_INSERT_HEAD(&l->buckets[bucket_of(mac, vlan)], s, in_bucket);
	return s;
}

static void end_claim(struct tw_learned *l, struct tw_claim *claim)
{
	struct station *s = claim->station;
	struct tw_learner *port = l->learners ? tw_learners_find(l->learners, claim->port) : NULL;

	if (port)
		port->count--;
	l->n_claims--;
	LIST_REMOVE(claim, of_host);
	LIST_REMOVE(claim, of_station);
	if (s->believed == claim)
		believe(l, s, LIST_FIRST(&s->claims));
	free(claim);
	if (LIST_EMPTY(&s->claims)) {
		LIST_REMOVE(s, in_bucket);
		free(s);
	}
}

static void end_all(struct tw_learned *l, struct tw_claims *claims, bool unsaid)
{
	struct tw_claim *claim, *next;

	for (claim = LIST_FIRST(&claims->list); claim; claim = next) {
		next = LIST_NEXT(claim, of_host);
		if (claim->unsaid || !unsaid)
			end_claim(l, claim);
	}
}

/* --- what the model allows --- */

static bool is_allowed(const struct tw_learned *l, const struct tw_learner *port, const char *host, uint64_t mac,
		       uint16_t vlan)
{
	return port && tw_learner_is_at(port, host) && tw_port_carries(port->vlan, vlan) &&
	       !tw_learners_own(l->learners, mac);
}

/* The model may have changed: what it no longer allows ends. */
static void follow_model(struct tw_controller *ctl)
{
	struct tw_learned *l = ctl->learned;
	struct tw_host *host;

	if (l->learners)
		return;
	l->learners = tw_learners_create(&ctl->model);
	LIST_FOREACH (host, &ctl->hosts, link) {
		struct tw_claim *claim, *next;

		for (claim = LIST_FIRST(&host->claims.list); claim; claim = next) {
			struct tw_learner *port = tw_learners_find(l->learners, claim->port);

			next = LIST_NEXT(claim, of_host);
			if (port)
				port->count++;
			if (!is_allowed(l, port, host->name, claim->station->mac, claim->station->vlan))
				end_claim(l, claim);
		}
	}
}

void tw_learned_update(struct tw_controller *ctl)
{
	tw_learners_destroy(ctl->learned->learners);
	ctl->learned->learners = NULL;
}

void tw_learned_end(struct tw_controller *ctl, struct tw_host *host)
{
	end_all(ctl->learned, &host->claims, false);
}

/* --- what a host says --- */

static void tell_refused(struct tw_learned *l, const struct tw_host *host, const char *why)
{
	if (l->refused_told_ms && tw_clock_mono_ms() - l->refused_told_ms < SWEEP_MS)
		return;
	l->refused_told_ms = tw_clock_mono_ms();
	tw_log_warning("host '%s' says it has learned a MAC that is not taken: %s", host->name, why);
}

/* @return NULL: it is not taken, and that was told */
static struct tw_claim *add_claim(struct tw_learned *l, struct tw_host *host, uint64_t mac, uint16_t vlan,
				  uint32_t number)
{
	struct tw_learner *port = tw_learners_find(l->learners, number);
	struct station *s = find(l, mac, vlan);
	struct tw_claim *claim;

	if (!is_allowed(l, port, host->name, mac, vlan)) {
		tell_refused(l, host, "no port of the host's learns it");
		return NULL;
	}
	/* While it moves both its hosts may have all of them. */
	if (port->count >= port->limit * (port->hosts[1] ? 2 : 1) || l->n_claims >= TW_LEARNED_MAX) {
		tell_refused(l, host, l->n_claims >= TW_LEARNED_MAX ? "there are too many" : "its port has no room");
		return NULL;
	}
	port->count++;
	l->n_claims++;
	claim = tw_need(calloc(1, sizeof(*claim)));
	claim->host = host;
	claim->port = number;
	claim->station = s ? s : add_station(l, mac, vlan);
	LIST_INSERT_HEAD(&host->claims.list, claim, of_host);
	LIST_INSERT_HEAD(&claim->station->claims, claim, of_station);
	return claim;
}

static void take_place(struct tw_learned *l, struct tw_host *host, const Tw__MacPlace *place)
{
	uint64_t mac = tw_mac_word(place->mac.data);
	uint16_t vlan = (uint16_t)place->vlan;
	const struct station *s = find(l, mac, vlan);
	struct tw_claim *claim = s ? claim_of(s, host) : NULL;

	if (claim && claim->port == place->port && claim->unsaid) {
		claim->unsaid = false; /* nothing new */
		return;
	}
	if (claim && claim->port != place->port) {
		end_claim(l, claim);
		claim = NULL;
	}
	if (!claim && place->port)
		claim = add_claim(l, host, mac, vlan, place->port);
	if (claim)
		take_claim(l, claim);
}

static void take(struct tw_learned *l, struct tw_host *host, const Tw__MacChanges *said)
{
	struct tw_claims *c = &host->claims;
	struct tw_claim *claim;

	if (said->since == 0) {
		LIST_FOREACH (claim, &c->list, of_host)
			claim->unsaid = true;
		c->origin = said->origin;
		c->begun = true;
	} else if (said->origin != c->origin || said->since != c->known) {
		return; /* the answer says what we have */
	}
	for (size_t i = 0; i < said->n_macs; i++)
		take_place(l, host, said->macs[i]);
	c->known = said->next;
	if (c->begun && !said->more) {
		end_all(l, c, true);
		c->begun = false;
	}
}

/* --- what it is told --- */

static bool add(void *arg, const struct tw_mac_place *place)
{
	struct tw_learned_page *p = arg;
	const struct station *s = find(p->learned, place->mac, place->vlan);
	uint32_t number = s && s->believed->host != p->host ? place->port : 0;
	Tw__MacPlace *out = &p->places[p->msg.n_macs];

	if ((p->anew && number == 0) || !tw_port_vlans_has(p->vlans, place->vlan))
		return true;
	if (p->msg.n_macs == TW_LEARNED_PAGE)
		return false;
	tw__mac_place__init(out);
	tw_mac_of_word(place->mac, p->octets[p->msg.n_macs]);
	out->mac.data = p->octets[p->msg.n_macs];
	out->mac.len = TW_MAC_LEN;
	out->vlan = place->vlan;
	out->port = number;
	p->list[p->msg.n_macs++] = out;
	return true;
}

/* Of a host whose VLANs are others the numbers are too: it is told all anew. */
static uint64_t origin_for(const struct tw_learned *l, struct tw_host *host, const struct tw_port_vlans *vlans)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof(vlans->bits) / sizeof(vlans->bits[0]); i++)
		hash = (hash ^ vlans->bits[i]) * UINT64_C(0x100000001b3);
	if (hash != host->claims.vlans)
		host->claims.told_from++;
	host->claims.vlans = hash;
	return l->origin + host->claims.told_from;
}

static struct tw_learned_page *tell(struct tw_controller *ctl, struct tw_host *host, const Tw__SwitchStatus *status)
{
	const struct tw_learned *l = ctl->learned;
	const struct tw_port_vlans *vlans = tw_learners_vlans(l->learners, host->name);
	struct tw_learned_page *p;
	bool early = tw_clock_mono_ms() - ctl->started_ms < TW_LEARNED_START_MS;
	uint64_t origin, known;

	if (!vlans)
		return NULL;
	origin = origin_for(l, host, vlans);
	known = status->remote_origin == origin && tw_mac_log_knows(l->log, status->remote_known) ? status->remote_known
												  : 0;
	if (status->remote_origin == origin && known == tw_mac_log_last(l->log) && (early || !status->remote_begun))
		return NULL;
	if (known == 0 && tw_mac_log_count(l->log) == 0 && status->remote_macs == 0)
		return NULL; /* as it is while nobody learns */
	p = tw_need(malloc(sizeof(*p)));
	p->host = host;
	p->learned = l;
	p->vlans = vlans;
	p->anew = known == 0;
	tw__mac_changes__init(&p->msg);
	p->msg.origin = origin;
	p->msg.since = known;
	p->msg.macs = p->list;
	p->msg.next = tw_mac_log_since(l->log, known, add, p);
	p->msg.more = early || p->msg.next != tw_mac_log_last(l->log);
	return p;
}

/* Hosts that have been silent for long. */
static void sweep(struct tw_controller *ctl)
{
	struct tw_learned *l = ctl->learned;
	uint64_t now = tw_clock_mono_ms();
	struct tw_host *host;

	if (now < l->sweep_ms)
		return;
	l->sweep_ms = now + SWEEP_MS;
	LIST_FOREACH (host, &ctl->hosts, link)
		if (now - host->heard_mono_ms >= TW_LEARNED_SILENT_MS && !LIST_EMPTY(&host->claims.list)) {
			tw_log_info("what host '%s' has learned is forgotten: it is silent", host->name);
			end_all(l, &host->claims, false);
			host->claims.origin = 0;
		}
}

struct tw_learned_page *tw_learned_report(struct tw_controller *ctl, struct tw_host *host, const Tw__Report *report,
					  Tw__Ack *ack)
{
	struct tw_learned_page *page = NULL;

	follow_model(ctl);
	sweep(ctl);
	if (report->learned)
		take(ctl->learned, host, report->learned);
	if (report->status)
		page = tell(ctl, host, report->status);
	ack->learned_origin = host->claims.origin;
	ack->learned_known = host->claims.known;
	ack->remote = page ? &page->msg : NULL;
	return page;
}
