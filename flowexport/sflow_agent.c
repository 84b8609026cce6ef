/* SPDX-License-Identifier: Apache-2.0 */
/* sflow_agent.c - samples to an sFlow exporter's collectors; see sflow_agent.h. */
#include "flowexport/sflow_agent.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "flowexport/choice.h"
#include "flowexport/session.h"

enum { SOURCES_STEP = 64, REPORTS_MAX = 4096 /* beyond it the thread has not come by for long */ };

/* An interface or a machine; sorted by key. */
struct source {
	uint64_t key;
	uint32_t packets, counters; /* sequences */
	uint32_t pool;
};

/* What main has reported, and the thread has not taken. */
struct reports {
	size_t n_interfaces, n_machines;
	struct tw_sflow_interface *interfaces;
	struct tw_sflow_machine *machines;
};

struct tw_sflow_agent {
	/* --- set when made --- */
	struct tw_exporter_target config; /* the first collector's, but for its address */
	size_t n;
	struct sockaddr_storage collectors[TW_COLLECTORS_MAX];
	struct tw_session *sessions[TW_COLLECTORS_MAX];
	uint64_t began_ms;
	/* --- the thread's --- */
	uint64_t now_ms;
	struct sockaddr_storage address;
	struct tw_choice choice;
	struct tw_sflow_datagram datagram;
	uint32_t sequence;
	uint64_t drops;
	struct source *sources;
	size_t n_sources;
	/* --- under lock --- */
	pthread_mutex_t lock;
	struct reports reports;
	struct tw_exporter_stats stats[TW_COLLECTORS_MAX];
};

/* --- sources --- */

enum { INTERFACE = 0, MACHINE = 1 };

static uint64_t key_of(unsigned kind, uint32_t number)
{
	return (uint64_t)kind << 32 | number;
}

