/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_stop.c - tw-vm stop: ends a guest and lets its ports go. One thread. Owns nothing. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "common/path.h"
#include "hypervisor-hooks/attach.h"
#include "hypervisor-hooks/launch.h"
#include "hypervisor-hooks/tw_vm.h"
#include "hypervisor-hooks/vm_files.h"
#include "hypervisor-hooks/vm_spec.h"

static const struct option options[] = { { "keep", no_argument, NULL, 'K' },
					 { "run-dir", required_argument, NULL, 'r' },
					 { "help", no_argument, NULL, 'h' },
					 { "version", no_argument, NULL, 'V' },
					 { NULL } };

/* A guest that ended by itself still has its file, and its ports. */
static int stop(const char *run_dir, const char *name, bool keep)
{
	struct tw_error err = { 0 };
	Tw__VmSpec *spec = tw_vm_spec_load(run_dir, name, &err);
	int rc;

	if (!spec && err.code == TW_E_NOT_FOUND) {
		tw_error_set(&err, TW_E_NOT_FOUND, name, "tw-vm has started no guest of this name here");
		return tw_vm_complain(&err);
	}
	if (!spec && err.field[0] && strcmp(err.field, "name") == 0)
		return tw_vm_complain(&err);
	rc = tw_vm_end(run_dir, name);
	if (rc)
		tw_error_set(&err, TW_E_VMM, name, "QEMU does not end: %s", strerror(-rc));
	else if (spec && !keep)
		rc = tw_vm_detach(run_dir, spec, &err);
	/* Ports that could not be let go are the operator's to unbind (twctl port unbind); the guest is gone. */
	if (rc != -EBUSY)
		tw_vm_forget(run_dir, name);
	tw_vm_spec_free(spec);
	return err.code ? tw_vm_complain(&err) : TW_VM_DONE;
}

int tw_vm_cmd_stop(int argc, char **argv)
{
	const char *run_dir = NULL;
	bool keep = false;
	int option;

	while ((option = getopt_long(argc, argv, "Kr:hV", options, NULL)) != -1) {
		switch (option) {
		case 'K':
			keep = true;
			break;
		case 'r':
			run_dir = optarg;
			break;
		case 'h':
			return tw_vm_help();
		case 'V':
			return tw_vm_version();
		default:
			return tw_vm_usage("the options of stop are wrong", NULL);
		}
	}
	if (optind + 1 != argc)
		return tw_vm_usage("stop needs one name", NULL);
	return stop(tw_run_dir(run_dir), argv[optind], keep);
}
