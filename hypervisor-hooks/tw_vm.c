/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_vm.c - tw-vm: starts a guest on the switch in one command, and lists, ends and talks to those it started.
 *
 * Threads  one.
 * Owns     nothing that outlives the command but the files in RUN_DIR/vm (vm_files.h).
 */
#include "hypervisor-hooks/tw_vm.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"

static const char help[] = "Usage: tw-vm run NAME [OPTION]... [-- QEMU-ARGUMENT...]\n"
			   "       tw-vm list [--json]\n"
			   "       tw-vm stop NAME [--keep]\n"
			   "       tw-vm console NAME\n"
			   "\n"
			   "Run guests on the switch. Each vNIC is a port of the switch, which the host's\n"
			   "agent binds to this host.\n"
			   "\n"
			   "run:\n"
			   "  -p, --port VM/NIC      a vNIC on this port; again for further ones, at most 8\n"
			   "  -k, --kernel FILE      boot this kernel\n"
			   "  -i, --initrd FILE      with this initramfs\n"
			   "  -a, --append TEXT      and this command line\n"
			   "  -d, --disk FILE        a disk (.qcow2, else raw); boot from it if there is no kernel\n"
			   "  -m, --memory MIB       memory; default 192\n"
			   "  -c, --cpus N           virtual CPUs; default 1\n"
			   "  -q, --queues N         queue pairs of each vNIC, at most 16; default 1\n"
			   "      --packed           vNICs offer packed rings\n"
			   "      --iommu            the guest has an IOMMU, and its vNICs are behind it\n"
			   "  -u, --uuid UUID        of the VM; default the one of its ports, else a random one\n"
			   "  -f, --foreground       stay until the guest ends\n"
			   "      --incoming URI     wait for a live migration there, and print \"incoming URI\";\n"
			   "                         with port 0 (tcp:ADDRESS:0) the line names the port taken\n"
			   "  In QEMU-ARGUMENT, %r stands for the run directory, %n for NAME, %% for %.\n"
			   "list:\n"
			   "  -j, --json             an array of objects: name, state, pid, specification\n"
			   "stop:\n"
			   "  -K, --keep             leave the ports bound to this host\n"
			   "console: ^] ends the session, not the guest.\n"
			   "\n"
			   "All:\n"
			   "  -r, --run-dir DIR      default $TW_RUN_DIR or /run/tradewind\n"
			   "  -h, --help\n"
			   "  -V, --version\n"
			   "\n"
			   "Exit status: 0 done, 1 failed, 2 usage.\n";

int tw_vm_help(void)
{
	fputs(help, stdout);
	return TW_VM_DONE;
}

int tw_vm_usage(const char *what, const char *detail)
{
	fprintf(stderr, "tw-vm: %s%s%s; see tw-vm --help\n", what, detail ? " " : "", detail ? detail : "");
	return TW_VM_USAGE;
}

int tw_vm_version(void)
{
	puts("tw-vm " TW_VERSION);
	return TW_VM_DONE;
}

int tw_vm_complain(const struct tw_error *err)
{
	fprintf(stderr, "tw-vm: %s%s%s  [%u]\n", err->field, *err->field ? ": " : "", err->text, err->code);
	return TW_VM_FAILED;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "run", tw_vm_cmd_run },
		{ "list", tw_vm_cmd_list },
		{ "stop", tw_vm_cmd_stop },
		{ "console", tw_vm_cmd_console },
	};

	tw_log_init("tw-vm", TW_LOG_WARNING);
	if (argc < 2)
		return tw_vm_usage("no command", NULL);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return tw_vm_help();
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return tw_vm_version();
	return tw_vm_usage("no such command:", argv[1]);
}
