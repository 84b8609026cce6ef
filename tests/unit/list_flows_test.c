/* SPDX-License-Identifier: Apache-2.0 */
/* list_flows_test.c - flows of all hosts in one answer, those of a port wherever they are metered, and who is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/flows.h"
#include "tests/unit/ctl_fixture.h"

/* web (port 1) on a, db (port 2) on b, one VLAN; hosts a and b run, c does not. */
static int start(void **state)
{
	struct tw_controller *ctl = ctl_start(":memory:");

	assert_int_equal(ask_host(ctl, "a", NULL), 0);
	assert_int_equal(ask_host(ctl, "b", NULL), 0);
	assert_int_equal(ask_host(ctl, "c", NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "db/eth0", "blue", NULL), 0);
	assert_int_equal(ask_bind(ctl, "web/eth0", "a", NULL), 0);
	assert_int_equal(ask_bind(ctl, "db/eth0", "b", NULL), 0);
	host_comes(ctl, "a");
	host_comes(ctl, "b");
	*state = ctl;
	return 0;
}

static int stop(void **state)
{
	ctl_stop(*state);
	return 0;
}

static uint32_t ask_of(struct tw_controller *ctl, Tw__ListFlows *body, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;

	env.body_case = TW__ENVELOPE__BODY_LIST_FLOWS;
	env.list_flows = body;
	return ask(ctl, &env, answer);
}

static uint32_t ask_flows(struct tw_controller *ctl, const char *port, const char *host, uint32_t limit,
			  struct answer *answer)
{
	Tw__ListFlows body;
	char p[64], h[64];

	snprintf(p, sizeof(p), "%s", port);
	snprintf(h, sizeof(h), "%s", host);
	tw__list_flows__init(&body);
	body.port = p;
	body.host = h;
	body.limit = limit;
	return ask_of(ctl, &body, answer);
}

static uint32_t macs_asked;

/* The GetFlows that the host is given: the last port it names, the limit, and how many MACs. @return the task's id, 0 = none */
static uint64_t take(struct tw_controller *ctl, const char *host, uint32_t *port, uint32_t *limit)
{
	struct answer w;
	uint64_t id = 0;

	assert_int_equal(ask_watch(ctl, host, ctl->model.revision, 0, &w), 0);
	if (w.reply->watch_reply->n_tasks) {
		const Tw__Task *task = w.reply->watch_reply->tasks[0];

		assert_int_equal(task->what_case, TW__TASK__WHAT_FLOWS);
		id = task->id;
		*port = task->flows->filter->n_ports ? task->flows->filter->ports[task->flows->filter->n_ports - 1] : 0;
		macs_asked = (uint32_t)task->flows->filter->n_macs;
		*limit = task->flows->limit;
	}
	answer_clear(&w);
	return id;
}

/* Answer with three flows: from web to db, from db to web, from somebody else. */
static void give(struct tw_controller *ctl, const char *host, uint64_t id)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Flow f[3], *list[3];
	Tw__Flows flows = TW__FLOWS__INIT;
	Tw__TaskResult result;
	const Tw__Port *web = tw_model_port(&ctl->model, "web/eth0"), *db = tw_model_port(&ctl->model, "db/eth0");
	uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };
	char name[4];

	for (int i = 0; i < 3; i++) {
		tw__flow__init(&f[i]);
		f[i].src_mac.len = f[i].dst_mac.len = 6;
		f[i].src_mac.data = f[i].dst_mac.data = other;
		list[i] = &f[i];
	}
	f[0].src_mac = f[1].dst_mac = web->mac;
	f[0].dst_mac = f[1].src_mac = db->mac;
	flows.flows = list;
	flows.n_flows = 3;
	flows.total = 3;
	snprintf(name, sizeof(name), "%s", host);
	tw__task_result__init(&result);
	result.host = name;
	result.id = id;
	result.what_case = TW__TASK_RESULT__WHAT_FLOWS;
	result.flows = &flows;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	assert_int_equal(ask(ctl, &env, NULL), 0);
}

static void flows_of_all_hosts_come_in_one_answer(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer f;
	uint32_t port, limit;

	ask_flows(ctl, "", "", 7, &f);
	assert_int_equal(f.n, 0);
	give(ctl, "b", take(ctl, "b", &port, &limit));
	assert_int_equal(port, 0);
	assert_int_equal(limit, 7);
	assert_int_equal(f.n, 0);
	give(ctl, "a", take(ctl, "a", &port, &limit));
	assert_int_equal(f.n, 1);
	assert_int_equal(f.reply->flow_list->n_hosts, 2);
	assert_string_equal(f.reply->flow_list->hosts[0]->host, "a");
	assert_int_equal(f.reply->flow_list->hosts[0]->flows->n_flows, 3);
	assert_int_equal(f.reply->flow_list->n_missing, 1);
	assert_string_equal(f.reply->flow_list->missing[0], "c");
	answer_clear(&f);
}

/* A frame is metered where a guest sends it: what is sent to the port is known elsewhere. */
static void flows_of_a_port_are_asked_for_at_every_host(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer f;
	uint32_t port, limit;

	ask_flows(ctl, "db/eth0", "", 100, &f);
	give(ctl, "a", take(ctl, "a", &port, &limit));
	assert_int_equal(port, 2);
	assert_int_equal(macs_asked, 1);
	assert_int_equal(limit, 100);
	give(ctl, "b", take(ctl, "b", &port, &limit));
	assert_int_equal(port, 2);
	assert_int_equal(f.n, 1);
	answer_clear(&f);
}

