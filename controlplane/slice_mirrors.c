/* SPDX-License-Identifier: Apache-2.0 */
/* slice_mirrors.c - which mirrors a host has to do with; see slice.h. The controller's thread; reads only. */
#include <string.h>

#include "common/names.h"
#include "controlplane/slice.h"

/* VLANs by themselves are those of every port. */
static bool has_all_ports(const Tw__Mirror *m, const char *host)
{
	return tw_names_have(m->hosts, m->n_hosts, host) ||
	       m->n_ports + m->n_vms + m->n_networks + m->n_hosts + m->n_uplinks == 0;
}

static bool has_port(const Tw__Mirror *m, const Tw__Port *port)
{
	if (tw_names_have(m->ports, m->n_ports, port->name) || tw_names_have(m->networks, m->n_networks, port->network))
		return true;
	for (size_t i = 0; i < m->n_vms; i++)
		if (tw_port_of_vm(port, m->vms[i]))
			return true;
	return false;
}

bool tw_slice_mirror_comes_in(const Tw__Mirror *mirror, Tw__Port *const *local, size_t n_local)
{
	for (size_t i = 0; *mirror->to_port && i < n_local; i++)
		if (strcmp(local[i]->name, mirror->to_port) == 0)
			return true;
	return false;
}

bool tw_slice_wants_mirror(const Tw__Mirror *mirror, const char *host, Tw__Port *const *local, size_t n_local)
{
	if (mirror->disabled)
		return false;
	if (mirror->rspan_vlan || tw_names_have_uplink_of(mirror->uplinks, mirror->n_uplinks, host) ||
	    (n_local && has_all_ports(mirror, host)) || tw_slice_mirror_comes_in(mirror, local, n_local))
		return true;
	for (size_t i = 0; i < n_local; i++)
		if (has_port(mirror, local[i]))
			return true;
	return false;
}
