/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_test.c - the control side in this process, with a real worker: configurations come, are refused, and go.
 *
 * EAL without hugepages and NIC; uplinks are net_null devices, ports vhost-user sockets nobody connects to.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/path.h"
#include "dataplane/eal.h"
#include "dataplane/run.h"

enum { MAX = 4, WAIT_MS = 3000 };

static char folder[] = "/tmp/tw-apply.XXXXXX";
static struct tw_switch *sw;

/* A configuration on the stack, made of what the tests vary. */
struct config {
	Tw__Snapshot snapshot;
	Tw__LocalPort port[MAX], *ports[MAX];
	Tw__Vlan vlan[MAX];
	uint8_t mac[MAX][6];
	char socket[MAX][64], name[MAX][16];
	Tw__Uplink uplink[2], *uplinks[2];
	char uplink_name[2][8], devargs[2][64];
	Tw__LocalMirror mirror, *mirrors[1];
	char path[64];
	uint32_t mirrored[1];
	Tw__LocalExporter exporter, *exporters[1];
	char collector[32], *collectors[1];
};

static void add_port(struct config *c, uint32_t number, const char *socket)
{
	size_t i = c->snapshot.n_ports++;
	Tw__LocalPort *p = &c->port[i];

	tw__local_port__init(p);
	tw__vlan__init(&c->vlan[i]);
	c->vlan[i].mode = TW__VLAN__MODE__ACCESS;
	c->vlan[i].access = 10;
	c->mac[i][0] = 2;
	c->mac[i][5] = (uint8_t)number;
	snprintf(c->socket[i], sizeof(c->socket[i]), "%s/%s", folder, socket);
	snprintf(c->name[i], sizeof(c->name[i]), "vm%u/eth0", number);
	p->number = number;
	p->mtu = 1500;
	p->mac = (ProtobufCBinaryData){ 6, c->mac[i] };
	p->vlan = &c->vlan[i];
	p->socket = c->socket[i];
	p->name = c->name[i];
	p->vhost = TW__VHOST_MODE__VHOST_SERVER;
	c->ports[i] = p;
}

static void add_uplink(struct config *c, const char *name, const char *devargs)
{
	size_t i = c->snapshot.n_uplinks++;

	tw__uplink__init(&c->uplink[i]);
	snprintf(c->uplink_name[i], sizeof(c->uplink_name[i]), "%s", name);
	snprintf(c->devargs[i], sizeof(c->devargs[i]), "%s", devargs);
	c->uplink[i].name = c->uplink_name[i];
	c->uplink[i].devargs = c->devargs[i];
	c->uplinks[i] = &c->uplink[i];
}

static void add_mirror(struct config *c, uint32_t number)
{
	tw__local_mirror__init(&c->mirror);
	snprintf(c->path, sizeof(c->path), "%s/capture/m.pcapng", folder);
	c->mirrored[0] = number;
	c->mirror.ports = c->mirrored;
	c->mirror.n_ports = 1;
	c->mirror.path = c->path;
	c->mirror.name = c->uplink_name[1];
	snprintf(c->uplink_name[1], sizeof(c->uplink_name[1]), "m1");
	c->mirrors[0] = &c->mirror;
	c->snapshot.n_mirrors = 1;
}

static void begin(struct config *c, uint64_t revision)
{
	memset(c, 0, sizeof(*c));
	tw__snapshot__init(&c->snapshot);
	c->snapshot.revision = revision;
	c->snapshot.observation_domain = 1;
	c->snapshot.ports = c->ports;
	c->snapshot.uplinks = c->uplinks;
	c->snapshot.mirrors = c->mirrors;
	c->snapshot.exporters = c->exporters;
}

static void apply(struct config *c)
{
	struct tw_error err = { 0 };

	if (!tw_apply(sw, &c->snapshot, &err))
		fail_msg("%s: %s", err.field, err.text);
}

static void refused(struct config *c, const char *field)
{
	uint64_t before = sw->plan->revision;
	struct tw_error err = { 0 };

	assert_false(tw_apply(sw, &c->snapshot, &err));
	assert_string_equal(err.field, field);
	assert_int_equal(sw->plan->revision, before);
}

static bool exists(const char *file)
{
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return lstat(path, &st) == 0;
}

static size_t captures(void)
{
	char pattern[96];
	glob_t found;
	size_t n;

	snprintf(pattern, sizeof(pattern), "%s/capture/*", folder);
	n = glob(pattern, 0, NULL, &found) ? 0 : found.gl_pathc;
	globfree(&found);
	return n;
}

