/* SPDX-License-Identifier: Apache-2.0 */
/*
 * badguest.c - a guest that misbehaves in the way it is told, on a vhost-user socket the switch listens on.
 *
 * Usage: badguest SOCKET THREAT. Says "ok" when the threat is under way (or was carried out: its connection must have been
 * ended, or must not, as the threat has it), else "not ok"; goes on until its standard input ends. --list names the threats.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/badguest.h"

enum { PUMP_US = 500, UNDER_WAY = 20 };

struct bg bg_device;
const char *bg_path;
unsigned bg_turn;

static bool told_to_end(int ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char octet;

	return poll(&in, 1, ms) > 0 && read(STDIN_FILENO, &octet, 1) <= 0;
}

static void start(void)
{
	bg_start(&bg_device);
}

static void pump(void (*begin)(void), void (*fn)(void))
{
	bg_connect(&bg_device, bg_path);
	begin();
	bg_device.ring[1].avail[0] = 1; /* no calls */
	for (bg_turn = 0; bg_turn == 0 || !told_to_end(0); bg_turn++) {
		fn();
		for (int i = 0; i < 8; i++)
			bg_offer(&bg_device, 1, 0);
		if (bg_turn == UNDER_WAY)
			puts("ok");
		usleep(PUMP_US);
	}
}

static void carry_out(void (*fn)(void))
{
	fn();
	puts("ok");
	while (!told_to_end(1000))
		;
}

static const struct bg_threat *find(const struct bg_threat *list, const char *name)
{
	while (list->name && strcmp(list->name, name) != 0)
		list++;
	return list->name ? list : NULL;
}

static int list_all(void)
{
	static const struct bg_threat *const lists[] = { bg_ring_threats, bg_iommu_threats, bg_message_threats,
							 bg_iommu_messages };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct bg_threat *t = lists[i]; t->name; t++)
			puts(t->name);
	return 0;
}

int main(int argc, char **argv)
{
	const struct bg_threat *t;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list_all();
	if (argc != 3)
		return fputs("Usage: badguest SOCKET THREAT\n", stderr), 2;
	bg_path = argv[1];
	if ((t = find(bg_ring_threats, argv[2])))
		pump(start, t->fn);
	else if ((t = find(bg_iommu_threats, argv[2])))
		pump(bg_iommu_start, t->fn);
	else if ((t = find(bg_message_threats, argv[2])) || (t = find(bg_iommu_messages, argv[2])))
		carry_out(t->fn);
	else
		fprintf(stderr, "no such threat: %s\n", argv[2]);
	return t ? 0 : 2;
}
