/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_fixture.c - requests to a controller without sockets; see ctl_fixture.h. */
#include "tests/unit/ctl_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "controlplane/mem.h"
#include "proto/link/check.h"

#define START_MONO_NS UINT64_C(1000000000000)
#define START_REAL_NS UINT64_C(1700000000000000000)

struct tw_controller *ctl_start(const char *path)
{
	struct tw_controller *ctl;
	struct tw_error err = { 0 };

	tw_clock_set_virtual(START_MONO_NS, START_REAL_NS);
	ctl = tw_controller_create(NULL, path, &err);
	if (!ctl)
		fail_msg("%s", err.text);
	return ctl;
}

static bool is_stopping;

void ctl_stop(struct tw_controller *ctl)
{
	is_stopping = true;
	tw_controller_destroy(ctl);
	is_stopping = false;
}

void ctl_warp(struct tw_controller *ctl, uint64_t ms)
{
	tw_clock_warp(ms * 1000000);
	tw_controller_tick(ctl);
}

static void note_answer(void *arg, Tw__Envelope *reply, const struct tw_error *err)
{
	struct answer *answer = arg;

	if (is_stopping)
		return;
	answer->n++;
	assert_int_equal(answer->n, 1); /* exactly once */
	if (reply)
		answer->reply = (Tw__Envelope *)tw_message_clone(&reply->base);
	else
		answer->err = *err;
}

static void ignore_answer(void *arg, Tw__Envelope *reply, const struct tw_error *err)
{
	uint32_t *code = arg;

	if (err)
		*code = err->code;
}

uint32_t ask(struct tw_controller *ctl, Tw__Envelope *env, struct answer *answer)
{
	static uint32_t code; /* of a request whose answer nobody looks at; it may come late */
	struct tw_call call = { answer ? note_answer : ignore_answer, answer ? (void *)answer : (void *)&code };
	Tw__Envelope *received = (Tw__Envelope *)tw_message_clone(&env->base);
	struct tw_error err;

	code = 0;
	if (answer)
		memset(answer, 0, sizeof(*answer));
	if (tw_check_envelope(received, &err))
		tw_api_handle(ctl, received, call);
	else
		tw_call_fail(call, &err);
	tw_message_free(&received->base);
	tw_controller_tick(ctl);
	return answer ? answer->err.code : code;
}

void answer_clear(struct answer *answer)
{
	if (answer->reply)
		tw_message_free(&answer->reply->base);
	memset(answer, 0, sizeof(*answer));
}

static char *text(const char *s)
{
	char *out;

	memcpy(&out, &s, sizeof(out)); /* messages are only read here */
	return out;
}

static uint32_t ask_create(struct tw_controller *ctl, Tw__Kind kind, ProtobufCMessage *msg, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Create create = TW__CREATE__INIT;
	Tw__Object object;

	tw_object_wrap(&object, kind, msg);
	create.object = &object;
	env.body_case = TW__ENVELOPE__BODY_CREATE;
	env.create = &create;
	return ask(ctl, &env, answer);
}

uint32_t ask_host(struct tw_controller *ctl, const char *name, struct answer *answer)
{
	Tw__Host host;

	tw__host__init(&host);
	host.name = text(name);
	return ask_create(ctl, TW__KIND__HOST, &host.base, answer);
}

uint32_t ask_network(struct tw_controller *ctl, const char *name, uint32_t vlan, struct answer *answer)
{
	Tw__Network network;
	Tw__Vlan v = TW__VLAN__INIT;

	tw__network__init(&network);
	network.name = text(name);
	network.vlan = &v;
	v.mode = TW__VLAN__MODE__ACCESS;
	v.access = vlan;
	return ask_create(ctl, TW__KIND__NETWORK, &network.base, answer);
}

uint32_t ask_port(struct tw_controller *ctl, const char *name, const char *network, struct answer *answer)
{
	Tw__Port port;

	tw__port__init(&port);
	port.name = text(name);
	port.network = text(network);
	return ask_create(ctl, TW__KIND__PORT, &port.base, answer);
}

uint32_t ask_mirror(struct tw_controller *ctl, const char *name, const char *port, const char *file,
		    struct answer *answer)
{
	Tw__Mirror mirror;
	char *ports[] = { text(port) };

	tw__mirror__init(&mirror);
	mirror.name = text(name);
	mirror.n_ports = 1;
	mirror.ports = ports;
	mirror.file = text(file);
	return ask_create(ctl, TW__KIND__MIRROR, &mirror.base, answer);
}

uint32_t ask_new_mirror(struct tw_controller *ctl, Tw__Mirror *mirror, struct answer *answer)
{
	return ask_create(ctl, TW__KIND__MIRROR, &mirror->base, answer);
}

uint32_t ask_acl(struct tw_controller *ctl, const char *name, const char *rule, struct answer *answer)
{
	Tw__Acl acl;
	char *rules[] = { text(rule) };

	tw__acl__init(&acl);
	acl.name = text(name);
	acl.n_rules = 1;
	acl.rules = rules;
	return ask_create(ctl, TW__KIND__ACL, &acl.base, answer);
}

uint32_t ask_exporter(struct tw_controller *ctl, const char *name, struct answer *answer)
{
	Tw__Exporter exporter;
	char *collector = text("192.0.2.9:4739");

	tw__exporter__init(&exporter);
	exporter.name = text(name);
	exporter.collectors = &collector;
	exporter.n_collectors = 1;
	return ask_create(ctl, TW__KIND__EXPORTER, &exporter.base, answer);
}