/* Let main's loop finish what workers do for it. */
static void settle(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t until = tw_clock_mono_ms() + WAIT_MS;

	while (tw_retire_pending(sw) && tw_clock_mono_ms() < until) {
		event_base_loop(sw->events, EVLOOP_NONBLOCK);
		nanosleep(&nap, NULL);
	}
	assert_false(tw_retire_pending(sw));
}

static int start(void **state)
{
	struct tw_options options = { .run_dir = folder,
				      .n_cpus = 1,
				      .cpus = { (unsigned)sysconf(_SC_NPROCESSORS_ONLN) - 1 },
				      .memory_mib = 96,
				      .no_huge = true,
				      .flows = 4096,
				      .mbufs = 8192,
				      .idle_sleep_us = 200 };

	if (!mkdtemp(folder) || tw_eal_start(&options))
		return -1;
	sw = tw_switch_create(&options);
	return sw ? 0 : -1;
}

static int stop(void **state)
{
	char command[64];

	tw_switch_destroy(sw);
	tw_eal_stop();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static int nothing(void **state)
{
	struct config c;

	begin(&c, 1);
	apply(&c);
	settle();
	return 0;
}

static void a_new_configuration_is_in_force_when_apply_returns(void **state)
{
	const struct tw_snapshot *s;
	struct config c;

	begin(&c, 5);
	add_port(&c, 1, "1.sock");
	add_uplink(&c, "u0", "net_null0,no-rx=1");
	apply(&c);
	s = atomic_load(&sw->snapshot);
	assert_int_equal(s->revision, 5);
	assert_int_equal(sw->n_stale, 0);
	assert_int_equal(s->n_uplinks, 1);
	assert_int_equal(s->identities[0].number, 1);
	assert_true(exists("1.sock"));
}

static void a_removed_port_gives_its_slot_and_socket_back(void **state)
{
	struct config c;

	begin(&c, 6);
	add_port(&c, 1, "1.sock");
	add_port(&c, 2, "2.sock");
	apply(&c);
	begin(&c, 7);
	add_port(&c, 2, "2.sock");
	apply(&c);
	assert_false(exists("1.sock"));
	assert_true(exists("2.sock"));
	assert_null(tw_port_by_number(sw, 1));
	settle();
	assert_false(sw->ports[0].used);
	assert_true(sw->ports[1].used);
}

static void a_port_that_stays_keeps_its_slot_while_its_vlan_changes(void **state)
{
	struct config c;
	uint16_t slot;

	begin(&c, 8);
	add_port(&c, 2, "2.sock");
	apply(&c);
	slot = tw_port_by_number(sw, 2)->slot;
	c.vlan[0].access = 20;
	c.snapshot.revision = 9;
	apply(&c);
	assert_int_equal(tw_port_by_number(sw, 2)->slot, slot);
	assert_int_equal(atomic_load(&sw->snapshot)->slot[slot].vlan, 20);
}

static void a_socket_can_go_from_one_port_to_another(void **state)
{
	struct config c;

	begin(&c, 10);
	add_port(&c, 1, "1.sock");
	apply(&c);
	begin(&c, 11);
	add_port(&c, 3, "1.sock");
	apply(&c);
	assert_true(exists("1.sock"));
	assert_non_null(tw_port_by_number(sw, 3)->vhost);
	settle();
}

static void what_is_wrong_is_named_and_changes_nothing(void **state)
{
	struct config good, bad;

	begin(&good, 20);
	add_port(&good, 1, "1.sock");
	add_mirror(&good, 1);
	apply(&good);
	begin(&bad, 21);
	add_port(&bad, 1, "1.sock");
	add_port(&bad, 2, "2.sock");
	memcpy(bad.mac[1], bad.mac[0], 6);
	refused(&bad, "snapshot.ports.mac");
	begin(&bad, 21);
	add_port(&bad, 2, "2.sock");
	add_mirror(&bad, 77);
	refused(&bad, "snapshot.mirrors.ports");
	begin(&bad, 21);
	tw__local_exporter__init(&bad.exporter);
	bad.exporter.name = bad.uplink_name[0];
	bad.collectors[0] = bad.collector;
	bad.exporter.collectors = bad.collectors;
	bad.exporter.n_collectors = 1;
	snprintf(bad.collector, sizeof(bad.collector), "nowhere");
	bad.exporters[0] = &bad.exporter;
	bad.snapshot.n_exporters = 1;
	refused(&bad, "snapshot.exporters.collectors");
	assert_true(exists("1.sock"));
	assert_false(exists("2.sock"));
	assert_non_null(tw_port_by_number(sw, 1));
	assert_null(tw_port_by_number(sw, 2));
	assert_int_equal(captures(), 1); /* the mirror's file was not opened anew */
}

static void a_socket_that_cannot_be_opened_is_named_and_the_rest_is_taken_back(void **state)
{
	struct config c;
	char file[64];

	begin(&c, 30);
	add_port(&c, 1, "1.sock");
	apply(&c);
	snprintf(file, sizeof(file), "%s/file", folder);
	assert_int_equal(tw_write_file(file, "", 0), 0);
	c.snapshot.revision = 31;
	add_port(&c, 2, "2.sock");
	add_port(&c, 3, "3.sock");
	snprintf(c.socket[2], sizeof(c.socket[2]), "%s/file/3.sock", folder);
	refused(&c, "snapshot.ports.socket");
	assert_false(exists("2.sock"));
	assert_non_null(tw_port_by_number(sw, 1)->vhost);
}

static void an_uplink_that_fails_says_why_and_the_other_serves(void **state)
{
	Tw__SwitchStatus *status;
	struct config c;

	begin(&c, 40);
	add_uplink(&c, "bad", "net_af_packet0,iface=tw-not-there");
	add_uplink(&c, "good", "net_null1,no-rx=1");
	apply(&c);
	status = tw_status(sw);
	assert_int_equal(status->n_uplinks, 2);
	assert_false(status->uplinks[0]->up);
	assert_non_null(strstr(status->uplinks[0]->error, "tw-not-there"));
	assert_true(status->uplinks[1]->up);
	assert_string_equal(status->uplinks[1]->error, "");
	assert_int_equal(atomic_load(&sw->snapshot)->n_uplinks, 1);
	tw__switch_status__free_unpacked(status, NULL);
}

static void an_uplink_can_be_renamed(void **state)
{
	struct config c;

	begin(&c, 50);
	add_uplink(&c, "u0", "net_null0,no-rx=1");
	apply(&c);
	begin(&c, 51);
	add_uplink(&c, "u1", "net_null0,no-rx=1");
	apply(&c);
	settle();
	assert_int_equal(atomic_load(&sw->snapshot)->n_uplinks, 1);
}

static void frames_of_an_uplink_are_counted_and_their_ends_named(void **state)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	Tw__SwitchStatus *status;
	struct config c;

	begin(&c, 60);
	add_uplink(&c, "u0", "net_null0"); /* an endless stream of zeroes */
	apply(&c);
	nanosleep(&nap, NULL);
	status = tw_status(sw);
	assert_true(status->uplinks[0]->counters->rx_packets > 0);
	assert_int_equal(status->uplinks[0]->counters->n_drops, 1);
	assert_string_equal(status->uplinks[0]->counters->drops[0]->reason, "bad_source");
	assert_int_equal(status->revision, 60);
	assert_int_not_equal(status->boot_id, 0);
	tw__switch_status__free_unpacked(status, NULL);
	nothing(state);
	begin(&c, 61);
	add_uplink(&c, "u0", "net_null0,no-rx=1");
	apply(&c);
	status = tw_status(sw);
	assert_int_equal(status->uplinks[0]->counters->rx_packets, 0); /* the slot's former owner's are not its own */
	assert_int_equal(status->uplinks[0]->counters->n_drops, 0);
	tw__switch_status__free_unpacked(status, NULL);
}

