/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qemu.c - builds QEMU's argument vector; see qemu.h.
 *
 * Threads  any; pure.
 * Owns     nothing.
 * Spec     qemu-system(1); docs/interop/vhost-user.rst for why guest memory is shared.
 */
#include "hypervisor-hooks/qemu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypervisor-hooks/args.h"
#include "hypervisor-hooks/vm_spec.h"

/* A value inside an option list: commas separate there, and are doubled (4096 octets of path, each a comma at worst). */
struct quoted {
	char text[2 * TW_VM_TEXT_MAX + 1];
};

static const char *quote(struct quoted *q, const char *value)
{
	size_t used = 0;

	for (const char *c = value; *c && used + 2 < sizeof(q->text); c++) {
		if (*c == ',')
			q->text[used++] = ',';
		q->text[used++] = *c;
	}
	q->text[used] = '\0';
	return q->text;
}

static void add2(struct tw_args *args, const char *option, const char *value)
{
	tw_args_add(args, option);
	tw_args_add(args, value);
}

static void add_machine(struct tw_args *args, const struct tw_qemu *q)
{
	const Tw__VmSpec *spec = q->spec;
	char uuid[TW_UUID_TEXT];

	tw_args_add(args, "-name");
	tw_args_addf(args, "guest=%s,debug-threads=on", spec->name);
	add2(args, "-uuid", tw_uuid_format(spec->uuid.data, uuid));
	tw_args_add(args, "-no-user-config");
	tw_args_add(args, "-nodefaults");
	add2(args, "-display", "none");
	add2(args, "-machine", spec->iommu ? "q35,usb=off" : "pc,usb=off");
	if (q->kvm) /* interrupts can be remapped only where QEMU has part of the controller */
		add2(args, "-accel", spec->iommu ? "kvm,kernel-irqchip=split" : "kvm");
	else
		add2(args, "-accel", "tcg");
	add2(args, "-cpu", q->kvm ? "host" : "max");
	tw_args_add(args, "-smp");
	tw_args_addf(args, "%u", spec->cpus);
	tw_args_add(args, "-m");
	tw_args_addf(args, "%u", spec->memory_mib);
	/* The switch maps the guest's memory: it must be a file that can be passed on, and shared. */
	tw_args_add(args, "-object");
	tw_args_addf(args, "memory-backend-memfd,id=mem,size=%uM,share=on", spec->memory_mib);
	add2(args, "-numa", "node,memdev=mem");
	/* Before all devices that are behind it. */
	if (spec->iommu)
		add2(args, "-device", "intel-iommu,intremap=on,device-iotlb=on");
}

static void add_boot(struct tw_args *args, const Tw__VmSpec *spec)
{
	struct quoted q;

	if (*spec->kernel)
		add2(args, "-kernel", spec->kernel);
	if (*spec->initrd)
		add2(args, "-initrd", spec->initrd);
	if (*spec->append)
		add2(args, "-append", spec->append);
	if (*spec->disk) {
		size_t len = strlen(spec->disk);
		bool qcow2 = len > 6 && strcmp(spec->disk + len - 6, ".qcow2") == 0;

		/* The format is never guessed from the content, which is the guest's to write. */
		tw_args_add(args, "-drive");
		tw_args_addf(args, "file=%s,format=%s,if=virtio,cache=none", quote(&q, spec->disk),
			     qcow2 ? "qcow2" : "raw");
	}
}

static void add_sockets(struct tw_args *args, const struct tw_qemu *q)
{
	const char *name = q->spec->name;
	struct quoted dir;

	quote(&dir, q->run_dir);
	tw_args_add(args, "-chardev");
	tw_args_addf(args, "socket,id=qmp,path=%s/vm/%s.qmp,server=on,wait=off", dir.text, name);
	add2(args, "-mon", "chardev=qmp,mode=control");
	tw_args_add(args, "-chardev");
	tw_args_addf(args, "socket,id=console,path=%s/vm/%s.console,server=on,wait=off,logfile=%s/vm/%s.console.log",
		     dir.text, name, dir.text, name);
	add2(args, "-serial", "chardev:console");
	tw_args_add(args, "-pidfile");
	tw_args_addf(args, "%s/vm/%s.pid", q->run_dir, name);
}

