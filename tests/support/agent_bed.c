/* SPDX-License-Identifier: Apache-2.0 */
/* agent_bed.c - an agent among servers of a few lines; see agent_bed.h. One thread: the test's. */
#include "tests/support/agent_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <ftw.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"

enum { TURN_MS = 10, LIMIT_MS = 10000 };

static void *copy_of(const void *message)
{
	const ProtobufCMessage *from = message;
	size_t size = protobuf_c_message_get_packed_size(from);
	uint8_t *bytes = malloc(size + 1);
	void *copy;

	assert_non_null(bytes);
	protobuf_c_message_pack(from, bytes);
	copy = protobuf_c_message_unpack(from->descriptor, NULL, size, bytes);
	free(bytes);
	return copy;
}

static void reply_with(struct tw_link_request *req, Tw__Envelope__BodyCase kind, void *body)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;

	env.body_case = kind;
	env.error = body; /* all members of the union are pointers to messages */
	tw_link_reply(req, &env);
}

/* ---- the switch ---- */

static void tell_status(struct bed_switch *sw, struct tw_link_request *req)
{
	Tw__SwitchStatus status;
	Tw__PortStatus ports[BED_MAX_PORTS], *list[BED_MAX_PORTS];

	tw__switch_status__init(&status);
	status.boot_id = sw->boot_id;
	status.revision = sw->revision;
	for (uint32_t i = 1; i < BED_MAX_PORTS; i++) {
		if (!sw->link[i])
			continue;
		tw__port_status__init(&ports[i]);
		ports[i].number = i;
		ports[i].link = sw->link[i];
		list[status.n_ports++] = &ports[i];
	}
	status.ports = list;
	reply_with(req, TW__ENVELOPE__BODY_SWITCH_STATUS, &status);
}

static void apply_snapshot(struct bed_switch *sw, struct tw_link_request *req, const Tw__Snapshot *snapshot)
{
	Tw__ApplySnapshotReply reply;
	struct tw_error err = { 0 };

	if (sw->refuse) {
		tw_error_set(&err, TW_E_SWITCH, "snapshot.uplinks", "no such device");
		tw_link_reply_error(req, &err);
		return;
	}
	sw->n_applied++;
	sw->revision = snapshot->revision;
	if (sw->applied)
		tw__snapshot__free_unpacked(sw->applied, NULL);
	sw->applied = copy_of(snapshot);
	tw__apply_snapshot_reply__init(&reply);
	reply.revision = snapshot->revision;
	reply_with(req, TW__ENVELOPE__BODY_APPLY_SNAPSHOT_REPLY, &reply);
}

static void take_state(struct bed_switch *sw, struct tw_link_request *req, uint32_t number)
{
	Tw__PortState state;
	Tw__PortCounters counters;
	Tw__Flow flow, *flows[] = { &flow };

	sw->n_taken++;
	tw__port_state__init(&state);
	tw__port_counters__init(&counters);
	tw__flow__init(&flow);
	state.number = number;
	counters.rx_packets = 77;
	state.counters = &counters;
	state.flows = flows;
	state.n_flows = 1;
	state.stopped_ns = 123456789;
	reply_with(req, TW__ENVELOPE__BODY_PORT_STATE, &state);
}

static void on_switch_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct bed_switch *sw = &((struct bed *)arg)->sw;
	Tw__Flows flows = TW__FLOWS__INIT;
	Tw__PutPortStateReply put = TW__PUT_PORT_STATE_REPLY__INIT;
	Tw__ReleasePortReply release = TW__RELEASE_PORT_REPLY__INIT;

	switch (env->body_case) {
	case TW__ENVELOPE__BODY_GET_SWITCH_STATUS:
		tell_status(sw, req);
		break;
	case TW__ENVELOPE__BODY_APPLY_SNAPSHOT:
		apply_snapshot(sw, req, env->apply_snapshot->snapshot);
		break;
	case TW__ENVELOPE__BODY_GET_FLOWS:
		flows.total = 5;
		reply_with(req, TW__ENVELOPE__BODY_FLOWS, &flows);
		break;
	case TW__ENVELOPE__BODY_TAKE_PORT_STATE:
		take_state(sw, req, env->take_port_state->number);
		break;
	case TW__ENVELOPE__BODY_PUT_PORT_STATE:
		sw->n_put++;
		if (sw->put)
			tw__port_state__free_unpacked(sw->put, NULL);
		sw->put = copy_of(env->put_port_state->state);
		put.flows = (uint32_t)sw->put->n_flows;
		reply_with(req, TW__ENVELOPE__BODY_PUT_PORT_STATE_REPLY, &put);
		break;
	case TW__ENVELOPE__BODY_RELEASE_PORT:
		sw->n_released++;
		sw->released_moved = env->release_port->moved;
		release.frames_held = 3;
		reply_with(req, TW__ENVELOPE__BODY_RELEASE_PORT_REPLY, &release);
		break;
	default:
		fail_msg("the switch was asked kind %d", (int)env->body_case);
	}
}