static uint32_t ask_binding(struct tw_controller *ctl, const char *port, const char *host, const char *from,
			    struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__BindPort bind;

	tw__bind_port__init(&bind);
	bind.port = text(port);
	bind.host = text(host);
	bind.from = text(from);
	env.body_case = TW__ENVELOPE__BODY_BIND_PORT;
	env.bind_port = &bind;
	return ask(ctl, &env, answer);
}

uint32_t ask_bind(struct tw_controller *ctl, const char *port, const char *host, struct answer *answer)
{
	return ask_binding(ctl, port, host, "", answer);
}

uint32_t ask_unbind(struct tw_controller *ctl, const char *port, const char *from, struct answer *answer)
{
	return ask_binding(ctl, port, "", from, answer);
}

uint32_t ask_delete(struct tw_controller *ctl, Tw__Kind kind, const char *name, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Delete body;

	tw__delete__init(&body);
	body.kind = kind;
	body.name = text(name);
	env.body_case = TW__ENVELOPE__BODY_DELETE;
	env.delete_ = &body;
	return ask(ctl, &env, answer);
}

uint32_t ask_set(struct tw_controller *ctl, Tw__Kind kind, ProtobufCMessage *msg, const char *fields,
		 struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Set set = TW__SET__INIT;
	Tw__Object object;
	char *copy = tw_need(strdup(fields)), *list[8], *rest = copy, *field;
	uint32_t code;

	tw_object_wrap(&object, kind, msg);
	set.object = &object;
	set.fields = list;
	while ((field = strsep(&rest, ",")) && set.n_fields < 8)
		if (*field)
			list[set.n_fields++] = field;
	env.body_case = TW__ENVELOPE__BODY_SET;
	env.set = &set;
	code = ask(ctl, &env, answer);
	free(copy);
	return code;
}

uint32_t ask_port_vlan(struct tw_controller *ctl, const char *port, uint32_t vlan, struct answer *answer)
{
	Tw__Port p;
	Tw__Vlan v = TW__VLAN__INIT;

	tw__port__init(&p);
	p.name = text(port);
	p.vlan = &v;
	v.mode = TW__VLAN__MODE__ACCESS;
	v.access = vlan;
	return ask_set(ctl, TW__KIND__PORT, &p.base, "vlan", answer);
}

uint32_t ask_hello(struct tw_controller *ctl, const char *host, uint64_t boot_id, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Hello hello;

	tw__hello__init(&hello);
	hello.host = text(host);
	hello.version = text("0.1.0");
	hello.peer_url = text("tcp://192.0.2.1:5500");
	hello.migrate_address = text("192.0.2.1");
	hello.boot_id = boot_id;
	env.body_case = TW__ENVELOPE__BODY_HELLO;
	env.hello = &hello;
	return ask(ctl, &env, answer);
}

uint32_t ask_watch(struct tw_controller *ctl, const char *host, uint64_t since, uint32_t wait_ms, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Watch watch;

	tw__watch__init(&watch);
	watch.host = text(host);
	watch.since = since;
	watch.epoch = ctl->model.epoch;
	watch.wait_ms = wait_ms;
	env.body_case = TW__ENVELOPE__BODY_WATCH;
	env.watch = &watch;
	return ask(ctl, &env, answer);
}

uint32_t ask_report(struct tw_controller *ctl, const char *host, uint64_t realised, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Report report;

	tw__report__init(&report);
	report.host = text(host);
	report.realised = realised;
	report.switch_alive = true;
	env.body_case = TW__ENVELOPE__BODY_REPORT;
	env.report = &report;
	return ask(ctl, &env, answer);
}

uint32_t ask_wait(struct tw_controller *ctl, uint64_t revision, uint32_t timeout_ms, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__WaitRealised wait = TW__WAIT_REALISED__INIT;

	wait.revision = revision;
	wait.timeout_ms = timeout_ms;
	env.body_case = TW__ENVELOPE__BODY_WAIT_REALISED;
	env.wait_realised = &wait;
	return ask(ctl, &env, answer);
}

uint32_t ask_migrate(struct tw_controller *ctl, const char *vm, const char *to, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__MigrateVm migrate;

	tw__migrate_vm__init(&migrate);
	migrate.vm = text(vm);
	migrate.to = text(to);
	env.body_case = TW__ENVELOPE__BODY_MIGRATE_VM;
	env.migrate_vm = &migrate;
	return ask(ctl, &env, answer);
}

void host_realises(struct tw_controller *ctl, const char *name)
{
	assert_int_equal(ask_report(ctl, name, ctl->model.revision, NULL), 0);
}

void host_comes(struct tw_controller *ctl, const char *name)
{
	assert_int_equal(ask_hello(ctl, name, 1, NULL), 0);
	assert_int_equal(ask_watch(ctl, name, 0, 0, NULL), 0);
	host_realises(ctl, name);
}

char *model_bytes(const struct tw_model *model, size_t *size)
{
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, size);

	assert_non_null(out);
	fprintf(out, "%llu %llu %u %llu\n", (unsigned long long)model->revision, (unsigned long long)model->epoch,
		model->next_port, (unsigned long long)model->next_migration);
	for (int k = 0; k < TW_N_KINDS; k++) {
		for (size_t i = 0; i < model->tables[k].n; i++) {
			const struct tw_entry *entry = &model->tables[k].items[i];
			size_t n = protobuf_c_message_get_packed_size(entry->msg);
			uint8_t *packed = tw_need(malloc(n + 1));

			protobuf_c_message_pack(entry->msg, packed);
			fprintf(out, "%d %s %lld ", k, entry->name, (long long)entry->row);
			fwrite(packed, 1, n, out);
			free(packed);
		}
	}
	fclose(out);
	return bytes;
}
