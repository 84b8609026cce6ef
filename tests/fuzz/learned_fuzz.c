/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learned_fuzz.c - hosts that say anything of what they have learned: the controller believes no more than the model allows, and
 * tells no host of a MAC that is a port's, or behind a port that the host alone serves.
 *
 * The input is a program of steps of four octets: who, a MAC, a port, and how it is said; some steps change the model, or let time
 * pass. Ports 1 and 2 are a's and b's to begin with and learn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mac.h"
#include "controlplane/mem.h"
#include "tests/unit/ctl_fixture.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HOSTS = 3, PORTS = 2, VLAN = 10, LIMIT = 64, MORE = 1, ANEW = 2, LOST = 4, FORGOT = 8, STEPS = 512 };

static const char *const hosts[HOSTS] = { "a", "b", "c" };
static const char *const ports[PORTS] = { "web/eth0", "db/eth0" };

static struct {
	uint64_t next, origin, known;
} host[HOSTS];

static void learn_on(struct tw_controller *ctl, Tw__Learn learn)
{
	char name[] = "blue";
	Tw__Network network;

	tw__network__init(&network);
	network.name = name;
	network.learn = learn;
	ask_set(ctl, TW__KIND__NETWORK, &network.base, "learn", NULL);
}

static struct tw_controller *start(void)
{
	struct tw_controller *ctl = ctl_start(":memory:");

	memset(host, 0, sizeof(host));
	for (int i = 0; i < HOSTS; i++)
		ask_host(ctl, hosts[i], NULL);
	ask_network(ctl, "blue", VLAN, NULL);
	learn_on(ctl, TW__LEARN__LEARN_ACCEPT);
	for (int i = 0; i < PORTS; i++) {
		ask_port(ctl, ports[i], "blue", NULL);
		ask_bind(ctl, ports[i], hosts[i], NULL);
	}
	return ctl;
}

/* What a host is told, it may be told. */
static void hear(struct tw_controller *ctl, int who, const Tw__Ack *ack)
{
	const Tw__MacChanges *told = ack->remote;

	if (!told)
		return;
	for (size_t i = 0; i < told->n_macs; i++)
		for (size_t k = 0; k < PORTS; k++) {
			const Tw__Port *port = tw_model_port(&ctl->model, ports[k]);
			const char *at = tw_port_host(port);

			if (told->macs[i]->port == 0)
				continue;
			if (memcmp(told->macs[i]->mac.data, port->mac.data, TW_MAC_LEN) == 0 ||
			    (told->macs[i]->port == port->number && (!at || strcmp(at, hosts[who]) == 0)))
				abort();
		}
	host[who].origin = told->origin;
	host[who].known = told->next;
}

/* @param how MORE is to come, ANEW, a Report before it was LOST, the host FORGOT what it was told */
static void report(struct tw_controller *ctl, int who, uint8_t mac, uint32_t port, uint8_t how)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__MacChanges said = TW__MAC_CHANGES__INIT;
	Tw__MacPlace place = TW__MAC_PLACE__INIT, *list[1] = { &place };
	Tw__SwitchStatus status;
	Tw__Report body;
	uint8_t octets[TW_MAC_LEN];
	char name[4];
	struct answer answer;

	tw__report__init(&body);
	tw__switch_status__init(&status);
	snprintf(name, sizeof(name), "%s", hosts[who]);
	tw_mac_of_word(UINT64_C(0x0a0000000000) | mac, octets);
	place.mac = (ProtobufCBinaryData){ TW_MAC_LEN, octets };
	if (mac >= 0xfe)
		place.mac = tw_model_port(&ctl->model, ports[mac & 1])->mac;
	place.vlan = mac & 0x40 ? 0 : VLAN;
	place.port = port;
	host[who].next += how & LOST ? 2 : 1;
	said.origin = (uint64_t)who + 1;
	said.since = how & ANEW ? 0 : host[who].next - 1;
	said.next = host[who].next;
	said.more = how & MORE;
	said.macs = list;
	said.n_macs = 1;
	status.remote_origin = how & FORGOT ? 0 : host[who].origin;
	status.remote_known = host[who].known;
	body.host = name;
	body.status = &status;
	body.learned = &said;
	env.body_case = TW__ENVELOPE__BODY_REPORT;
	env.report = &body;
	if (ask(ctl, &env, &answer) == 0)
		hear(ctl, who, answer.reply->ack);
	answer_clear(&answer);
}

static void step(struct tw_controller *ctl, const uint8_t octets[4])
{
	int who = octets[0] % HOSTS;

	switch (octets[0] >> 4) {
	case 13:
		ctl_warp(ctl, octets[1] * UINT64_C(2000));
		break;
	case 14:
		learn_on(ctl, octets[1] & 1 ? TW__LEARN__LEARN_REJECT : TW__LEARN__LEARN_STRICT);
		break;
	case 15:
		if (octets[1] & 1)
			ask_bind(ctl, ports[octets[2] % PORTS], hosts[who], NULL);
		else
			ask_unbind(ctl, ports[octets[2] % PORTS], "", NULL);
		break;
	default:
		report(ctl, who, octets[1], octets[2] % 4, octets[3]);
	}
	if (tw_learned_count(ctl->learned) > PORTS * LIMIT)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	tw_log_init("learned_fuzz", TW_LOG_ERROR);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tw_controller *ctl = start();

	for (size_t at = 0; at + 4 <= size && at < 4 * STEPS; at += 4)
		step(ctl, data + at);
	tw_controller_destroy(ctl);
	return 0;
}
