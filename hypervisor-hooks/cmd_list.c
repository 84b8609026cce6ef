/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_list.c - tw-vm list: the guests of this run directory, sorted by name. One thread. Owns nothing. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/path.h"
#include "hypervisor-hooks/tw_vm.h"
#include "hypervisor-hooks/vm_files.h"
#include "hypervisor-hooks/vm_spec.h"

static const struct option options[] = { { "json", no_argument, NULL, 'j' },
					 { "run-dir", required_argument, NULL, 'r' },
					 { "help", no_argument, NULL, 'h' },
					 { "version", no_argument, NULL, 'V' },
					 { NULL } };

static int is_specification(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static void print_row(const Tw__VmSpec *spec, pid_t pid)
{
	char number[16] = "-";

	if (pid > 0)
		snprintf(number, sizeof(number), "%d", (int)pid);
	printf("%-20s %-8s %8s %5u %10u  ", spec->name, pid > 0 ? "running" : "ended", number, spec->cpus,
	       spec->memory_mib);
	for (size_t i = 0; i < spec->n_ports; i++)
		printf("%s%s", i > 0 ? "," : "", spec->ports[i]);
	putchar('\n');
}

static void add_object(json_t *array, const Tw__VmSpec *spec, pid_t pid)
{
	char *text = tw_vm_spec_format(spec);
	json_t *specification = text ? json_loads(text, 0, NULL) : NULL;

	free(text);
	json_array_append_new(array, json_pack("{s:s, s:s, s:o*, s:o}", "name", spec->name, "state",
					       pid > 0 ? "running" : "ended", "pid", pid > 0 ? json_integer(pid) : NULL,
					       "specification", specification ? specification : json_null()));
}

static int list(const char *run_dir, bool json)
{
	struct dirent **entries = NULL;
	char folder[PATH_MAX];
	int n = tw_vm_path(folder, sizeof(folder), run_dir, NULL, NULL)
			? 0
			: scandir(folder, &entries, is_specification, alphasort);
	json_t *array = json ? json_array() : NULL;
	int status = TW_VM_DONE;

	if (!json)
		printf("%-20s %-8s %8s %5s %10s  %s\n", "NAME", "STATE", "PID", "CPUS", "MEMORY/MIB", "PORTS");
	for (int i = 0; i < n; i++) {
		struct tw_error err = { 0 };
		Tw__VmSpec *spec;

		entries[i]->d_name[strlen(entries[i]->d_name) - 5] = '\0';
		spec = tw_vm_spec_load(run_dir, entries[i]->d_name, &err);
		if (!spec)
			status = tw_vm_complain(&err);
		else if (json)
			add_object(array, spec, tw_vm_pid(run_dir, spec->name));
		else
			print_row(spec, tw_vm_pid(run_dir, spec->name));
		tw_vm_spec_free(spec);
		free(entries[i]);
	}
	free(entries);
	if (json && json_dumpf(array, stdout, JSON_INDENT(2)) == 0)
		putchar('\n');
	json_decref(array);
	return status;
}

int tw_vm_cmd_list(int argc, char **argv)
{
	const char *run_dir = NULL;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "jr:hV", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'r':
			run_dir = optarg;
			break;
		case 'h':
			return tw_vm_help();
		case 'V':
			return tw_vm_version();
		default:
			return tw_vm_usage("the options of list are wrong", NULL);
		}
	}
	if (optind != argc)
		return tw_vm_usage("list takes no name:", argv[optind]);
	return list(tw_run_dir(run_dir), json);
}
