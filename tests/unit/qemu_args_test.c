/* SPDX-License-Identifier: Apache-2.0 */
/* qemu_args_test.c - what QEMU is told, word for word: a change of it breaks migrations between versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hypervisor-hooks/qemu.h"
#include "hypervisor-hooks/vm_spec.h"

static const uint8_t uuid[TW_UUID_LEN] = { 0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x42, 0xd3,
					   0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00 };

static const struct tw_qemu_nic nics[] = {
	{ .socket = "/run/tw/vhost/7.sock", .mac = { 2, 0, 0, 0, 0, 7 }, .mtu = 1500 },
	{ .socket = "/run/tw/vhost/8.sock", .mac = { 2, 0, 0, 0, 0, 8 }, .mtu = 9000, .switch_listens = true },
};

static Tw__VmSpec *web(void)
{
	Tw__VmSpec *spec = tw_vm_spec_new();

	assert_int_equal(tw_vm_spec_set(&spec->name, "web"), 0);
	assert_int_equal(tw_vm_spec_set_uuid(spec, uuid), 0);
	spec->memory_mib = 192;
	spec->cpus = 2;
	assert_int_equal(tw_vm_spec_set(&spec->kernel, "/k/vmlinuz"), 0);
	assert_int_equal(tw_vm_spec_set(&spec->initrd, "/k/initrd"), 0);
	assert_int_equal(tw_vm_spec_set(&spec->append, "console=ttyS0 a,b"), 0);
	assert_int_equal(tw_vm_spec_add(&spec->ports, &spec->n_ports, "web/eth0"), 0);
	return spec;
}

/* One argument a line. */
static char *lines(const struct tw_qemu *qemu)
{
	static char text[8192];
	char **args = tw_qemu_args(qemu);
	size_t used = 0;

	assert_non_null(args);
	for (char **a = args; *a; a++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", *a);
	tw_vm_args_free(args);
	return text;
}

#define MACHINE(accel, cpu)                                                                          \
	"qemu-system-x86_64\n-name\nguest=web,debug-threads=on\n"                                    \
	"-uuid\n123e4567-e89b-42d3-a456-426614174000\n-no-user-config\n-nodefaults\n"                \
	"-display\nnone\n-machine\npc,usb=off\n-accel\n" accel "\n-cpu\n" cpu "\n-smp\n2\n-m\n192\n" \
	"-object\nmemory-backend-memfd,id=mem,size=192M,share=on\n-numa\nnode,memdev=mem\n"
#define BOOT "-kernel\n/k/vmlinuz\n-initrd\n/k/initrd\n-append\nconsole=ttyS0 a,b\n"
#define SOCKETS                                                                       \
	"-chardev\nsocket,id=qmp,path=/run/tw/vm/web.qmp,server=on,wait=off\n"        \
	"-mon\nchardev=qmp,mode=control\n"                                            \
	"-chardev\nsocket,id=console,path=/run/tw/vm/web.console,server=on,wait=off," \
	"logfile=/run/tw/vm/web.console.log\n-serial\nchardev:console\n"              \
	"-pidfile\n/run/tw/vm/web.pid\n"
#define NIC0(tail)                                                                        \
	"-chardev\nsocket,id=vhost0,path=/run/tw/vhost/7.sock,server=on,wait=off\n"       \
	"-netdev\nvhost-user,id=net0,chardev=vhost0\n"                                    \
	"-device\nvirtio-net-pci,id=nic0,netdev=net0,mac=02:00:00:00:00:07,mrg_rxbuf=on," \
	"host_mtu=1500,romfile=" tail "\n"

static void emulation_forgoes_msi_x(void **state)
{
	Tw__VmSpec *spec = web();
	const struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/tw", .nics = nics };

	assert_string_equal(lines(&qemu), MACHINE("tcg", "max") BOOT SOCKETS NIC0(",vectors=0"));
	tw_vm_spec_free(spec);
}

static void kvm_uses_the_hosts_cpu_and_msi_x(void **state)
{
	Tw__VmSpec *spec = web();
	const struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/tw", .nics = nics, .kvm = true };

	assert_string_equal(lines(&qemu), MACHINE("kvm", "host") BOOT SOCKETS NIC0(""));
	tw_vm_spec_free(spec);
}

static void queues_come_with_interrupts_of_their_own(void **state)
{
	Tw__VmSpec *spec = web();
	struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/tw", .nics = nics, .kvm = true };
	const char *text;

	spec->queues = 4;
	spec->packed = true;
	text = lines(&qemu);
	assert_non_null(strstr(text, "vhost-user,id=net0,chardev=vhost0,queues=4\n"));
	assert_non_null(strstr(text, "host_mtu=1500,romfile=,vectors=10,mq=on,packed=on\n"));
	qemu.kvm = false;
	assert_non_null(strstr(lines(&qemu), "host_mtu=1500,romfile=,vectors=0,mq=on,packed=on\n"));
	spec->queues = 1;
	assert_non_null(strstr(lines(&qemu), "host_mtu=1500,romfile=,vectors=0,packed=on\n"));
	tw_vm_spec_free(spec);
}

static void behind_an_iommu_each_vnic_has_a_slot_of_its_own(void **state)
{
	Tw__VmSpec *spec = web();
	struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/tw", .nics = nics, .kvm = true };
	const char *text;

	spec->iommu = true;
	text = lines(&qemu);
	assert_non_null(strstr(text, "-machine\nq35,usb=off\n-accel\nkvm,kernel-irqchip=split\n"));
	assert_non_null(strstr(text, "-device\nintel-iommu,intremap=on,device-iotlb=on\n"));
	assert_true(strstr(text, "intel-iommu") < strstr(text, "pcie-root-port,id=slot0,chassis=1\n"));
	assert_non_null(strstr(text, ",bus=slot0,disable-legacy=on,iommu_platform=on,ats=on\n"));
	qemu.kvm = false;
	assert_non_null(strstr(lines(&qemu), "-machine\nq35,usb=off\n-accel\ntcg\n"));
	tw_vm_spec_free(spec);
}

static void a_migration_adds_nothing_but_where_to_wait(void **state)
{
	Tw__VmSpec *spec = web();
	const struct tw_qemu qemu = {
		.spec = spec, .run_dir = "/run/tw", .nics = nics, .kvm = true, .incoming = "tcp:192.0.2.1:0"
	};

	assert_string_equal(lines(&qemu), MACHINE("kvm", "host") BOOT SOCKETS NIC0("") "-incoming\ntcp:192.0.2.1:0\n");
	tw_vm_spec_free(spec);
}

static void qemu_connects_where_the_switch_listens(void **state)
{
	Tw__VmSpec *spec = web();
	const struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/tw", .nics = nics };
	const char *text;

	assert_int_equal(tw_vm_spec_add(&spec->ports, &spec->n_ports, "web/eth1"), 0);
	text = lines(&qemu);
	assert_non_null(strstr(text, "socket,id=vhost0,path=/run/tw/vhost/7.sock,server=on,wait=off\n"));
	assert_non_null(strstr(text, "socket,id=vhost1,path=/run/tw/vhost/8.sock,reconnect=1\n"));
	assert_non_null(strstr(text, "id=nic1,netdev=net1,mac=02:00:00:00:00:08,mrg_rxbuf=on,host_mtu=9000,"));
	tw_vm_spec_free(spec);
}

static void commas_in_paths_start_no_option(void **state)
{
	Tw__VmSpec *spec = web();
	const struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/a,b", .nics = nics };
	const char *text;

	assert_int_equal(tw_vm_spec_set(&spec->disk, "/d,readonly=on/web.qcow2"), 0);
	text = lines(&qemu);
	assert_non_null(strstr(text, "path=/run/a,,b/vm/web.qmp,server=on"));
	assert_non_null(strstr(text, "logfile=/run/a,,b/vm/web.console.log\n"));
	assert_non_null(strstr(text, "-pidfile\n/run/a,b/vm/web.pid\n"));
	assert_non_null(strstr(text, "-drive\nfile=/d,,readonly=on/web.qcow2,format=qcow2,if=virtio,cache=none\n"));
	tw_vm_spec_free(spec);
}

static void a_disk_is_raw_unless_its_name_says_qcow2(void **state)
{
	Tw__VmSpec *spec = web();
	const struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/tw", .nics = nics };

	assert_int_equal(tw_vm_spec_set(&spec->disk, "/images/web.img"), 0);
	assert_non_null(strstr(lines(&qemu), "-drive\nfile=/images/web.img,format=raw,"));
	tw_vm_spec_free(spec);
}

static void further_arguments_may_name_the_run_directory_and_the_guest(void **state)
{
	Tw__VmSpec *spec = web();
	const struct tw_qemu qemu = { .spec = spec, .run_dir = "/run/tw", .nics = nics };

	assert_int_equal(tw_vm_spec_add(&spec->extra, &spec->n_extra, "%r/vm/%n.exec:%r%%r%%"), 0);
	assert_int_equal(tw_vm_spec_add(&spec->extra, &spec->n_extra, ""), 0);
	assert_non_null(strstr(lines(&qemu), "\n/run/tw/vm/web.exec:/run/tw%r%\n\n"));
	tw_vm_spec_free(spec);
}

static void kvm_is_for_cpus_that_say_so(void **state)
{
	static const struct {
		const char *cpuinfo;
		bool expected;
	} cases[] = {
		{ "processor\t: 0\nflags\t\t: fpu vme vmx sse\nbugs\t: none\n", true },
		{ "flags\t\t: fpu svm\n", true },
		{ "processor\t: 0\nflags\t\t: fpu svm", true },
		{ "processor\t: 0\nflags\t\t: fpu svm_lock vmxoff sse\n", false },
		{ "processor\t: 0\nmodel name\t: vmx\nflags\t\t: fpu\nvmx flags\t: ept svm\n", false },
		{ "processor\t: 0\nflags\t\t:\nbugs\t: vmx\n", false },
		{ "flags", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(tw_qemu_cpu_has_vm_extensions(cases[i].cpuinfo), cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(emulation_forgoes_msi_x),
		cmocka_unit_test(kvm_uses_the_hosts_cpu_and_msi_x),
		cmocka_unit_test(queues_come_with_interrupts_of_their_own),
		cmocka_unit_test(behind_an_iommu_each_vnic_has_a_slot_of_its_own),
		cmocka_unit_test(a_migration_adds_nothing_but_where_to_wait),
		cmocka_unit_test(qemu_connects_where_the_switch_listens),
		cmocka_unit_test(commas_in_paths_start_no_option),
		cmocka_unit_test(a_disk_is_raw_unless_its_name_says_qcow2),
		cmocka_unit_test(further_arguments_may_name_the_run_directory_and_the_guest),
		cmocka_unit_test(kvm_is_for_cpus_that_say_so),
	};

	unsetenv("TW_QEMU");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
