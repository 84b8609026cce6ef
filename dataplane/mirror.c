/* SPDX-License-Identifier: Apache-2.0 */
/* mirror.c - which mirrors there are; see mirror.h. */
#include "dataplane/mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/mirror_filter.h"
#include "dataplane/mirror_open.h"
#include "dataplane/mirror_thread.h"
#include "dataplane/worker.h"

#define TW_LOG_AREA "mirror"
#include "common/log.h"

struct mirror {
	bool used;
	Tw__LocalMirror *config; /* owned */
	uint8_t bit;
	struct tw_sink *sink;
	struct tw_mirror_filter *filter;
	/* What the bit's counters were when it was opened, but what came from another host. */
	struct tw_tap_counters before;
	bool given; /* its numbers go on at another host */
	char error[256];
};

struct tw_mirrors {
	struct tw_mirror_thread *thread;
	struct tw_worker *workers[TW_WORKERS_MAX];
	unsigned n_workers;
	struct tw_tap_budget *budgets;
	struct mirror mirrors[TW_MIRRORS_MAX];
	uint64_t leaving; /* bits given up that a snapshot may have still, or a worker */
	uint64_t freed_at
		[TW_MIRRORS_MAX]; /* change of the thread's behind which a bit's last copy is out of its rings */
};

struct tw_mirrors *tw_mirrors_create(struct tw_worker *const *workers, unsigned n_workers,
				     struct tw_tap_budget *budgets)
{
	struct tw_mirrors *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	for (unsigned i = 0; i < n_workers; i++)
		m->workers[i] = workers[i];
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		m->mirrors[i].bit = TW_MIRROR_NO_BIT;
	m->n_workers = n_workers;
	m->budgets = budgets;
	m->thread = tw_mirror_thread_create(workers, n_workers);
	if (m->thread)
		return m;
	free(m);
	return NULL;
}

/* --- counters --- */

/* Written by a worker meanwhile: each is one round stale at most. */
static void add(uint64_t *sum, const uint64_t *counter)
{
	*sum += __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static struct tw_tap_counters counters_of(const struct tw_mirrors *m, uint8_t bit)
{
	struct tw_tap_counters sum = { 0 };

	for (unsigned i = 0; i < m->n_workers; i++) {
		const struct tw_tap_counters *c = &m->workers[i]->taps[bit].count;

#define ADD(name) add(&sum.name, &c->name);
		TW_TAP_COUNTERS(ADD)
#undef ADD
	}
	return sum;
}

static void subtract(struct tw_tap_counters *c, const struct tw_tap_counters *before)
{
#define SUBTRACT(name) c->name -= before->name;
	TW_TAP_COUNTERS(SUBTRACT)
#undef SUBTRACT
}

static void describe(const struct tw_mirrors *m, const struct mirror *mirror, struct tw_mirror_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	snprintf(stats->name, sizeof(stats->name), "%s", mirror->config->name);
	snprintf(stats->path, sizeof(stats->path), "%s", mirror->config->path);
	tw_mirror_describe(mirror->config, stats->to);
	if (mirror->sink)
		tw_sink_get_stats(mirror->sink, &stats->sink);
	if (stats->sink.path[0]) {
		snprintf(stats->path, sizeof(stats->path), "%s", stats->sink.path);
		snprintf(stats->to, sizeof(stats->to), "file %.150s", stats->sink.path);
	}
	if (mirror->bit != TW_MIRROR_NO_BIT) {
		stats->taps = counters_of(m, mirror->bit);
		subtract(&stats->taps, &mirror->before);
	}
	snprintf(stats->error, sizeof(stats->error), "%s",
		 mirror->error[0]          ? mirror->error
		 : *mirror->config->no_way ? mirror->config->no_way
					   : stats->sink.error);
}

size_t tw_mirrors_get_stats(struct tw_mirrors *m, struct tw_mirror_stats stats[TW_MIRRORS_MAX])
{
	size_t n = 0;

	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (m->mirrors[i].used && !m->mirrors[i].config->sflow)
			describe(m, &m->mirrors[i], &stats[n++]);
	return n;
}

size_t tw_mirrors_get_sflow(struct tw_mirrors *m, struct tw_mirror_sflow sflow[TW_MIRRORS_MAX])
{
	size_t n = 0;

	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		const struct mirror *mirror = &m->mirrors[i];

		if (mirror->used && mirror->config->sflow)
			sflow[n++] = (struct tw_mirror_sflow){ mirror->config->sflow, mirror->sink, mirror->error };
	}
	return n;
}

static struct mirror *find(struct tw_mirrors *m, const char *name)
{
	struct mirror *unused = NULL;

	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		if (m->mirrors[i].used && strcmp(m->mirrors[i].config->name, name) == 0)
			return &m->mirrors[i];
		if (!m->mirrors[i].used && !unused)
			unused = &m->mirrors[i];
	}
	return unused;
}

/* --- a port moves --- */

