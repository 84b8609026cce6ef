/* SPDX-License-Identifier: Apache-2.0 */
/* vm_spec.c - makes and checks guest specifications; see vm_spec.h. Pure; any thread. */
#include "hypervisor-hooks/vm_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"
#include "hypervisor-hooks/args.h"
#include "proto/link/check.h"

Tw__VmSpec *tw_vm_spec_new(void)
{
	Tw__VmSpec *spec = malloc(sizeof(*spec));

	if (spec)
		tw__vm_spec__init(spec);
	return spec;
}

void tw_vm_spec_free(Tw__VmSpec *spec)
{
	if (spec)
		tw__vm_spec__free_unpacked(spec, NULL);
}

int tw_vm_spec_set(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	if (*field != protobuf_c_empty_string)
		free(*field);
	*field = copy;
	return 0;
}

int tw_vm_spec_add(char ***list, size_t *n, const char *value)
{
	char *copy = strdup(value), **grown = copy ? reallocarray(*list, *n + 1, sizeof(*grown)) : NULL;

	if (!grown) {
		free(copy);
		return -ENOMEM;
	}
	*list = grown;
	grown[(*n)++] = copy;
	return 0;
}

int tw_vm_spec_set_uuid(Tw__VmSpec *spec, const uint8_t *uuid)
{
	uint8_t *copy = malloc(TW_UUID_LEN);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, uuid, TW_UUID_LEN);
	free(spec->uuid.data);
	spec->uuid.data = copy;
	spec->uuid.len = TW_UUID_LEN;
	return 0;
}

static bool check_text(const char *text, const char *field, struct tw_error *err)
{
	if (strlen(text) > TW_VM_TEXT_MAX)
		return tw_error_set(err, TW_E_INVALID, field, "longer than %d octets", TW_VM_TEXT_MAX);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return tw_error_set(err, TW_E_INVALID, field, "holds a control character");
	return true;
}

static bool check_path(const char *path, const char *field, struct tw_error *err)
{
	if (*path && *path != '/')
		return tw_error_set(err, TW_E_INVALID, field, "%.100s is not an absolute path", path);
	return check_text(path, field, err);
}

static bool check_boot(const Tw__VmSpec *spec, struct tw_error *err)
{
	if (!check_path(spec->kernel, "kernel", err) || !check_path(spec->initrd, "initrd", err) ||
	    !check_path(spec->disk, "disk", err) || !check_text(spec->append, "append", err))
		return false;
	if (!*spec->kernel && !*spec->disk)
		return tw_error_set(err, TW_E_MISSING, "kernel", "a guest needs a kernel or a disk to boot from");
	if (!*spec->kernel && (*spec->initrd || *spec->append))
		return tw_error_set(err, TW_E_MISSING, "kernel", "initrd and append are for a kernel that is given");
	return true;
}

static bool check_ports(const Tw__VmSpec *spec, struct tw_error *err)
{
	if (spec->n_ports > TW_VM_PORTS_MAX)
		return tw_error_set(err, TW_E_INVALID, "ports", "%zu ports; at most %d", spec->n_ports,
				    TW_VM_PORTS_MAX);
	for (size_t i = 0; i < spec->n_ports; i++) {
		if (!tw_check_port_name(spec->ports[i], "ports", err))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(spec->ports[i], spec->ports[k]) == 0)
				return tw_error_set(err, TW_E_DUPLICATE, "ports", "%s is named twice", spec->ports[i]);
	}
	return true;
}

static bool check_extra(const Tw__VmSpec *spec, struct tw_error *err)
{
	if (spec->n_extra > TW_VM_EXTRA_MAX)
		return tw_error_set(err, TW_E_INVALID, "extra", "%zu arguments; at most %d", spec->n_extra,
				    TW_VM_EXTRA_MAX);
	for (size_t i = 0; i < spec->n_extra; i++) {
		if (!check_text(spec->extra[i], "extra", err))
			return false;
		for (const char *c = spec->extra[i]; (c = strchr(c, '%')); c += 2)
			if (!c[1] || !strchr("rn%", c[1]))
				return tw_error_set(err, TW_E_INVALID, "extra",
						    "%%%.1s: only %%r, %%n and %%%% have a meaning", c + 1);
	}
	return true;
}

bool tw_vm_spec_check(const Tw__VmSpec *spec, struct tw_error *err)
{
	if (!tw_check_name(spec->name, TW_VM_NAME_MAX, "name", err))
		return false;
	if (*spec->name == '-' || *spec->name == '.')
		return tw_error_set(err, TW_E_INVALID, "name", "the name of a guest does not begin with '%c'",
				    *spec->name);
	if (spec->uuid.len != TW_UUID_LEN)
		return tw_error_set(err, TW_E_INVALID, "uuid", "a UUID has %d octets", TW_UUID_LEN);
	if (spec->memory_mib < TW_VM_MEMORY_MIN || spec->memory_mib > TW_VM_MEMORY_MAX)
		return tw_error_set(err, TW_E_INVALID, "memory_mib", "%u is not in %d..%d MiB", spec->memory_mib,
				    TW_VM_MEMORY_MIN, TW_VM_MEMORY_MAX);
	if (spec->cpus < 1 || spec->cpus > TW_VM_CPUS_MAX)
		return tw_error_set(err, TW_E_INVALID, "cpus", "%u is not in 1..%d", spec->cpus, TW_VM_CPUS_MAX);
	if (spec->queues > TW_VM_QUEUES_MAX)
		return tw_error_set(err, TW_E_INVALID, "queues", "%u is not in 1..%d", spec->queues, TW_VM_QUEUES_MAX);
	return check_boot(spec, err) && check_ports(spec, err) && check_extra(spec, err);
}

static void add_option(struct tw_args *args, const char *option, const char *value)
{
	if (!*value)
		return;
	tw_args_add(args, option);
	tw_args_add(args, value);
}

char **tw_vm_spec_run_args(const Tw__VmSpec *spec, const char *run_dir, const char *incoming)
{
	struct tw_args args = { 0 };
	char uuid[TW_UUID_TEXT];

	tw_args_add(&args, "tw-vm");
	tw_args_add(&args, "run");
	tw_args_add(&args, spec->name);
	add_option(&args, "--run-dir", run_dir);
	if (spec->uuid.len == TW_UUID_LEN)
		add_option(&args, "--uuid", tw_uuid_format(spec->uuid.data, uuid));
	tw_args_addf(&args, "--memory=%u", spec->memory_mib);
	tw_args_addf(&args, "--cpus=%u", spec->cpus);
	for (size_t i = 0; i < spec->n_ports; i++)
		add_option(&args, "--port", spec->ports[i]);
	if (spec->queues)
		tw_args_addf(&args, "--queues=%u", spec->queues);
	if (spec->packed)
		tw_args_add(&args, "--packed");
	if (spec->iommu)
		tw_args_add(&args, "--iommu");
	add_option(&args, "--kernel", spec->kernel);
	add_option(&args, "--initrd", spec->initrd);
	add_option(&args, "--append", spec->append);
	add_option(&args, "--disk", spec->disk);
	if (incoming)
		add_option(&args, "--incoming", incoming);
	if (spec->n_extra > 0)
		tw_args_add(&args, "--");
	for (size_t i = 0; i < spec->n_extra; i++)
		tw_args_add(&args, spec->extra[i]);
	return tw_args_take(&args);
}
