/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_run.c - tw-vm run: specification, ports, QEMU, in this order; each failure undoes what was done before it.
 *
 * Threads  one.
 * Owns     the specification; the QEMU process until it answers (foreground: until it ends).
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/mac.h"
#include "common/path.h"
#include "hypervisor-hooks/attach.h"
#include "hypervisor-hooks/launch.h"
#include "hypervisor-hooks/tw_vm.h"
#include "hypervisor-hooks/vm_files.h"
#include "hypervisor-hooks/vm_spec.h"

enum { DEFAULT_MEMORY_MIB = 192, DEFAULT_CPUS = 1, URI_SIZE = 300, OPT_INCOMING = 256, OPT_PACKED, OPT_IOMMU };

struct run {
	Tw__VmSpec *spec;
	const char *run_dir, *incoming;
	bool foreground;
	int status; /* >= 0: options alone decide the exit status */
};

static const struct option options[] = { { "port", required_argument, NULL, 'p' },
					 { "kernel", required_argument, NULL, 'k' },
					 { "initrd", required_argument, NULL, 'i' },
					 { "append", required_argument, NULL, 'a' },
					 { "disk", required_argument, NULL, 'd' },
					 { "memory", required_argument, NULL, 'm' },
					 { "cpus", required_argument, NULL, 'c' },
					 { "queues", required_argument, NULL, 'q' },
					 { "packed", no_argument, NULL, OPT_PACKED },
					 { "iommu", no_argument, NULL, OPT_IOMMU },
					 { "uuid", required_argument, NULL, 'u' },
					 { "run-dir", required_argument, NULL, 'r' },
					 { "foreground", no_argument, NULL, 'f' },
					 { "incoming", required_argument, NULL, OPT_INCOMING },
					 { "help", no_argument, NULL, 'h' },
					 { "version", no_argument, NULL, 'V' },
					 { NULL } };

static int number_option(const char *text, uint32_t *number)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value > INT32_MAX)
		return -EINVAL;
	*number = (uint32_t)value;
	return 0;
}

static int uuid_option(Tw__VmSpec *spec, const char *text)
{
	uint8_t uuid[TW_UUID_LEN];

	return tw_uuid_parse(text, uuid) ? tw_vm_spec_set_uuid(spec, uuid) : -EINVAL;
}

/* Paths are filed, and used on other hosts: relative ones are made absolute, against this folder. */
static int path_option(char **field, const char *path)
{
	char *absolute = *path == '/' ? strdup(path) : realpath(path, NULL);
	int rc = absolute ? tw_vm_spec_set(field, absolute) : -errno;

	free(absolute);
	return rc;
}

static int take_option(struct run *r, int option, const char *value)
{
	switch (option) {
	case 'p':
		return tw_vm_spec_add(&r->spec->ports, &r->spec->n_ports, value);
	case 'k':
		return path_option(&r->spec->kernel, value);
	case 'i':
		return path_option(&r->spec->initrd, value);
	case 'a':
		return tw_vm_spec_set(&r->spec->append, value);
	case 'd':
		return path_option(&r->spec->disk, value);
	case 'm':
		return number_option(value, &r->spec->memory_mib);
	case 'c':
		return number_option(value, &r->spec->cpus);
	case 'q':
		return number_option(value, &r->spec->queues);
	case OPT_PACKED:
		r->spec->packed = true;
		return 0;
	case OPT_IOMMU:
		r->spec->iommu = true;
		return 0;
	case 'u':
		return uuid_option(r->spec, value);
	case 'r':
		r->run_dir = value;
		return 0;
	case 'f':
		r->foreground = true;
		return 0;
	default:
		r->incoming = value;
		return 0;
	}
}

/* NAME may stand before the options or behind them; what follows "--" is QEMU's. Returns 0 or -errno. */
static int take_words(struct run *r, int argc, char **argv)
{
	bool dashes = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
	int rc = 0;

	if (!*r->spec->name && !dashes && optind < argc)
		rc = tw_vm_spec_set(&r->spec->name, argv[optind++]);
	if (optind < argc && !dashes && strcmp(argv[optind], "--") == 0) {
		dashes = true;
		optind++;
	}
	if (optind < argc && !dashes)
		r->status = tw_vm_usage("too many names:", argv[optind]);
	for (; !rc && optind < argc; optind++)
		rc = tw_vm_spec_add(&r->spec->extra, &r->spec->n_extra, argv[optind]);
	return rc;
}

static void parse(struct run *r, int argc, char **argv)
{
	int option, rc = 0;

	/* The leading '-' hands over words in place, so NAME is found wherever it stands before "--". */
	while (r->status < 0 && (option = getopt_long(argc, argv, "-p:k:i:a:d:m:c:q:u:r:fhV", options, NULL)) != -1) {
		if (option == 'h')
			r->status = tw_vm_help();
		else if (option == 'V')
			r->status = tw_vm_version();
		else if (option == '?')
			r->status = tw_vm_usage("the options of run are wrong", NULL);
		else if (option == 1 && *r->spec->name)
			r->status = tw_vm_usage("too many names:", optarg);
		else if (option == 1)
			rc = tw_vm_spec_set(&r->spec->name, optarg);
		else
			rc = take_option(r, option, optarg);
		if (rc) {
			fprintf(stderr, "tw-vm: %s: %s\n", optarg, strerror(-rc));
			r->status = rc == -EINVAL ? TW_VM_USAGE : TW_VM_FAILED;
		}
	}
	if (r->status < 0 && take_words(r, argc, argv))
		r->status = TW_VM_FAILED;
	if (r->status < 0 && !*r->spec->name)
		r->status = tw_vm_usage("run needs a name", NULL);
}