static bool is_source(const Tw__LocalMirror *config, uint32_t number)
{
	for (size_t i = 0; i < config->n_ports; i++)
		if (config->ports[i] == number)
			return true;
	return false;
}

static bool goes_along(const struct mirror *mirror, uint32_t number, bool (*stays)(void *arg, uint32_t number),
		       void *arg)
{
	const Tw__LocalMirror *config = mirror->config;

	if (!mirror->used || mirror->bit == TW_MIRROR_NO_BIT || config->sflow || config->n_uplinks ||
	    !is_source(config, number))
		return false;
	for (size_t i = 0; i < config->n_ports; i++)
		if (config->ports[i] != number && config->ports[i] != config->to_port && stays(arg, config->ports[i]))
			return false;
	return true;
}

size_t tw_mirrors_give(struct tw_mirrors *m, uint32_t number, bool (*stays)(void *arg, uint32_t number), void *arg,
		       struct tw_mirror_stats stats[TW_MIRRORS_MAX])
{
	bool settled = false;
	size_t n = 0;

	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		struct mirror *mirror = &m->mirrors[i];

		if (!goes_along(mirror, number, stays, arg))
			continue;
		if (mirror->sink && !settled && !(settled = tw_mirror_thread_settle(m->thread)))
			tw_log_warning("copies are on their way still, their numbers may be used twice mirror=%s",
				       mirror->config->name);
		describe(m, mirror, &stats[n]);
#define GIVE(name) mirror->before.name += stats[n].taps.name;
		TW_TAP_COUNTERS(GIVE)
#undef GIVE
		mirror->before.sent += stats[n].sink.packets;
		mirror->before.octets += stats[n].sink.octets;
		mirror->before.failed += stats[n].sink.failed;
		mirror->before.shed_full += stats[n].sink.shed;
		mirror->given = true;
		n++;
	}
	return n;
}

void tw_mirrors_accept(struct tw_mirrors *m, const char *name, const struct tw_tap_counters *count, uint64_t sequence)
{
	struct mirror *mirror = find(m, name);
	struct tw_sink_stats sink;

	if (!mirror || !mirror->used || mirror->bit == TW_MIRROR_NO_BIT)
		return;
	subtract(&mirror->before, count);
	if (!mirror->sink)
		return;
	tw_sink_get_stats(mirror->sink, &sink);
	if (mirror->given || sink.sequence == 0)
		tw_sink_go_on_from(mirror->sink, sequence);
	mirror->given = false;
}

/* --- open and close --- */

static void give_up_bit(struct tw_mirrors *m, struct mirror *mirror)
{
	if (mirror->bit == TW_MIRROR_NO_BIT)
		return;
	tw_mirror_thread_tell(m->thread, mirror->bit, NULL, NULL);
	m->leaving |= UINT64_C(1) << mirror->bit;
	mirror->bit = TW_MIRROR_NO_BIT;
}

static void close_mirror(struct tw_mirrors *m, struct mirror *mirror)
{
	give_up_bit(m, mirror);
	tw_sink_put(mirror->sink);
	tw_mirror_filter_put(mirror->filter);
	mirror->sink = NULL;
	mirror->filter = NULL;
	mirror->error[0] = '\0';
}

static void forget(struct tw_mirrors *m, struct mirror *mirror)
{
	close_mirror(m, mirror);
	if (mirror->config)
		tw__local_mirror__free_unpacked(mirror->config, NULL);
	*mirror = (struct mirror){ .bit = TW_MIRROR_NO_BIT };
}

void tw_mirrors_destroy(struct tw_mirrors *m)
{
	if (!m)
		return;
	tw_mirror_thread_destroy(m->thread);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		struct mirror *mirror = &m->mirrors[i];

		tw_sink_put(mirror->sink);
		tw_mirror_filter_put(mirror->filter);
		if (mirror->config)
			tw__local_mirror__free_unpacked(mirror->config, NULL);
	}
	free(m);
}

static uint8_t free_bit(const struct tw_mirrors *m)
{
	uint64_t taken = m->leaving, seen = tw_mirror_thread_seen(m->thread);

	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (m->mirrors[i].used && m->mirrors[i].bit != TW_MIRROR_NO_BIT)
			taken |= UINT64_C(1) << m->mirrors[i].bit;
	for (uint8_t bit = 0; bit < TW_MIRRORS_MAX; bit++)
		if (!(taken >> bit & 1) && m->freed_at[bit] <= seen)
			return bit;
	return TW_MIRROR_NO_BIT;
}

/* Its own copy of what was asked for. */
static Tw__LocalMirror *copy_of(const Tw__LocalMirror *config)
{
	size_t size = tw__local_mirror__get_packed_size(config);
	uint8_t *octets = malloc(size + 1);
	Tw__LocalMirror *copy = NULL;

	if (octets) {
		tw__local_mirror__pack(config, octets);
		copy = tw__local_mirror__unpack(NULL, size, octets);
	}
	free(octets);
	return copy;
}

