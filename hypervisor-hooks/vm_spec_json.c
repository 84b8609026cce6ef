/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm_spec_json.c - guest specifications as JSON, and their files; see vm_spec.h.
 *
 * Threads  any; control threads for the files.
 * Owns     nothing.
 * Format   one object: "version" 1, then VmSpec's fields by their names, "uuid" as text; empty ones are left out. An
 *          unknown member is refused: a guest started without it would be another guest.
 */
#include "hypervisor-hooks/vm_spec.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"
#include "common/path.h"
#include "proto/link/check.h"

enum { FORMAT_VERSION = 1 };

static json_t *list_to_json(char *const *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		if (json_array_append_new(array, json_string(list[i]))) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static int put_true(json_t *object, const char *key, bool value)
{
	return value ? json_object_set_new(object, key, json_true()) : 0;
}

static int put_text(json_t *object, const char *key, const char *text)
{
	return *text ? json_object_set_new(object, key, json_string(text)) : 0;
}

char *tw_vm_spec_format(const Tw__VmSpec *spec)
{
	char uuid[TW_UUID_TEXT] = "", *text = NULL, *line = NULL;
	json_t *object = json_object();
	int rc;

	if (spec->uuid.len == TW_UUID_LEN)
		tw_uuid_format(spec->uuid.data, uuid);
	rc = json_object_set_new(object, "version", json_integer(FORMAT_VERSION)) ||
	     put_text(object, "name", spec->name) || put_text(object, "uuid", uuid) ||
	     json_object_set_new(object, "memory_mib", json_integer(spec->memory_mib)) ||
	     json_object_set_new(object, "cpus", json_integer(spec->cpus)) ||
	     put_text(object, "kernel", spec->kernel) || put_text(object, "initrd", spec->initrd) ||
	     put_text(object, "append", spec->append) || put_text(object, "disk", spec->disk) ||
	     json_object_set_new(object, "ports", list_to_json(spec->ports, spec->n_ports)) ||
	     (spec->queues ? json_object_set_new(object, "queues", json_integer(spec->queues)) : 0) ||
	     put_true(object, "packed", spec->packed) || put_true(object, "iommu", spec->iommu) ||
	     json_object_set_new(object, "extra", list_to_json(spec->extra, spec->n_extra));
	if (!rc)
		text = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(object);
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	return line;
}

/* How one member is read. Absent ones are left as they are; tw_vm_spec_check() knows which are needed. */

static bool take_text(const json_t *value, char **field, const char *key, struct tw_error *err)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) != json_string_length(value))
		return tw_error_set(err, TW_E_INVALID, key, "must be a string without NUL");
	return tw_vm_spec_set(field, text) ? tw_error_set(err, TW_E_INTERNAL, key, "out of memory") : true;
}

static bool take_list(const json_t *value, char ***list, size_t *n, size_t max, const char *key, struct tw_error *err)
{
	if (!json_is_array(value) || json_array_size(value) > max || *n > 0)
		return tw_error_set(err, TW_E_INVALID, key, "must be an array of at most %zu strings", max);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		const char *text = json_string_value(item);

		if (!text || strlen(text) != json_string_length(item))
			return tw_error_set(err, TW_E_INVALID, key, "must hold strings without NUL");
		if (tw_vm_spec_add(list, n, text))
			return tw_error_set(err, TW_E_INTERNAL, key, "out of memory");
	}
	return true;
}

static bool take_number(const json_t *value, uint32_t *field, const char *key, struct tw_error *err)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || number > INT32_MAX)
		return tw_error_set(err, TW_E_INVALID, key, "must be a whole number");
	*field = (uint32_t)number;
	return true;
}

static bool take_bool(const json_t *value, protobuf_c_boolean *field, const char *key, struct tw_error *err)
{
	if (!json_is_boolean(value))
		return tw_error_set(err, TW_E_INVALID, key, "must be true or false");
	*field = json_is_true(value);
	return true;
}

static bool take_uuid(const json_t *value, Tw__VmSpec *spec, struct tw_error *err)
{
	const char *text = json_string_value(value);
	uint8_t uuid[TW_UUID_LEN];

	if (!text || !tw_uuid_parse(text, uuid))
		return tw_error_set(err, TW_E_INVALID, "uuid", "must be a UUID as text");
	return tw_vm_spec_set_uuid(spec, uuid) ? tw_error_set(err, TW_E_INTERNAL, "uuid", "out of memory") : true;
}