static void add_nic(struct tw_args *args, const struct tw_qemu *q, size_t i)
{
	const struct tw_qemu_nic *nic = &q->nics[i];
	const Tw__VmSpec *spec = q->spec;
	char mac[TW_MAC_TEXT], queues[24] = "", vectors[24] = "", iommu[80] = "";
	struct quoted path;

	if (spec->queues > 1)
		snprintf(queues, sizeof(queues), ",queues=%u", spec->queues);
	/* QEMU 7.2 under TCG crashes when a vhost-user device with MSI-X starts, hence none there. */
	if (!q->kvm)
		snprintf(vectors, sizeof(vectors), ",vectors=0");
	else if (spec->queues > 1) /* one a ring, one for the control queue, one for changes of the configuration */
		snprintf(vectors, sizeof(vectors), ",vectors=%u", 2 * spec->queues + 2);
	if (spec->iommu) { /* addresses are translated for what is in a slot of its own alone */
		snprintf(iommu, sizeof(iommu), ",bus=slot%zu,disable-legacy=on,iommu_platform=on,ats=on", i);
		tw_args_add(args, "-device");
		tw_args_addf(args, "pcie-root-port,id=slot%zu,chassis=%zu", i, i + 1);
	}
	tw_args_add(args, "-chardev");
	tw_args_addf(args, "socket,id=vhost%zu,path=%s,%s", i, quote(&path, nic->socket),
		     nic->switch_listens ? "reconnect=1" : "server=on,wait=off");
	tw_args_add(args, "-netdev");
	tw_args_addf(args, "vhost-user,id=net%zu,chardev=vhost%zu%s", i, i, queues);
	tw_args_add(args, "-device");
	tw_args_addf(args, "virtio-net-pci,id=nic%zu,netdev=net%zu,mac=%s,mrg_rxbuf=on,host_mtu=%u,romfile=%s%s%s%s", i,
		     i, tw_mac_format(nic->mac, mac), nic->mtu, vectors, spec->queues > 1 ? ",mq=on" : "",
		     spec->packed ? ",packed=on" : "", iommu);
}

/* %r = run directory, %n = name of the guest, %% = %. The specification's check has seen to the rest. */
static void add_extra(struct tw_args *args, const struct tw_qemu *q, const char *text)
{
	size_t size = strlen(text) * (strlen(q->run_dir) + TW_VM_NAME_MAX + 1) + 1;
	char *out = malloc(size), *end = out;

	if (!out) {
		args->failed = true;
		return;
	}
	for (const char *c = text; *c; c++) {
		if (c[0] != '%' || !c[1])
			*end++ = *c;
		else if (*++c == 'r')
			end = stpcpy(end, q->run_dir);
		else if (*c == 'n')
			end = stpcpy(end, q->spec->name);
		else
			*end++ = *c;
	}
	*end = '\0';
	tw_args_add(args, out);
	free(out);
}

char **tw_qemu_args(const struct tw_qemu *q)
{
	const char *program = getenv("TW_QEMU");
	struct tw_args args = { 0 };

	tw_args_add(&args, program && *program ? program : "qemu-system-x86_64");
	add_machine(&args, q);
	add_boot(&args, q->spec);
	add_sockets(&args, q);
	for (size_t i = 0; i < q->spec->n_ports; i++)
		add_nic(&args, q, i);
	for (size_t i = 0; i < q->spec->n_extra; i++)
		add_extra(&args, q, q->spec->extra[i]);
	if (q->incoming)
		add2(&args, "-incoming", q->incoming);
	return tw_args_take(&args);
}
