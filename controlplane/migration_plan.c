/* SPDX-License-Identifier: Apache-2.0 */
/* migration_plan.c - may a VM move, and what that changes in the model; see migration.h. The controller's thread. */
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "controlplane/edit.h"
#include "controlplane/mem.h"
#include "controlplane/migration.h"
#include "controlplane/refs.h"

/* The host that all of the VM's ports are bound to. */
static const char *find_source(const struct tw_model *model, const char *vm, struct tw_error *err)
{
	const char *from = NULL;

	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);
		const char *host = tw_port_host(port);

		if (!tw_port_of_vm(port, vm))
			continue;
		if (!host) {
			tw_error_set(err, TW_E_NOT_BOUND, "migrate_vm.vm", "port '%s' is bound to no host", port->name);
			return NULL;
		}
		if (from && strcmp(from, host) != 0) {
			tw_error_set(err, TW_E_INVALID, "migrate_vm.vm",
				     "the VM's ports are not on one host: '%s' is on '%s', others on '%s'", port->name,
				     host, from);
			return NULL;
		}
		from = host;
	}
	if (!from)
		tw_error_set(err, TW_E_NOT_FOUND, "migrate_vm.vm", "there is no port of a VM '%s'", vm);
	return from;
}

static bool check_free(const struct tw_model *model, const char *vm, struct tw_error *err)
{
	for (size_t i = 0; i < model->tables[TW__KIND__MIGRATION].n; i++) {
		const Tw__Migration *m = tw_model_migration_at(model, i);

		if (tw_migration_active(m) && strcmp(m->vm, vm) == 0)
			return tw_error_set(err, TW_E_BUSY, "migrate_vm.vm",
					    "VM '%s' is migrating already (migration %" PRIu64 ")", vm, m->id);
	}
	return true;
}

static bool check_hosts(struct tw_controller *ctl, const char *from, const char *to, struct tw_error *err)
{
	const Tw__Host *target = tw_model_host(&ctl->model, to);
	const char *ends[] = { from, to };

	if (!target)
		return tw_error_set(err, TW_E_NOT_FOUND, "migrate_vm.to", "there is no host '%s'", to);
	if (strcmp(from, to) == 0)
		return tw_error_set(err, TW_E_INVALID, "migrate_vm.to", "the VM is on host '%s' already", to);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		const struct tw_host *host = tw_host_find(ctl, ends[i]);

		if (!host || !tw_host_connected(host))
			return tw_error_set(err, TW_E_UNREACHABLE, i ? "migrate_vm.to" : "migrate_vm.vm",
					    "host '%s' is not connected", ends[i]);
	}
	if (!*target->peer_url || !*target->migrate_address)
		return tw_error_set(err, TW_E_INVALID, "migrate_vm.to",
				    "host '%s' takes no migrations: its tw-agent runs without %s", to,
				    *target->peer_url ? "--migrate-address" : "--peer-url");
	return true;
}

static bool check_room(const struct tw_model *model, const char *vm, const char *to, struct tw_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);
		const char *host = tw_port_host(port);

		n += tw_port_of_vm(port, vm) || (host && strcmp(host, to) == 0);
	}
	if (n > TW_MAX_PORTS_PER_HOST)
		return tw_error_set(err, TW_E_INVALID, "migrate_vm.to",
				    "host '%s' would have %zu ports, more than a switch takes (%d)", to, n,
				    TW_MAX_PORTS_PER_HOST);
	return true;
}

/* A new migration of `vm`, and its ports marked with it. */
static void put_start(const struct tw_model *model, const char *vm, const char *from, const char *to,
		      struct tw_changes *changes)
{
	Tw__Migration *m = tw_need(malloc(sizeof(*m)));
	const struct tw_table *table = &model->tables[TW__KIND__MIGRATION];

	tw__migration__init(m);
	m->id = model->next_migration;
	m->vm = tw_need(strdup(vm));
	m->from = tw_need(strdup(from));
	m->to = tw_need(strdup(to));
	m->started_ms = tw_clock_real_ms();
	tw_changes_put(changes, TW__KIND__MIGRATION, &m->base);
	changes->next_migration = model->next_migration + 1;
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);
		Tw__Port *moving;

		if (!tw_port_of_vm(port, vm))
			continue;
		moving = (Tw__Port *)tw_message_clone(&port->base);
		tw_edit_place(moving, from, m->id);
		tw_changes_put(changes, TW__KIND__PORT, &moving->base);
	}
	for (size_t i = 0; i < table->n && table->n >= TW_MIGRATIONS_KEPT; i++) {
		if (tw_migration_active(tw_model_migration_at(model, i)))
			continue;
		tw_changes_delete(changes, TW__KIND__MIGRATION, table->items[i].name);
		break;
	}
}

bool tw_migration_plan(struct tw_controller *ctl, const Tw__MigrateVm *request, struct tw_changes *changes,
		       uint64_t *id, struct tw_error *err)
{
	const char *from = find_source(&ctl->model, request->vm, err);

	if (!from || !check_free(&ctl->model, request->vm, err) || !check_hosts(ctl, from, request->to, err) ||
	    !check_room(&ctl->model, request->vm, request->to, err))
		return false;
	*id = ctl->model.next_migration;
	put_start(&ctl->model, request->vm, from, request->to, changes);
	return true;
}