/* @return where key is, or belongs */
static size_t place_of(const struct tw_sflow_agent *agent, uint64_t key)
{
	size_t low = 0, high = agent->n_sources;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (agent->sources[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* @return NULL: no memory */
static struct source *source_of(struct tw_sflow_agent *agent, uint64_t key)
{
	size_t at = place_of(agent, key);
	struct source *grown;

	if (at < agent->n_sources && agent->sources[at].key == key)
		return &agent->sources[at];
	if (agent->n_sources % SOURCES_STEP == 0) {
		grown = reallocarray(agent->sources, agent->n_sources + SOURCES_STEP, sizeof(*grown));
		if (!grown)
			return NULL;
		agent->sources = grown;
	}
	memmove(&agent->sources[at + 1], &agent->sources[at], (agent->n_sources++ - at) * sizeof(agent->sources[0]));
	agent->sources[at] = (struct source){ .key = key };
	return &agent->sources[at];
}

/* --- datagrams --- */

static void begin(struct tw_sflow_agent *agent)
{
	size_t limit = TW_SFLOW_DATAGRAM_MAX;

	for (size_t i = 0; i < agent->n; i++) {
		size_t one = tw_session_limit(agent->sessions[i], agent->config.mtu);

		limit = one < limit ? one : limit;
	}
	tw_sflow_begin(&agent->datagram, limit, &agent->address, agent->config.domain);
}

static void send_open(struct tw_sflow_agent *agent)
{
	const struct tw_flow_tally tally = { .flows = agent->datagram.n_samples };
	size_t size, first = agent->config.failover ? agent->choice.active : 0,
		     end = agent->config.failover ? first + 1 : agent->n;

	if (!agent->datagram.n_samples)
		return;
	size = tw_sflow_finish(&agent->datagram, ++agent->sequence, agent->now_ms - agent->began_ms);
	for (size_t i = first; i < end; i++)
		tw_session_send(agent->sessions[i], agent->datagram.octets, size, &tally);
	begin(agent);
}

/* Samples of two workers may come in another order than they were drawn; a pool that falls would be taken for one that has
 * gone all round. */
static uint32_t later(uint32_t a, uint32_t b)
{
	return (int32_t)(b - a) > 0 ? b : a;
}

void tw_sflow_sampled(struct tw_sflow_agent *agent, struct tw_sflow_packet *packet)
{
	struct source *source = source_of(agent, key_of(INTERFACE, packet->number));

	if (!source) {
		agent->drops++;
		return;
	}
	source->pool = packet->pool = source->packets ? later(source->pool, packet->pool) : packet->pool;
	packet->sequence = ++source->packets;
	packet->drops = (uint32_t)agent->drops;
	if (tw_sflow_add_packet(&agent->datagram, packet))
		return;
	send_open(agent);
	tw_sflow_add_packet(&agent->datagram, packet);
}

void tw_sflow_note_drops(struct tw_sflow_agent *agent, uint64_t n)
{
	agent->drops += n;
}

static void add_interface(struct tw_sflow_agent *agent, struct tw_sflow_interface *interface)
{
	struct source *source = source_of(agent, key_of(INTERFACE, interface->number));

	if (!source)
		return;
	interface->sequence = ++source->counters;
	if (tw_sflow_add_interface(&agent->datagram, interface))
		return;
	send_open(agent);
	tw_sflow_add_interface(&agent->datagram, interface);
}

static void add_machine(struct tw_sflow_agent *agent, struct tw_sflow_machine *machine)
{
	struct source *source = source_of(agent, key_of(MACHINE, machine->number));

	if (!source)
		return;
	machine->sequence = ++source->counters;
	if (tw_sflow_add_machine(&agent->datagram, machine))
		return;
	send_open(agent);
	tw_sflow_add_machine(&agent->datagram, machine);
}

/* --- reports --- */

static bool grow(void **list, size_t n, size_t size)
{
	void *grown = n < REPORTS_MAX ? reallocarray(*list, n + 1, size) : NULL;

	if (grown)
		*list = grown;
	return grown != NULL;
}

void tw_sflow_report_interface(struct tw_sflow_agent *agent, const struct tw_sflow_interface *interface)
{
	struct reports *r = &agent->reports;

	pthread_mutex_lock(&agent->lock);
	if (grow((void **)&r->interfaces, r->n_interfaces, sizeof(*interface)))
		r->interfaces[r->n_interfaces++] = *interface;
	pthread_mutex_unlock(&agent->lock);
}

void tw_sflow_report_machine(struct tw_sflow_agent *agent, const struct tw_sflow_machine *machine)
{
	struct reports *r = &agent->reports;

	pthread_mutex_lock(&agent->lock);
	if (grow((void **)&r->machines, r->n_machines, sizeof(*machine)))
		r->machines[r->n_machines++] = *machine;
	pthread_mutex_unlock(&agent->lock);
}

static void take_reports(struct tw_sflow_agent *agent)
{
	struct reports r;

	pthread_mutex_lock(&agent->lock);
	r = agent->reports;
	agent->reports = (struct reports){ 0 };
	pthread_mutex_unlock(&agent->lock);
	for (size_t i = 0; i < r.n_interfaces; i++)
		add_interface(agent, &r.interfaces[i]);
	for (size_t i = 0; i < r.n_machines; i++)
		add_machine(agent, &r.machines[i]);
	free(r.interfaces);
	free(r.machines);
}

/* --- collectors --- */

/* The address of the host that datagrams come from; stays once it is known. */
static void find_address(struct tw_sflow_agent *agent)
{
	char text[TW_ENDPOINT_TEXT];
	socklen_t size;

	for (size_t i = 0; i < agent->n && agent->address.ss_family == AF_UNSPEC; i++)
		if (tw_session_is_open(agent->sessions[i]) &&
		    tw_exporter_parse_collector(tw_session_source(agent->sessions[i], text), &agent->address, &size))
			agent->address.ss_family = AF_UNSPEC;
}

static enum tw_collector_state state_of(const struct tw_sflow_agent *agent, size_t i)
{
	if (*tw_session_error(agent->sessions[i]))
		return TW_COLLECTOR_FAILED;
	if (tw_session_is_opening(agent->sessions[i]))
		return TW_COLLECTOR_CONNECTING;
	return agent->config.failover && i != agent->choice.active ? TW_COLLECTOR_STANDBY : TW_COLLECTOR_ACTIVE;
}

static void describe(const struct tw_sflow_agent *agent, size_t i, struct tw_exporter_stats *stats)
{
	const struct tw_session_counts *counts = tw_session_counts(agent->sessions[i]);

	*stats = (struct tw_exporter_stats){
		.state = state_of(agent, i),
		.changes = agent->choice.changes,
		.records = counts->sent.flows,
		.messages = counts->sent.messages,
		.octets = counts->sent.octets,
		.lost_records = counts->not_sent.flows + agent->drops,
		.domain = agent->config.domain,
	};
	memcpy(stats->name, agent->config.name, sizeof(stats->name));
	tw_exporter_format_collector(&agent->collectors[i], stats->collector);
	tw_session_source(agent->sessions[i], stats->source);
	strncpy(stats->error, tw_session_error(agent->sessions[i]), sizeof(stats->error) - 1);
}

static void publish_stats(struct tw_sflow_agent *agent)
{
	pthread_mutex_lock(&agent->lock);
	for (size_t i = 0; i < agent->n; i++)
		describe(agent, i, &agent->stats[i]);
	pthread_mutex_unlock(&agent->lock);
}

/* @return a way to a collector has been found that was not there */
static bool tick_sessions(struct tw_sflow_agent *agent)
{
	uint32_t usable = 0;
	bool began = false;

	for (size_t i = 0; i < agent->n; i++) {
		began |= tw_session_tick(agent->sessions[i], agent->now_ms);
		tw_session_has_recovered(agent->sessions[i]);
		usable |= tw_session_is_usable(agent->sessions[i]) ? 1u << i : 0;
	}
	if (agent->config.failover)
		tw_choice_update(&agent->choice, usable, agent->n, agent->now_ms);
	return began;
}

void tw_sflow_tick(struct tw_sflow_agent *agent, uint64_t now_ms)
{
	agent->now_ms = now_ms;
	take_reports(agent);
	send_open(agent);
	if (tick_sessions(agent)) {
		find_address(agent);
		begin(agent);
	}
	publish_stats(agent);
}

size_t tw_sflow_get_stats(struct tw_sflow_agent *agent, struct tw_exporter_stats stats[static TW_COLLECTORS_MAX])
{
	pthread_mutex_lock(&agent->lock);
	memcpy(stats, agent->stats, agent->n * sizeof(*stats));
	pthread_mutex_unlock(&agent->lock);
	return agent->n;
}

/* --- life --- */

struct tw_sflow_agent *tw_sflow_create(const struct tw_exporter_target *targets, size_t n, uint64_t now_ms)
{
	struct tw_sflow_agent *agent = calloc(1, sizeof(*agent));

	if (!agent)
		return NULL;
	pthread_mutex_init(&agent->lock, NULL);
	agent->config = targets[0];
	agent->began_ms = now_ms;
	for (size_t i = 0; i < n; i++) {
		agent->collectors[i] = targets[i].collector;
		agent->sessions[i] = tw_session_create(&targets[i]);
		agent->n += agent->sessions[i] != NULL;
	}
	if (agent->n < n) {
		tw_sflow_destroy(agent);
		return NULL;
	}
	begin(agent);
	tw_sflow_tick(agent, now_ms);
	return agent;
}

void tw_sflow_destroy(struct tw_sflow_agent *agent)
{
	if (!agent)
		return;
	send_open(agent);
	for (size_t i = 0; i < TW_COLLECTORS_MAX; i++)
		tw_session_destroy(agent->sessions[i]);
	pthread_mutex_destroy(&agent->lock);
	free(agent->reports.interfaces);
	free(agent->reports.machines);
	free(agent->sources);
	free(agent);
}