static void a_vm_and_a_network_stand_for_their_ports(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__ListFlows body;
	Tw__FlowFilter filter;
	char vm[] = "web", network[] = "blue", empty[] = "", nobody[] = "we";
	struct answer f;
	uint32_t port = 0, limit;

	tw__list_flows__init(&body);
	tw__flow_filter__init(&filter);
	filter.protocol = 6;
	body.filter = &filter;
	body.network = network;
	body.order = TW__FLOW_ORDER__FLOWS_BYTES;
	ask_of(ctl, &body, &f);
	take(ctl, "a", &port, &limit);
	assert_int_equal(macs_asked, 2);
	answer_clear(&f);
	body.vm = vm;
	ask_of(ctl, &body, &f);
	take(ctl, "b", &port, &limit);
	answer_clear(&f);
	body.network = empty;
	body.vm = nobody; /* not each whose name begins so */
	assert_int_equal(ask_of(ctl, &body, NULL), TW_E_NOT_FOUND);
	body.vm = empty;
	body.network = nobody;
	assert_int_equal(ask_of(ctl, &body, NULL), TW_E_NOT_FOUND);
}

static void a_host_that_sends_more_than_was_asked_is_cut_short(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer f;
	uint32_t port, limit;

	ask_flows(ctl, "", "b", 2, &f);
	give(ctl, "b", take(ctl, "b", &port, &limit)); /* three */
	assert_int_equal(f.reply->flow_list->hosts[0]->flows->n_flows, 2);
	assert_int_equal(f.reply->flow_list->hosts[0]->flows->total, 3);
	answer_clear(&f);
}

static void many_hosts_share_what_fits_an_answer(void **state)
{
	struct tw_controller *ctl = *state;
	char name[8];
	struct answer f;
	uint32_t port, limit;

	for (int i = 0; i < 17; i++) {
		snprintf(name, sizeof(name), "h%d", i);
		assert_int_equal(ask_host(ctl, name, NULL), 0);
	}
	ask_flows(ctl, "", "", 10000, &f);
	assert_true(take(ctl, "a", &port, &limit) != 0);
	assert_int_equal(limit, 5000); /* of 20 hosts */
	answer_clear(&f);
}

static void a_host_that_does_not_answer_is_named(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer f;
	uint32_t port, limit;

	ask_flows(ctl, "", "", 0, &f);
	give(ctl, "a", take(ctl, "a", &port, &limit));
	ctl_warp(ctl, TW_FLOWS_WAIT_MS - 1);
	assert_int_equal(f.n, 0);
	ctl_warp(ctl, 1);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.reply->flow_list->n_hosts, 1);
	assert_int_equal(f.reply->flow_list->n_missing, 2);
	assert_string_equal(f.reply->flow_list->missing[0], "b");
	answer_clear(&f);
}

static void one_host_can_be_asked_alone(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer f;
	uint32_t port, limit;

	ask_flows(ctl, "", "b", 0, &f);
	assert_int_equal(take(ctl, "a", &port, &limit), 0);
	give(ctl, "b", take(ctl, "b", &port, &limit));
	assert_int_equal(f.reply->flow_list->n_hosts, 1);
	assert_int_equal(f.reply->flow_list->n_missing, 0);
	answer_clear(&f);
}

static void a_name_that_leads_nowhere_is_refused(void **state)
{
	struct tw_controller *ctl = *state;

	assert_int_equal(ask_flows(ctl, "no/eth0", "", 0, NULL), TW_E_NOT_FOUND);
	assert_int_equal(ask_flows(ctl, "", "no", 0, NULL), TW_E_NOT_FOUND);
}

static void a_host_that_is_deleted_meanwhile_is_missing(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer f;

	assert_int_equal(ask_unbind(ctl, "db/eth0", "", NULL), 0);
	ask_flows(ctl, "", "b", 0, &f);
	assert_int_equal(f.n, 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__HOST, "b", NULL), 0);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.reply->flow_list->n_missing, 1);
	answer_clear(&f);
}

static void at_the_end_who_asked_is_told(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer answer;

	ask_flows(ctl, "", "", 7, &answer);
	assert_int_equal(answer.n, 0);
	tw_controller_destroy(ctl);
	*state = NULL;
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.err.code, TW_E_UNREACHABLE);
}

#define ON_HOSTS(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HOSTS(at_the_end_who_asked_is_told),
		ON_HOSTS(flows_of_all_hosts_come_in_one_answer),
		ON_HOSTS(flows_of_a_port_are_asked_for_at_every_host),
		ON_HOSTS(a_vm_and_a_network_stand_for_their_ports),
		ON_HOSTS(a_host_that_sends_more_than_was_asked_is_cut_short),
		ON_HOSTS(many_hosts_share_what_fits_an_answer),
		ON_HOSTS(a_host_that_does_not_answer_is_named),
		ON_HOSTS(one_host_can_be_asked_alone),
		ON_HOSTS(a_name_that_leads_nowhere_is_refused),
		ON_HOSTS(a_host_that_is_deleted_meanwhile_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