void bed_start_switch(struct bed *bed, uint64_t boot_id)
{
	char url[128];

	snprintf(url, sizeof(url), "ipc://%s/events.ipc", bed->dir);
	bed->sw.pub = tw_link_pub_create(url);
	snprintf(url, sizeof(url), "ipc://%s/switch.ipc", bed->dir);
	bed->sw.server = tw_link_server_create(bed->base, url, on_switch_request, bed);
	assert_non_null(bed->sw.pub);
	assert_non_null(bed->sw.server);
	bed->sw.boot_id = boot_id;
	bed->sw.revision = 0;
}

void bed_stop_switch(struct bed *bed)
{
	tw_link_server_destroy(bed->sw.server);
	if (bed->sw.pub)
		tw_link_pub_destroy(bed->sw.pub);
	bed->sw.server = NULL;
	bed->sw.pub = NULL;
}

static void publish(struct bed *bed, Tw__SwitchEvent__Kind kind, uint32_t number, Tw__LinkState link)
{
	Tw__SwitchEvent event;

	tw__switch_event__init(&event);
	event.kind = kind;
	event.boot_id = bed->sw.boot_id;
	event.number = number;
	event.link = link;
	event.at_ns = 987654321;
	tw_link_pub_send(bed->sw.pub, &event);
}

void bed_link(struct bed *bed, uint32_t number, Tw__LinkState link)
{
	publish(bed, TW__SWITCH_EVENT__KIND__PORT_LINK, number, link);
	bed->sw.link[number] = link;
}

void bed_moved(struct bed *bed, uint32_t number)
{
	publish(bed, TW__SWITCH_EVENT__KIND__PORT_MOVED, number, TW__LINK_STATE__LINK_MOVED);
	bed->sw.link[number] = TW__LINK_STATE__LINK_MOVED;
}

/* ---- the controller ---- */

static void answer_watch(struct bed_controller *ctl)
{
	struct tw_link_request *req = ctl->watch;

	if (!req || ctl->watch_since == ctl->slice->revision)
		return;
	ctl->watch = NULL;
	reply_with(req, TW__ENVELOPE__BODY_WATCH_REPLY, ctl->slice);
	for (size_t i = 0; i < ctl->slice->n_tasks; i++)
		tw__task__free_unpacked(ctl->slice->tasks[i], NULL);
	ctl->slice->n_tasks = 0;
}

static void keep_report(struct bed_controller *ctl, const Tw__Report *report)
{
	ctl->n_reports++;
	ctl->realised = report->realised;
	ctl->switch_alive = report->switch_alive;
	snprintf(ctl->error, sizeof(ctl->error), "%s", report->error);
	for (size_t i = 0; i < report->n_activated; i++) {
		ctl->n_activated++;
		ctl->activated = *report->activated[i];
	}
}

/* Binding makes a new revision, as a controller would. */
static void bind_port(struct bed_controller *ctl, struct tw_link_request *req, const Tw__BindPort *bind)
{
	Tw__Written written = TW__WRITTEN__INIT;

	ctl->n_bind++;
	for (size_t i = 0; i < ctl->slice->n_ports; i++) {
		Tw__Port *port = ctl->slice->ports[i];

		if (strcmp(port->name, bind->port) != 0)
			continue;
		if (!port->binding) {
			port->binding = malloc(sizeof(*port->binding));
			tw__binding__init(port->binding);
			port->binding->host = strdup("");
		}
		free(port->binding->host);
		port->binding->host = strdup(bind->host);
	}
	written.revision = ++ctl->slice->revision;
	reply_with(req, TW__ENVELOPE__BODY_WRITTEN, &written);
	answer_watch(ctl);
}

static void on_controller_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct bed_controller *ctl = &((struct bed *)arg)->ctl;
	Tw__HelloReply hello = TW__HELLO_REPLY__INIT;
	Tw__Ack ack = TW__ACK__INIT;

	switch (env->body_case) {
	case TW__ENVELOPE__BODY_HELLO:
		ctl->n_hello++;
		hello.revision = ctl->slice->revision;
		hello.epoch = ctl->slice->epoch;
		reply_with(req, TW__ENVELOPE__BODY_HELLO_REPLY, &hello);
		break;
	case TW__ENVELOPE__BODY_WATCH:
		if (ctl->watch)
			reply_with(ctl->watch, TW__ENVELOPE__BODY_ACK, &ack); /* of an agent that has gone */
		ctl->watch = req;
		ctl->watch_since = env->watch->since;
		answer_watch(ctl);
		break;
	case TW__ENVELOPE__BODY_REPORT:
		keep_report(ctl, env->report);
		reply_with(req, TW__ENVELOPE__BODY_ACK, &ack);
		break;
	case TW__ENVELOPE__BODY_TASK_RESULT:
		assert_true(ctl->n_results < BED_MAX_RESULTS);
		ctl->results[ctl->n_results++] = copy_of(env->task_result);
		reply_with(req, TW__ENVELOPE__BODY_ACK, &ack);
		break;
	case TW__ENVELOPE__BODY_BIND_PORT:
		bind_port(ctl, req, env->bind_port);
		break;
	default:
		fail_msg("the controller was asked kind %d", (int)env->body_case);
	}
}

