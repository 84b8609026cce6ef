/* SPDX-License-Identifier: Apache-2.0 */
/* vm_spec_fuzz.c - files of guests that anybody wrote: refused, or read to something that can be written and started. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hypervisor-hooks/qemu.h"
#include "hypervisor-hooks/vm_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tw_qemu_nic nics[TW_VM_PORTS_MAX];
	struct tw_error err = { 0 };
	Tw__VmSpec *spec = tw_vm_spec_parse((const char *)data, size, &err), *again;
	struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/a,b", .nics = nics };
	char **args, *text;

	if (!spec) {
		if (!err.code || !*err.text)
			abort();
		return 0;
	}
	text = tw_vm_spec_format(spec);
	again = tw_vm_spec_parse(text, strlen(text), &err);
	if (!again || again->n_ports != spec->n_ports || strcmp(again->append, spec->append) != 0)
		abort();
	args = tw_qemu_args(&qemu);
	if (!args)
		abort();
	tw_vm_args_free(args);
	tw_vm_spec_free(again);
	tw_vm_spec_free(spec);
	free(text);
	return 0;
}