static bool take_version(const json_t *value, struct tw_error *err)
{
	if (!json_is_integer(value) || json_integer_value(value) != FORMAT_VERSION)
		return tw_error_set(err, TW_E_VERSION, "version", "only version %d is known", FORMAT_VERSION);
	return true;
}

static bool take_member(Tw__VmSpec *spec, const char *key, const json_t *value, struct tw_error *err)
{
	const struct {
		const char *key;
		char **text;
		uint32_t *number;
	} plain[] = {
		{ "name", &spec->name, NULL },     { "kernel", &spec->kernel, NULL },
		{ "initrd", &spec->initrd, NULL }, { "append", &spec->append, NULL },
		{ "disk", &spec->disk, NULL },     { "memory_mib", NULL, &spec->memory_mib },
		{ "cpus", NULL, &spec->cpus },     { "queues", NULL, &spec->queues },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (strcmp(key, plain[i].key) == 0)
			return plain[i].text ? take_text(value, plain[i].text, plain[i].key, err)
					     : take_number(value, plain[i].number, plain[i].key, err);
	if (strcmp(key, "version") == 0)
		return take_version(value, err);
	if (strcmp(key, "uuid") == 0)
		return take_uuid(value, spec, err);
	if (strcmp(key, "packed") == 0)
		return take_bool(value, &spec->packed, "packed", err);
	if (strcmp(key, "iommu") == 0)
		return take_bool(value, &spec->iommu, "iommu", err);
	if (strcmp(key, "ports") == 0)
		return take_list(value, &spec->ports, &spec->n_ports, TW_VM_PORTS_MAX, "ports", err);
	if (strcmp(key, "extra") == 0)
		return take_list(value, &spec->extra, &spec->n_extra, TW_VM_EXTRA_MAX, "extra", err);
	return tw_error_set(err, TW_E_INVALID, NULL, "\"%.60s\" is no member of a guest specification", key);
}

static bool take_object(Tw__VmSpec *spec, json_t *object, struct tw_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return tw_error_set(err, TW_E_MALFORMED, NULL, "a guest specification is a JSON object");
	if (!json_object_get(object, "version"))
		return tw_error_set(err, TW_E_MISSING, "version", NULL);
	json_object_foreach(object, key, value) if (!take_member(spec, key, value, err)) return false;
	return tw_vm_spec_check(spec, err);
}

Tw__VmSpec *tw_vm_spec_parse(const char *text, size_t size, struct tw_error *err)
{
	json_error_t where;
	json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	Tw__VmSpec *spec = object ? tw_vm_spec_new() : NULL;

	if (!object)
		tw_error_set(err, TW_E_MALFORMED, NULL, "line %d: %s", where.line, where.text);
	else if (!spec)
		tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	else if (!take_object(spec, object, err)) {
		tw_vm_spec_free(spec);
		spec = NULL;
	}
	json_decref(object);
	return spec;
}

int tw_vm_spec_save(const char *run_dir, const Tw__VmSpec *spec)
{
	char path[PATH_MAX];
	char *text = tw_vm_spec_format(spec);
	int rc = text ? tw_path(path, sizeof(path), "%s/vm/%s.json", run_dir, spec->name) : -ENOMEM;

	if (!rc)
		rc = tw_write_file(path, text, strlen(text));
	free(text);
	return rc;
}

Tw__VmSpec *tw_vm_spec_load(const char *run_dir, const char *name, struct tw_error *err)
{
	char path[PATH_MAX];
	Tw__VmSpec *spec;
	size_t size = 0;
	void *text = NULL;
	int rc;

	if (!tw_check_name(name, TW_VM_NAME_MAX, "name", err))
		return NULL;
	rc = tw_path(path, sizeof(path), "%s/vm/%s.json", run_dir, name);
	if (!rc)
		rc = tw_read_file(path, TW_VM_FILE_MAX, &text, &size);
	if (rc) {
		tw_error_set(err, rc == -ENOENT ? TW_E_NOT_FOUND : TW_E_INTERNAL, "name", "%.120s: %s", path,
			     strerror(-rc));
		return NULL;
	}
	spec = tw_vm_spec_parse(text, size, err);
	free(text);
	if (spec && strcmp(spec->name, name) != 0) {
		tw_error_set(err, TW_E_INVALID, "name", "%.120s is of another guest, %.63s", path, spec->name);
		tw_vm_spec_free(spec);
		spec = NULL;
	}
	return spec;
}
