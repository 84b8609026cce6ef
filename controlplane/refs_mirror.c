/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refs_mirror.c - what a mirror names must be there and stay there, its destination is none of its sources, and a VLAN that
 * carries copies carries nothing else; see refs.h.
 *
 * The controller's thread; reads only.
 */
#include <string.h>

#include "common/names.h"
#include "controlplane/port_vlans.h"
#include "controlplane/refs.h"

static bool is_of_vm(const Tw__Mirror *mirror, const Tw__Port *port)
{
	for (size_t i = 0; i < mirror->n_vms; i++)
		if (tw_port_of_vm(port, mirror->vms[i]))
			return true;
	return false;
}

static bool vm_exists(const struct tw_model *model, const char *vm, const char *but_port)
{
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);

		if (tw_port_of_vm(port, vm) && strcmp(port->name, but_port) != 0)
			return true;
	}
	return false;
}

static bool host_has(const Tw__Host *host, const char *uplink)
{
	const char *name = tw_names_uplink_of(uplink, host->name);

	for (size_t i = 0; name && i < host->n_uplinks; i++)
		if (strcmp(host->uplinks[i]->name, name) == 0)
			return true;
	return false;
}

static bool uplink_exists(const struct tw_model *model, const char *uplink)
{
	for (size_t i = 0; i < model->tables[TW__KIND__HOST].n; i++)
		if (host_has(tw_model_host_at(model, i), uplink))
			return true;
	return false;
}

static bool check_objects(const struct tw_model *model, Tw__Kind kind, char *const *names, size_t n, const char *field,
			  struct tw_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (!tw_model_find(model, kind, names[i]))
			return tw_error_set(err, TW_E_NOT_FOUND, field, "there is no %s '%.100s'",
					    tw_kind_get(kind)->noun, names[i]);
	return true;
}

static bool check_sources(const struct tw_model *model, const Tw__Mirror *m, struct tw_error *err)
{
	for (size_t i = 0; i < m->n_vms; i++)
		if (!vm_exists(model, m->vms[i], ""))
			return tw_error_set(err, TW_E_NOT_FOUND, "mirror.vms", "no port is of a VM '%s'", m->vms[i]);
	for (size_t i = 0; i < m->n_uplinks; i++)
		if (!uplink_exists(model, m->uplinks[i]))
			return tw_error_set(err, TW_E_NOT_FOUND, "mirror.uplinks",
					    "there is no uplink '%.100s' (HOST/UPLINK)", m->uplinks[i]);
	return check_objects(model, TW__KIND__PORT, m->ports, m->n_ports, "mirror.ports", err) &&
	       check_objects(model, TW__KIND__NETWORK, m->networks, m->n_networks, "mirror.networks", err) &&
	       check_objects(model, TW__KIND__HOST, m->hosts, m->n_hosts, "mirror.hosts", err);
}

static bool check_to_port(const struct tw_model *model, const Tw__Mirror *m, struct tw_error *err)
{
	const Tw__Port *to = tw_model_port(model, m->to_port);

	if (!*m->to_port)
		return true;
	if (!to)
		return tw_error_set(err, TW_E_NOT_FOUND, "mirror.to_port", "there is no port '%s'", m->to_port);
	if (tw_names_have(m->ports, m->n_ports, m->to_port) || is_of_vm(m, to))
		return tw_error_set(err, TW_E_INVALID, "mirror.to_port", "port '%s' is one of the mirror's sources",
				    m->to_port);
	return true;
}

static bool carries(const Tw__Mirror *m, uint32_t vlan)
{
	return m->rspan_vlan && m->rspan_vlan == vlan;
}

static bool copies_vlan(const Tw__Mirror *m, const Tw__Mirror *rspan)
{
	for (size_t i = 0; i < m->n_vlans; i++)
		if (carries(rspan, m->vlans[i]))
			return true;
	return false;
}

static uint32_t session_of(const Tw__Mirror *m)
{
	return m->erspan_session ? m->erspan_session : 1;
}

/* Two that a collector could not tell apart: their numbers would be one sequence with two of each. */
static bool same_session(const Tw__Mirror *a, const Tw__Mirror *b)
{
	return *a->erspan && strcmp(a->erspan, b->erspan) == 0 && session_of(a) == session_of(b);
}

static bool check_other(const Tw__Mirror *m, const Tw__Mirror *other, struct tw_error *err)
{
	if (*m->file && strcmp(other->file, m->file) == 0)
		return tw_error_set(err, TW_E_DUPLICATE, "mirror.file", "mirror '%s' writes '%s' already", other->name,
				    m->file);
	if (same_session(m, other))
		return tw_error_set(err, TW_E_DUPLICATE, "mirror.erspan_session",
				    "mirror '%s' has session %u to that collector already", other->name, session_of(m));
	if (carries(m, other->rspan_vlan))
		return tw_error_set(err, TW_E_DUPLICATE, "mirror.rspan_vlan",
				    "VLAN %u carries the copies of mirror '%s' already", m->rspan_vlan, other->name);
	if (copies_vlan(m, other))
		return tw_error_set(err, TW_E_INVALID, "mirror.vlans",
				    "VLAN %u carries the copies of mirror '%s': a copy is not mirrored again",
				    other->rspan_vlan, other->name);
	if (copies_vlan(other, m))
		return tw_error_set(err, TW_E_IN_USE, "mirror.rspan_vlan", "mirror '%s' copies VLAN %u", other->name,
				    m->rspan_vlan);
	return true;
}

