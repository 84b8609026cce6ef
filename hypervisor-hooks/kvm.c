/* SPDX-License-Identifier: Apache-2.0 */
/* kvm.c - whether KVM runs guests on this machine; see qemu.h. Control threads. Owns nothing. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hypervisor-hooks/qemu.h"

enum { CPUINFO_MAX = 64 << 10 /* octets read: the first CPU's flags are within the first 4 KiB */ };

bool tw_qemu_cpu_has_vm_extensions(const char *cpuinfo)
{
	const char *line = strstr(cpuinfo, "\nflags");
	const char *end = line ? strchrnul(line + 1, '\n') : NULL;

	if (!line && strncmp(cpuinfo, "flags", 5) == 0) {
		line = cpuinfo;
		end = strchrnul(line, '\n');
	}
	for (const char *word = line; word && word < end; word++) {
		word += strspn(word, " \t:");
		size_t len = strcspn(word, " \t\n");

		if (len == 3 && (strncmp(word, "vmx", 3) == 0 || strncmp(word, "svm", 3) == 0) && word + 3 <= end)
			return true;
		word += len;
	}
	return false;
}

/* /proc files have no size to ask for (tw_read_file() would read nothing). */
static bool cpu_flag_set(void)
{
	char *text = malloc(CPUINFO_MAX + 1);
	int fd = text ? open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC) : -1;
	size_t have = 0;
	ssize_t n = 0;
	bool found;

	while (fd >= 0 && have < CPUINFO_MAX && (n = read(fd, text + have, CPUINFO_MAX - have)) > 0)
		have += (size_t)n;
	if (fd >= 0)
		close(fd);
	if (text)
		text[have] = '\0';
	found = text && tw_qemu_cpu_has_vm_extensions(text);
	free(text);
	return found;
}

bool tw_qemu_kvm_usable(void)
{
	int fd = cpu_flag_set() ? open("/dev/kvm", O_RDWR | O_CLOEXEC) : -1;
	bool usable = fd >= 0 && ioctl(fd, KVM_GET_API_VERSION, 0) == KVM_API_VERSION;

	if (fd >= 0)
		close(fd);
	return usable;
}
