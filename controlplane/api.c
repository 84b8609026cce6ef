/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c - which request is handled where.
 *
 * Place    between the link (proto/link: bytes are decoded and their fields checked) and the rest of the controller.
 * Threads  the controller's one thread.
 * Rule     each handler answers its call exactly once, at once or later.
 */
#define TW_LOG_AREA "api"
#include "common/log.h"
#include "controlplane/captures.h"
#include "controlplane/controller.h"
#include "controlplane/edit.h"
#include "controlplane/flows.h"
#include "controlplane/mem.h"
#include "controlplane/migration.h"
#include "controlplane/question.h"
#include "controlplane/status.h"
#include "controlplane/tasks.h"
#include "controlplane/wait.h"
#include "controlplane/watch.h"

typedef void (*handler)(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);

/* Commits what an edit made, unless it made nothing, and answers with the object as it is now. */
static void write_and_answer(struct tw_controller *ctl, struct tw_call call, struct tw_changes *changes, Tw__Kind kind,
			     const char *name)
{
	const struct tw_entry *entry;
	struct tw_error err;

	if (changes->n && tw_controller_commit(ctl, changes, &err)) {
		tw_call_fail(call, &err);
		return;
	}
	entry = name ? tw_model_find(&ctl->model, kind, name) : NULL;
	tw_call_written(call, ctl->model.revision, kind, entry ? entry->msg : NULL);
}

static void create(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	struct tw_changes changes = { 0 };
	struct tw_error err;
	Tw__Kind kind;
	char buffer[24];

	if (!tw_edit_create(&ctl->model, env->create, &changes, &err)) {
		tw_call_fail(call, &err);
		return;
	}
	write_and_answer(ctl, call, &changes, (Tw__Kind)env->create->object->what_case,
			 tw_message_name(tw_object_message(env->create->object, &kind), buffer));
}

static void set(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	struct tw_changes changes = { 0 };
	struct tw_error err;
	Tw__Kind kind;
	char buffer[24];

	if (!tw_edit_set(&ctl->model, env->set, &changes, &err)) {
		tw_call_fail(call, &err);
		return;
	}
	write_and_answer(ctl, call, &changes, (Tw__Kind)env->set->object->what_case,
			 tw_message_name(tw_object_message(env->set->object, &kind), buffer));
}

static void delete (struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	struct tw_changes changes = { 0 };
	struct tw_error err;

	if (!tw_edit_delete(&ctl->model, env->delete_, &changes, &err)) {
		tw_call_fail(call, &err);
		return;
	}
	write_and_answer(ctl, call, &changes, env->delete_->kind, NULL);
}

static void bind_port(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	struct tw_changes changes = { 0 };
	struct tw_error err;

	if (!tw_edit_bind(&ctl->model, env->bind_port, &changes, &err)) {
		tw_call_fail(call, &err);
		return;
	}
	write_and_answer(ctl, call, &changes, TW__KIND__PORT, env->bind_port->port);
}

static void list(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	const struct tw_kind *kind = tw_kind_get(env->list->kind);
	const struct tw_entry *one = NULL;
	const struct tw_table *table;
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Objects body = TW__OBJECTS__INIT;
	Tw__Object *objects;
	struct tw_error err;

	if (!kind) {
		tw_error_set(&err, TW_E_INVALID, "list.kind", "there is no such kind of object");
		tw_call_fail(call, &err);
		return;
	}
	if (*env->list->name) {
		one = tw_model_find(&ctl->model, env->list->kind, env->list->name);
		if (!one) {
			tw_error_set(&err, TW_E_NOT_FOUND, "list.name", "there is no %s '%s'", kind->noun,
				     env->list->name);
			tw_call_fail(call, &err);
		} else {
			tw_call_object(call, ctl->model.revision, env->list->kind, one->msg);
		}
		return;
	}
	table = &ctl->model.tables[env->list->kind];
	objects = tw_need(calloc(table->n + 1, sizeof(*objects)));
	body.objects = tw_need(calloc(table->n + 1, sizeof(*body.objects)));
	for (; body.n_objects < table->n; body.n_objects++) {
		tw_object_wrap(&objects[body.n_objects], env->list->kind, table->items[body.n_objects].msg);
		body.objects[body.n_objects] = &objects[body.n_objects];
	}
	body.revision = ctl->model.revision;
	reply.body_case = TW__ENVELOPE__BODY_OBJECTS;
	reply.objects = &body;
	tw_call_reply(call, &reply);
	free(body.objects);
	free(objects);
}

/* One line a request, in the order of proto/envelope.proto. */
static const struct {
	Tw__Envelope__BodyCase body;
	handler handle;
} handlers[] = {
	{ TW__ENVELOPE__BODY_CREATE, create },
	{ TW__ENVELOPE__BODY_SET, set },
	{ TW__ENVELOPE__BODY_DELETE, delete },
	{ TW__ENVELOPE__BODY_BIND_PORT, bind_port },
	{ TW__ENVELOPE__BODY_LIST, list },
	{ TW__ENVELOPE__BODY_WAIT_REALISED, tw_wait_realised },
	{ TW__ENVELOPE__BODY_GET_STATUS, tw_status_get },
	{ TW__ENVELOPE__BODY_LIST_FLOWS, tw_flows_list },
	{ TW__ENVELOPE__BODY_MIGRATE_VM, tw_migration_request },
	{ TW__ENVELOPE__BODY_WAIT_MIGRATION, tw_wait_migration },
	{ TW__ENVELOPE__BODY_OPEN_CAPTURE, tw_capture_open },
	{ TW__ENVELOPE__BODY_READ_CAPTURE, tw_capture_read },
	{ TW__ENVELOPE__BODY_STOP_CAPTURE, tw_capture_stop },
	{ TW__ENVELOPE__BODY_TRACE_PORT, tw_question_trace },
	{ TW__ENVELOPE__BODY_LIST_MULTICAST, tw_question_multicast },
	{ TW__ENVELOPE__BODY_REBALANCE_HOST, tw_question_rebalance },
	{ TW__ENVELOPE__BODY_WHY_PORT, tw_question_why },
	{ TW__ENVELOPE__BODY_LIST_MACS, tw_question_macs },
	{ TW__ENVELOPE__BODY_TRY_HOST_EXPORTER, tw_question_exporter },
	{ TW__ENVELOPE__BODY_HELLO, tw_hosts_hello },
	{ TW__ENVELOPE__BODY_WATCH, tw_watch_handle },
	{ TW__ENVELOPE__BODY_REPORT, tw_hosts_report },
	{ TW__ENVELOPE__BODY_TASK_RESULT, tw_tasks_result },
	{ TW__ENVELOPE__BODY_PUSH_CAPTURES, tw_captures_push },
};

void tw_api_handle(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call)
{
	struct tw_error err;

	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		if (handlers[i].body == env->body_case) {
			handlers[i].handle(ctl, env, call);
			return;
		}
	}
	tw_error_set(&err, TW_E_UNEXPECTED, NULL, "tw-controller takes no message %d", (int)env->body_case);
	tw_call_fail(call, &err);
}