void bed_start_controller(struct bed *bed, Tw__WatchReply *slice)
{
	if (bed->ctl.slice)
		tw__watch_reply__free_unpacked(bed->ctl.slice, NULL);
	bed->ctl.slice = slice;
	bed->ctl.server = tw_link_server_create(bed->base, bed->controller_url, on_controller_request, bed);
	assert_non_null(bed->ctl.server);
}

void bed_stop_controller(struct bed *bed)
{
	const struct tw_error gone = { .code = TW_E_UNREACHABLE };

	tw_link_server_destroy(bed->ctl.server);
	bed->ctl.server = NULL;
	if (bed->ctl.watch) /* nobody hears it, but it wants an answer */
		tw_link_reply_error(bed->ctl.watch, &gone);
	bed->ctl.watch = NULL;
}

void bed_tell(struct bed *bed, Tw__WatchReply *slice)
{
	tw__watch_reply__free_unpacked(bed->ctl.slice, NULL);
	bed->ctl.slice = slice;
	answer_watch(&bed->ctl);
}

/* ---- the other host ---- */

static void on_peer_request(struct tw_link_request *req, const Tw__Envelope *env, void *arg)
{
	struct bed_peer *other = &((struct bed *)arg)->other;
	Tw__Ack ack = TW__ACK__INIT;

	assert_int_equal(env->body_case, TW__ENVELOPE__BODY_HAND_OVER);
	other->n_handed++;
	other->migration = env->hand_over->migration;
	other->rx_packets = env->hand_over->state->counters->rx_packets;
	other->n_flows = env->hand_over->state->n_flows;
	reply_with(req, TW__ENVELOPE__BODY_ACK, &ack);
}

void bed_start_other(struct bed *bed)
{
	bed->other.server = tw_link_server_create(bed->base, bed->other_url, on_peer_request, bed);
	assert_non_null(bed->other.server);
}

/* ---- QEMU ---- */

static json_t *obey(struct bed_qemu *qemu, const char *command)
{
	assert_true(qemu->n_commands < BED_MAX_COMMANDS);
	snprintf(qemu->commands[qemu->n_commands++], sizeof(qemu->commands[0]), "%s", command);
	if (strcmp(command, "migrate") == 0) {
		qemu->migration = qemu->after;
		qemu->sent = true;
	}
	if (strcmp(command, "query-status") == 0)
		return json_pack("{s:s}", "status",
				 qemu->sent && strcmp(qemu->migration, "completed") == 0 ? "postmigrate"
											 : qemu->run_state);
	if (strcmp(command, "query-migrate") != 0)
		return json_object();
	return json_pack("{s:s,s:i,s:i,s:s}", "status", qemu->migration, "downtime", 12, "total-time", 1300,
			 "error-desc", "the wire is cut");
}

static void on_qmp_readable(struct bufferevent *conn, void *arg)
{
	struct bed_qemu *qemu = &((struct bed *)arg)->qemu;
	char *line;

	while ((line = evbuffer_readln(bufferevent_get_input(conn), NULL, EVBUFFER_EOL_ANY))) {
		json_t *said = json_loads(line, 0, NULL), *reply;
		char *text;

		assert_non_null(said);
		reply = json_pack("{s:o}", "return", obey(qemu, json_string_value(json_object_get(said, "execute"))));
		if (json_object_get(said, "id"))
			json_object_set(reply, "id", json_object_get(said, "id"));
		text = json_dumps(reply, JSON_COMPACT);
		evbuffer_add_printf(bufferevent_get_output(conn), "%s\r\n", text);
		free(text);
		json_decref(reply);
		json_decref(said);
		free(line);
	}
}