bool tw_refs_mirror(const struct tw_model *model, const Tw__Mirror *mirror, struct tw_error *err)
{
	if (!check_sources(model, mirror, err) || !check_to_port(model, mirror, err))
		return false;
	if (copies_vlan(mirror, mirror))
		return tw_error_set(err, TW_E_INVALID, "mirror.rspan_vlan", "VLAN %u is one of the mirror's sources",
				    mirror->rspan_vlan);
	for (size_t i = 0; i < model->tables[TW__KIND__MIRROR].n; i++) {
		const Tw__Mirror *other = tw_model_mirror_at(model, i);

		if (strcmp(other->name, mirror->name) != 0 && !check_other(mirror, other, err))
			return false;
	}
	return true;
}

static uint32_t access_of(const struct tw_model *model, const Tw__Port *port)
{
	const Tw__Vlan *vlan = tw_port_vlan(model, port);

	return vlan && vlan->mode != TW__VLAN__MODE__TRUNK ? vlan->access : 0;
}

bool tw_refs_rspan_vlan(const struct tw_model *model, const Tw__Mirror *mirror, struct tw_error *err)
{
	const struct tw_entry *entry = tw_model_find(model, TW__KIND__MIRROR, mirror->name);
	const Tw__Mirror *before = entry ? (const Tw__Mirror *)entry->msg : NULL;

	if (!mirror->rspan_vlan || (before && before->rspan_vlan == mirror->rspan_vlan))
		return true;
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);

		if (carries(mirror, access_of(model, port)))
			return tw_error_set(err, TW_E_IN_USE, "mirror.rspan_vlan",
					    "port '%s' is in VLAN %u and could not send any more; analysers' ports may "
					    "be put there afterwards",
					    port->name, mirror->rspan_vlan);
	}
	return true;
}

/* A VM is there as long as one of its ports is. */
static bool is_last_of_vm(const struct tw_model *model, const Tw__Mirror *m, const char *name)
{
	const Tw__Port *port = tw_model_port(model, name);

	for (size_t i = 0; port && i < m->n_vms; i++)
		if (tw_port_of_vm(port, m->vms[i]) && !vm_exists(model, m->vms[i], name))
			return true;
	return false;
}

/* @return what the mirror does with it; NULL: nothing */
static const char *use_of(const struct tw_model *model, const Tw__Mirror *m, Tw__Kind kind, const char *name)
{
	switch (kind) {
	case TW__KIND__PORT:
		return tw_names_have(m->ports, m->n_ports, name) ? "copies its traffic"
		       : strcmp(m->to_port, name) == 0           ? "sends its copies there"
		       : is_last_of_vm(model, m, name) ? "copies its VM's traffic, and the VM has no other port"
						       : NULL;
	case TW__KIND__NETWORK:
		return tw_names_have(m->networks, m->n_networks, name) ? "copies its traffic" : NULL;
	case TW__KIND__HOST:
		return tw_names_have(m->hosts, m->n_hosts, name) ? "copies its traffic"
		       : tw_names_have_uplink_of(m->uplinks, m->n_uplinks, name)
			       ? "copies the traffic of an uplink of it"
			       : NULL;
	default:
		return NULL;
	}
}

bool tw_refs_unmirrored(const struct tw_model *model, Tw__Kind kind, const char *name, struct tw_error *err)
{
	for (size_t i = 0; i < model->tables[TW__KIND__MIRROR].n; i++) {
		const Tw__Mirror *mirror = tw_model_mirror_at(model, i);
		const char *use = use_of(model, mirror, kind, name);

		if (use)
			return tw_error_set(err, TW_E_IN_USE, tw_kind_get(kind)->noun, "mirror '%s' %s", mirror->name,
					    use);
	}
	return true;
}

bool tw_refs_mirrored_uplinks(const struct tw_model *model, const Tw__Host *host, struct tw_error *err)
{
	for (size_t i = 0; i < model->tables[TW__KIND__MIRROR].n; i++) {
		const Tw__Mirror *m = tw_model_mirror_at(model, i);

		for (size_t k = 0; k < m->n_uplinks; k++)
			if (tw_names_uplink_of(m->uplinks[k], host->name) && !host_has(host, m->uplinks[k]))
				return tw_error_set(err, TW_E_IN_USE, "host.uplinks", "mirror '%s' copies uplink '%s'",
						    m->name, m->uplinks[k]);
	}
	return true;
}
