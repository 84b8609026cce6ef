/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_open.c - the kinds of destinations; see mirror_open.h. */
#include "dataplane/mirror_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/mirror_erspan.h"
#include "dataplane/mirror_remote.h"
#include "dataplane/mirror_stream.h"
#include "dataplane/mirror_sflow.h"

bool tw_mirror_has_sink(const Tw__LocalMirror *m)
{
	return !m->to_port && !m->rspan_vlan && !*m->no_way;
}

/* A mirror without what does not concern its destination: sources, choice and budget are the workers'. (But sFlow tells its
 * collectors the rate of its samples.) */
static Tw__LocalMirror destination_of(const Tw__LocalMirror *m)
{
	Tw__LocalMirror only = *m;

	only.n_ports = only.n_uplinks = only.n_vlans = only.n_elsewhere = 0;
	only.direction = TW__MIRROR__DIRECTION__BOTH;
	only.filter = (char *)(uintptr_t)protobuf_c_empty_string;
	only.first_packets = 0;
	only.sample = only.sflow ? only.sample : 0;
	only.drops = false;
	only.max_pps = only.max_bps = only.max_share = 0;
	return only;
}

bool tw_mirror_same_destination(const Tw__LocalMirror *a, const Tw__LocalMirror *b)
{
	Tw__LocalMirror x = destination_of(a), y = destination_of(b);
	size_t size = tw__local_mirror__get_packed_size(&x);
	uint8_t *octets;
	bool same;

	if (size != tw__local_mirror__get_packed_size(&y))
		return false;
	octets = malloc(2 * size + 1);
	if (!octets)
		return false;
	tw__local_mirror__pack(&x, octets);
	tw__local_mirror__pack(&y, octets + size);
	same = memcmp(octets, octets + size, size) == 0;
	free(octets);
	return same;
}

void tw_mirror_describe(const Tw__LocalMirror *m, char to[static TW_MIRROR_TO_SIZE])
{
	if (m->to_port)
		snprintf(to, TW_MIRROR_TO_SIZE, "port %u", m->to_port);
	else if (m->rspan_vlan)
		snprintf(to, TW_MIRROR_TO_SIZE, "RSPAN VLAN %u", m->rspan_vlan);
	else if (*m->no_way)
		snprintf(to, TW_MIRROR_TO_SIZE, "nowhere");
	else if (*m->tunnel)
		snprintf(to, TW_MIRROR_TO_SIZE, "the port's host, %.64s, UDP port %u", m->tunnel, m->tunnel_port);
	else if (*m->erspan)
		snprintf(to, TW_MIRROR_TO_SIZE, "ERSPAN type %s, session %u, to %.64s",
			 m->erspan_type == 3 ? "III" : "II", m->erspan_session ? m->erspan_session : 1, m->erspan);
	else if (m->stream)
		snprintf(to, TW_MIRROR_TO_SIZE, "a live capture");
	else if (m->sflow)
		snprintf(to, TW_MIRROR_TO_SIZE, "sFlow exporter %.64s", m->sflow->exporter);
	else
		snprintf(to, TW_MIRROR_TO_SIZE, "file %.150s", m->path);
}

struct tw_sink *tw_mirror_open_sink(const struct tw_mirror_config *config, struct tw_worker *const *workers,
				    unsigned n_workers, char error[static 128])
{
	const Tw__LocalMirror *m = config->mirror;
	const struct tw_capture_about about = { .mirror = m->name, .host = config->host, .snaplen = m->snaplen };
	const struct tw_capture_limits limits = { .max_bytes = m->max_bytes,
						  .files = m->files,
						  .seconds = m->file_seconds };

	if (*m->path)
		return tw_capture_open(m->path, config->folder, &about, &limits, error);
	if (*m->erspan)
		return tw_erspan_open(m, error);
	if (*m->tunnel)
		return tw_remote_open(m, error);
	if (m->stream)
		return tw_mirror_stream_open(m, config->host, error);
	if (m->sflow)
		return tw_sflow_open(m, workers, n_workers, error);
	snprintf(error, 128, "this switch does not know such a destination");
	return NULL;
}