static void an_incoming_port_is_elsewhere_and_an_outgoing_one_here(void **state)
{
	struct config c;

	begin(&c, 70);
	add_port(&c, 1, "1.sock");
	add_port(&c, 2, "2.sock");
	c.port[0].role = TW__LOCAL_PORT__ROLE__INCOMING;
	c.port[1].role = TW__LOCAL_PORT__ROLE__OUTGOING;
	apply(&c);
	assert_int_equal(tw_snapshot_identity(atomic_load(&sw->snapshot), c.mac[0])->slot, TW_SLOT_NONE);
	assert_int_not_equal(tw_snapshot_identity(atomic_load(&sw->snapshot), c.mac[1])->slot, TW_SLOT_NONE);
}

/* --- a port's state goes along --- */

static Tw__Envelope__BodyCase answered;
static struct tw_error answer_error;
static Tw__PortState *answer_state; /* unpacked copy of the last one */

static void on_answer(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	answer_error = *err;
	answered = reply ? reply->body_case : TW__ENVELOPE__BODY_ERROR;
	if (answered == TW__ENVELOPE__BODY_PORT_STATE) {
		size_t size = tw__port_state__get_packed_size(reply->port_state);
		uint8_t *bytes = malloc(size);

		tw__port_state__pack(reply->port_state, bytes);
		answer_state = tw__port_state__unpack(NULL, size, bytes);
		free(bytes);
	}
}

