/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - answers GetStatus from the model and from what hosts report; see status.h. The controller's thread. */
#include "controlplane/status.h"

#include "common/clock.h"
#include "controlplane/central/central.h"
#include "controlplane/mem.h"

static void fill_host(const struct tw_controller *ctl, const struct tw_host *host, Tw__HostState *state)
{
	tw__host_state__init(state);
	state->name = host->name;
	state->connected = tw_host_connected(host);
	state->realised = tw_host_realised(ctl, host);
	state->last_seen_ms = host->heard_real_ms;
	state->switch_alive = host->switch_alive;
	state->version = host->version;
	state->error = host->error;
	state->status = host->status;
}

void tw_status_get(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const struct tw_table *tables = ctl->model.tables;
	size_t n = tables[TW__KIND__HOST].n;
	Tw__HostState *states = tw_need(calloc(n + 1, sizeof(*states)));
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Status body;
	char version[] = TW_VERSION;

	tw__status__init(&body);
	body.revision = ctl->model.revision;
	body.version = version;
	body.uptime_ms = tw_clock_mono_ms() - ctl->started_ms;
	body.hosts = tw_need(calloc(n + 1, sizeof(*body.hosts)));
	for (size_t i = 0; i < n; i++) {
		const struct tw_host *host = tw_host_find(ctl, tables[TW__KIND__HOST].items[i].name);

		if (!host)
			continue;
		fill_host(ctl, host, &states[i]);
		body.hosts[body.n_hosts++] = &states[i];
	}
	body.networks = (uint32_t)tables[TW__KIND__NETWORK].n;
	body.ports = (uint32_t)tables[TW__KIND__PORT].n;
	body.mirrors = (uint32_t)tables[TW__KIND__MIRROR].n;
	body.exporters = (uint32_t)tables[TW__KIND__EXPORTER].n;
	body.central = tw_central_status(ctl->central);
	reply.body_case = TW__ENVELOPE__BODY_STATUS;
	reply.status = &body;
	tw_call_reply(call, &reply);
	if (body.central)
		tw__central_status__free_unpacked(body.central, NULL);
	free(body.hosts);
	free(states);
}