static void on_qmp_accept(evutil_socket_t fd, short what, void *arg)
{
	struct bed *bed = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	assert_true(conn >= 0);
	if (bed->qemu.conn)
		bufferevent_free(bed->qemu.conn);
	bed->qemu.conn = bufferevent_socket_new(bed->base, conn, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(bed->qemu.conn, on_qmp_readable, NULL, NULL, bed);
	bufferevent_enable(bed->qemu.conn, EV_READ | EV_WRITE);
	evbuffer_add_printf(bufferevent_get_output(bed->qemu.conn),
			    "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7, \"minor\": 2, \"micro\": 0}, "
			    "\"package\": \"\"}, \"capabilities\": []}}\r\n");
}

void bed_start_qemu(struct bed *bed, const char *vm)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/vm/%s.qmp", bed->dir, vm);
	bed->qemu.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bed->qemu.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(bed->qemu.fd, 4), 0);
	bed->qemu.accept = event_new(bed->base, bed->qemu.fd, EV_READ | EV_PERSIST, on_qmp_accept, bed);
	event_add(bed->qemu.accept, NULL);
	bed->qemu.migration = "none";
	bed->qemu.after = "completed";
	bed->qemu.run_state = "running";
}

bool bed_qemu_heard(const struct bed *bed, const char *command)
{
	for (unsigned i = 0; i < bed->qemu.n_commands; i++)
		if (strcmp(bed->qemu.commands[i], command) == 0)
			return true;
	return false;
}

/* ---- tw-vm ---- */

static void on_answer(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct bed *bed = arg;

	bed->answered = true;
	if (reply)
		bed->answer = copy_of(reply);
	else
		bed->answer_err = *err;
}

void bed_ask(struct bed *bed, Tw__Envelope *request)
{
	char url[128];

	snprintf(url, sizeof(url), "ipc://%s/agent.ipc", bed->dir);
	if (!bed->local)
		bed->local = tw_link_client_create(bed->base, url);
	if (bed->answer)
		tw__envelope__free_unpacked(bed->answer, NULL);
	bed->answer = NULL;
	bed->answered = false;
	assert_int_equal(tw_link_call_async(bed->local, request, LIMIT_MS, on_answer, bed), 0);
}

/* ---- life ---- */

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
}

/* A port that the kernel has just given out is not given out again soon. */
static void free_tcp_url(char url[static BED_URL_SIZE])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	snprintf(url, BED_URL_SIZE, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
	close(fd);
}

int bed_setup(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	const struct timeval tick = { .tv_usec = TURN_MS * 1000 };

	assert_non_null(bed);
	snprintf(bed->dir, sizeof(bed->dir), "/tmp/tw-agent-test-XXXXXX");
	assert_non_null(mkdtemp(bed->dir));
	snprintf(bed->state, sizeof(bed->state), "%s/state", bed->dir);
	snprintf(bed->controller_url, sizeof(bed->controller_url), "ipc://%s/controller.ipc", bed->dir);
	free_tcp_url(bed->peer_url);
	free_tcp_url(bed->other_url);
	bed->config = (struct tw_agent_config){ .host = "a",
						.run_dir = bed->dir,
						.state_dir = bed->state,
						.controller = bed->controller_url,
						.peer_url = bed->peer_url,
						.migrate_address = "127.0.0.1" };
	bed->base = event_base_new();
	bed->tick = event_new(bed->base, -1, EV_PERSIST, on_tick, NULL);
	event_add(bed->tick, &tick);
	bed->qemu.fd = -1;
	*state = bed;
	return 0;
}

void bed_start_agent(struct bed *bed)
{
	bed->agent = tw_agent_create(bed->base, &bed->config);
	assert_non_null(bed->agent);
}

void bed_stop_agent(struct bed *bed)
{
	tw_agent_destroy(bed->agent);
	bed->agent = NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void free_kept(struct bed *bed)
{
	if (bed->sw.applied)
		tw__snapshot__free_unpacked(bed->sw.applied, NULL);
	if (bed->sw.put)
		tw__port_state__free_unpacked(bed->sw.put, NULL);
	if (bed->ctl.slice)
		tw__watch_reply__free_unpacked(bed->ctl.slice, NULL);
	for (unsigned i = 0; i < bed->ctl.n_results; i++)
		tw__task_result__free_unpacked(bed->ctl.results[i], NULL);
	if (bed->answer)
		tw__envelope__free_unpacked(bed->answer, NULL);
}

int bed_teardown(void **state)
{
	struct bed *bed = *state;

	bed_stop_agent(bed);
	if (bed->local)
		tw_link_client_destroy(bed->local);
	bed_stop_switch(bed);
	bed_stop_controller(bed);
	tw_link_server_destroy(bed->other.server);
	if (bed->qemu.conn)
		bufferevent_free(bed->qemu.conn);
	if (bed->qemu.accept)
		event_free(bed->qemu.accept);
	if (bed->qemu.fd >= 0)
		close(bed->qemu.fd);
	free_kept(bed);
	event_free(bed->tick);
	event_base_free(bed->base);
	nftw(bed->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(bed);
	return 0;
}

bool bed_turn(struct bed *bed, uint64_t *began)
{
	uint64_t now = tw_clock_mono_ms();

	if (*began == 0)
		*began = now;
	event_base_loop(bed->base, EVLOOP_ONCE);
	return now - *began < LIMIT_MS;
}