static void ask(Tw__Envelope *request)
{
	struct tw_link_client *client;
	char url[96];

	snprintf(url, sizeof(url), "ipc://%s/switch.ipc", folder);
	client = tw_link_client_create(sw->events, url);
	answered = TW__ENVELOPE__BODY__NOT_SET;
	assert_int_equal(tw_link_call_async(client, request, WAIT_MS, on_answer, NULL), 0);
	while (answered == TW__ENVELOPE__BODY__NOT_SET)
		event_base_loop(sw->events, EVLOOP_ONCE);
	tw_link_client_destroy(client);
}

static void put(Tw__PortState *state)
{
	Tw__PutPortState body = TW__PUT_PORT_STATE__INIT;
	Tw__Envelope request = TW__ENVELOPE__INIT;

	body.state = state;
	request.body_case = TW__ENVELOPE__BODY_PUT_PORT_STATE;
	request.put_port_state = &body;
	ask(&request);
}

static void take(uint32_t number)
{
	Tw__TakePortState body = TW__TAKE_PORT_STATE__INIT;
	Tw__Envelope request = TW__ENVELOPE__INIT;

	body.number = number;
	request.body_case = TW__ENVELOPE__BODY_TAKE_PORT_STATE;
	request.take_port_state = &body;
	ask(&request);
}

/* And what a port owes goes along: its buckets are as empty there as they were here. */
static void a_shaped_port_has_a_queue_while_it_is_open(void **state)
{
	Tw__PortState moved = TW__PORT_STATE__INIT;
	uint64_t debts[] = { 60000000000, 0, 0 };
	struct config c;
	Tw__Shape shape;
	uint16_t slot;

	tw__shape__init(&shape);
	shape.per_second = 1000000;
	begin(&c, 70);
	add_port(&c, 1, "1.sock");
	apply(&c);
	slot = tw_port_by_number(sw, 1)->slot;
	assert_null(sw->shapers[slot]);
	assert_int_equal(atomic_load(&sw->snapshot)->n_queued, 0);
	c.port[0].shape = &shape;
	c.snapshot.revision = 71;
	apply(&c);
	assert_non_null(sw->shapers[slot]);
	assert_int_equal(atomic_load(&sw->snapshot)->n_queued, 1);
	assert_int_equal(atomic_load(&sw->snapshot)->queued[0], slot);
	c.port[0].shape = NULL; /* what waits leaves by it */
	c.snapshot.revision = 72;
	apply(&c);
	assert_true(atomic_load(&sw->snapshot)->slot[slot].queued);
	moved.number = 1;
	moved.rate_debts = debts;
	moved.n_rate_debts = 3;
	put(&moved);
	assert_int_equal(answered, TW__ENVELOPE__BODY_PUT_PORT_STATE_REPLY);
	take(1);
	assert_int_equal(answered, TW__ENVELOPE__BODY_PORT_STATE);
	assert_in_range(answer_state->rate_debts[0], 1, 60000000000);
	assert_int_equal(answer_state->rate_debts[1], 0);
	tw__port_state__free_unpacked(answer_state, NULL);
	begin(&c, 73);
	apply(&c);
	settle();
	assert_null(sw->shapers[slot]);
}