static struct tw_capture_ports *copy_ports(const struct tw_mirror_config *config)
{
	struct tw_capture_ports *ports = malloc(sizeof(*ports) + config->n_ports * sizeof(ports->a[0]));

	if (!ports)
		return NULL;
	snprintf(ports->filter, sizeof(ports->filter), "%s", config->mirror->filter);
	ports->n = config->n_ports;
	if (ports->n)
		memcpy(ports->a, config->ports, config->n_ports * sizeof(ports->a[0]));
	return ports;
}

static bool follow_filter(struct mirror *mirror, const char *text)
{
	struct tw_mirror_filter *filter = NULL;

	if (mirror->filter && strcmp(mirror->filter->text, text) == 0)
		return true;
	if (*text && !(filter = tw_mirror_filter_create(text, mirror->error)))
		return false;
	tw_mirror_filter_put(mirror->filter);
	mirror->filter = filter;
	return true;
}

static bool open_destination(struct tw_mirrors *m, struct mirror *mirror, const struct tw_mirror_config *config)
{
	char why[128] = "";

	mirror->bit = free_bit(m);
	if (mirror->bit == TW_MIRROR_NO_BIT) {
		snprintf(mirror->error, sizeof(mirror->error),
			 "all %d places are taken, those given up are free with the next change", TW_MIRRORS_MAX);
		return false;
	}
	mirror->before = counters_of(m, mirror->bit);
	m->budgets[mirror->bit].frames = m->budgets[mirror->bit].octets = 0;
	if (!tw_mirror_has_sink(config->mirror))
		return true;
	mirror->sink = tw_mirror_open_sink(config, m->workers, m->n_workers, why);
	snprintf(mirror->error, sizeof(mirror->error), "%s", why);
	return mirror->sink != NULL;
}

/* @return false: mirror->error says why */
static bool open_or_go_on(struct tw_mirrors *m, struct mirror *mirror, const struct tw_mirror_config *config)
{
	Tw__LocalMirror *copy = copy_of(config->mirror);
	bool goes_on = mirror->used && mirror->bit != TW_MIRROR_NO_BIT && copy &&
		       tw_mirror_same_destination(mirror->config, copy);

	if (!goes_on)
		forget(m, mirror);
	if (!copy)
		return false;
	if (mirror->config)
		tw__local_mirror__free_unpacked(mirror->config, NULL);
	mirror->config = copy;
	mirror->used = true;
	mirror->error[0] = '\0';
	return follow_filter(mirror, copy->filter) && (goes_on || open_destination(m, mirror, config));
}

struct tw_mirror_place tw_mirrors_open(struct tw_mirrors *m, const struct tw_mirror_config *config)
{
	const struct tw_mirror_place nowhere = { .bit = TW_MIRROR_NO_BIT };
	struct mirror *mirror = find(m, config->mirror->name);
	struct tw_capture_ports *ports = copy_ports(config);
	char why[sizeof(mirror->error)];

	if (!mirror || !ports) {
		const char *none = mirror ? "out of memory" : "no place until those it replaces have ended";

		tw_log_warning("mirror cannot be opened mirror=%s error=\"%s\"", config->mirror->name, none);
		if (mirror && mirror->used)
			snprintf(mirror->error, sizeof(mirror->error), "%s", none);
		free(ports);
		return nowhere;
	}
	if (!open_or_go_on(m, mirror, config)) {
		tw_log_warning("mirror cannot be opened mirror=%s error=\"%s\"", config->mirror->name, mirror->error);
		memcpy(why, mirror->error, sizeof(why));
		close_mirror(m, mirror);
		memcpy(mirror->error, why, sizeof(why));
		free(ports);
		return nowhere;
	}
	if (mirror->sink)
		tw_mirror_thread_tell(m->thread, mirror->bit, mirror->sink, ports);
	else
		free(ports);
	return (struct tw_mirror_place){ .bit = mirror->bit,
					 .filter = mirror->filter,
					 .wire_size = mirror->sink && mirror->sink->ops->wants_wire_size };
}

/* No worker copies with these bits any more. What is in the rings still is taken out by the thread's next change. */
static void free_bits(struct tw_mirrors *m)
{
	for (uint8_t bit = 0; bit < TW_MIRRORS_MAX; bit++)
		if (m->leaving >> bit & 1)
			m->freed_at[bit] = tw_mirror_thread_tell(m->thread, bit, NULL, NULL);
	m->leaving = 0;
}

void tw_mirrors_keep(struct tw_mirrors *m, const char *const *names, size_t n, bool left)
{
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		bool keep = !m->mirrors[i].used;

		for (size_t j = 0; j < n && !keep; j++)
			keep = strcmp(m->mirrors[i].config->name, names[j]) == 0;
		if (!keep)
			forget(m, &m->mirrors[i]);
	}
	if (left)
		free_bits(m);
}