/* A guest without ports has nobody to give it a UUID. The check before attaching needs one in any case. */
static bool check(const struct run *r, struct tw_error *err)
{
	uint8_t uuid[TW_UUID_LEN];
	bool given = r->spec->uuid.len > 0, ok;

	if (!given) {
		tw_uuid_random(uuid);
		if (tw_vm_spec_set_uuid(r->spec, uuid))
			return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	}
	ok = tw_vm_spec_check(r->spec, err);
	if (!given && r->spec->n_ports > 0) {
		free(r->spec->uuid.data);
		r->spec->uuid.data = NULL;
		r->spec->uuid.len = 0;
	}
	return ok;
}

static int prepare_folders(const struct run *r, struct tw_error *err)
{
	static const char *const folders[] = { "vm", "vhost" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		char path[PATH_MAX];
		int rc = tw_path(path, sizeof(path), "%s/%s", r->run_dir, folders[i]);

		if (!rc)
			rc = tw_mkdirs(path);
		if (rc) {
			tw_error_set(err, TW_E_INTERNAL, NULL, "%.120s: %s", path, strerror(-rc));
			return rc;
		}
	}
	return 0;
}

static int launch(const struct run *r, const struct tw_qemu_nic *nics, pid_t *pid, struct tw_error *err)
{
	const struct tw_qemu qemu = { .spec = r->spec,
				      .run_dir = r->run_dir,
				      .incoming = r->incoming,
				      .kvm = tw_qemu_kvm_usable(),
				      .nics = nics };
	char **args = tw_qemu_args(&qemu), uri[URI_SIZE] = "";
	int rc =
		args ? tw_vm_launch(r->run_dir, r->spec->name, args, r->incoming, pid, uri, sizeof(uri), err) : -ENOMEM;

	tw_vm_args_free(args);
	if (rc)
		return rc;
	rc = tw_vm_spec_save(r->run_dir, r->spec);
	if (rc) {
		tw_error_set(err, TW_E_INTERNAL, NULL, "the specification cannot be filed: %s", strerror(-rc));
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
		return rc;
	}
	if (r->incoming)
		printf("incoming %s\n", uri);
	else
		printf("%s runs, pid %d\n", r->spec->name, (int)*pid);
	fflush(stdout);
	return 0;
}

/* Signals are taken by sigwait(): blocked before QEMU starts, so none is lost in between. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGCHLD);
	sigprocmask(SIG_BLOCK, set, NULL);
}

/* Until the guest ends by itself or we are told to end it. Both are success. */
static int stay(const struct run *r, pid_t pid, const sigset_t *signals)
{
	struct tw_error err = { 0 };
	int signal = 0, rc;

	while (waitpid(pid, NULL, WNOHANG) == 0 && signal != SIGTERM && signal != SIGINT)
		sigwait(signals, &signal);
	rc = tw_vm_end(r->run_dir, r->spec->name);
	if (!rc && !tw_vm_detach(r->run_dir, r->spec, &err))
		tw_vm_forget(r->run_dir, r->spec->name);
	return rc || err.code ? tw_vm_complain(&err) : TW_VM_DONE;
}

static int run(struct run *r)
{
	struct tw_qemu_nic nics[TW_VM_PORTS_MAX] = { 0 };
	struct tw_error err = { 0 }, ignored = { 0 };
	sigset_t signals;
	pid_t pid = tw_vm_pid(r->run_dir, r->spec->name);

	if (pid > 0) {
		tw_error_set(&err, TW_E_EXISTS, r->spec->name, "the guest runs already, pid %d", (int)pid);
		return tw_vm_complain(&err);
	}
	if (!check(r, &err) || prepare_folders(r, &err) ||
	    tw_vm_attach(r->run_dir, r->spec, r->incoming != NULL, nics, &err))
		return tw_vm_complain(&err);
	if (r->foreground)
		block_signals(&signals);
	if (launch(r, nics, &pid, &err)) {
		tw_vm_forget(r->run_dir, r->spec->name);
		if (!r->incoming && tw_vm_detach(r->run_dir, r->spec, &ignored))
			tw_vm_complain(&ignored);
		return tw_vm_complain(&err);
	}
	return r->foreground ? stay(r, pid, &signals) : TW_VM_DONE;
}

int tw_vm_cmd_run(int argc, char **argv)
{
	struct run r = { .spec = tw_vm_spec_new(), .status = -1 };

	if (!r.spec)
		return TW_VM_FAILED;
	r.spec->memory_mib = DEFAULT_MEMORY_MIB;
	r.spec->cpus = DEFAULT_CPUS;
	parse(&r, argc, argv);
	r.run_dir = tw_run_dir(r.run_dir);
	if (r.status < 0)
		r.status = run(&r);
	tw_vm_spec_free(r.spec);
	return r.status;
}