/* What arrives with a port leaves with it again, when it goes on. */
static void counters_and_flows_go_along_with_a_port(void **state)
{
	struct tw_key key = { .src_mac = { 2, 0, 0, 0, 0, 1 },
			      .dst_mac = { 2, 0, 0, 0, 0, 9 },
			      .src_ip4 = { 10, 0, 0, 1 },
			      .dst_ip4 = { 10, 0, 0, 9 },
			      .protocol = 17,
			      .flags = TW_FLOW_KEY_IPV4 };
	Tw__PortState moved = TW__PORT_STATE__INIT;
	Tw__PortCounters counters = TW__PORT_COUNTERS__INIT;
	uint64_t now = tw_clock_real_ms();
	Tw__Flow flow, *flows[] = { &flow };
	struct config c;

	begin(&c, 80);
	add_port(&c, 1, "1.sock");
	c.port[0].role = TW__LOCAL_PORT__ROLE__INCOMING;
	apply(&c);
	tw__flow__init(&flow);
	flow.raw_key = (ProtobufCBinaryData){ sizeof(key), (uint8_t *)&key };
	flow.ingress = moved.number = 1;
	flow.packets = 5;
	flow.l3_octets = flow.l2_octets = 500;
	flow.first_ms = now - 3000;
	flow.last_ms = now - 1000;
	counters.rx_packets = 1000;
	moved.counters = &counters;
	moved.flows = flows;
	moved.n_flows = 1;
	put(&moved);
	assert_int_equal(answered, TW__ENVELOPE__BODY_PUT_PORT_STATE_REPLY);
	c.port[0].role = TW__LOCAL_PORT__ROLE__OUTGOING;
	c.snapshot.revision = 81;
	apply(&c);
	take(1);
	assert_int_equal(answered, TW__ENVELOPE__BODY_PORT_STATE);
	assert_int_equal(answer_state->counters->rx_packets, 1000);
	assert_int_equal(answer_state->n_flows, 1);
	assert_int_equal(answer_state->flows[0]->packets, 5);
	assert_in_range(answer_state->flows[0]->first_ms, now - 3010, now - 2990);
	assert_memory_equal(answer_state->flows[0]->raw_key.data, &key, sizeof(key));
	tw__port_state__free_unpacked(answer_state, NULL);
	take(1);
	assert_int_equal(answer_state->n_flows, 0); /* they left */
	tw__port_state__free_unpacked(answer_state, NULL);
}

static void a_state_that_is_not_right_is_refused_whole(void **state)
{
	Tw__PortState moved = TW__PORT_STATE__INIT;
	Tw__PortCounters counters = TW__PORT_COUNTERS__INIT;
	Tw__Flow flow, *flows[] = { &flow };
	Tw__SwitchStatus *status;
	uint8_t key[64];
	struct config c;

	memset(key, 0xff, sizeof(key));
	begin(&c, 90);
	add_port(&c, 1, "1.sock");
	apply(&c);
	tw__flow__init(&flow);
	moved.number = 1;
	counters.rx_packets = 7;
	moved.counters = &counters;
	moved.flows = flows;
	moved.n_flows = 1;
	put(&moved); /* no key */
	assert_int_equal(answered, TW__ENVELOPE__BODY_ERROR);
	flow.raw_key = (ProtobufCBinaryData){ sizeof(key), key };
	flow.packets = 1;
	put(&moved); /* a key no frame has */
	assert_int_equal(answered, TW__ENVELOPE__BODY_ERROR);
	moved.number = 44;
	moved.n_flows = 0;
	put(&moved);
	assert_int_equal(answer_error.code, TW_E_NOT_FOUND);
	take(44);
	assert_int_equal(answer_error.code, TW_E_NOT_FOUND);
	status = tw_status(sw);
	assert_int_equal(status->ports[0]->counters->rx_packets, 0);
	tw__switch_status__free_unpacked(status, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_new_configuration_is_in_force_when_apply_returns, nothing),
		cmocka_unit_test_teardown(a_removed_port_gives_its_slot_and_socket_back, nothing),
		cmocka_unit_test_teardown(a_port_that_stays_keeps_its_slot_while_its_vlan_changes, nothing),
		cmocka_unit_test_teardown(a_socket_can_go_from_one_port_to_another, nothing),
		cmocka_unit_test_teardown(what_is_wrong_is_named_and_changes_nothing, nothing),
		cmocka_unit_test_teardown(a_socket_that_cannot_be_opened_is_named_and_the_rest_is_taken_back, nothing),
		cmocka_unit_test_teardown(an_uplink_that_fails_says_why_and_the_other_serves, nothing),
		cmocka_unit_test_teardown(an_uplink_can_be_renamed, nothing),
		cmocka_unit_test_teardown(frames_of_an_uplink_are_counted_and_their_ends_named, nothing),
		cmocka_unit_test_teardown(an_incoming_port_is_elsewhere_and_an_outgoing_one_here, nothing),
		cmocka_unit_test_teardown(a_shaped_port_has_a_queue_while_it_is_open, nothing),
		cmocka_unit_test_teardown(counters_and_flows_go_along_with_a_port, nothing),
		cmocka_unit_test_teardown(a_state_that_is_not_right_is_refused_whole, nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
