/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.c - list, show, create, set and delete, the same for every kind of object; see command.h.
 *
 * A noun gives its name (which is also its field in the messages), its columns and its options. Threads: one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/command.h"

json_t *tw_object_json(const json_t *object)
{
	return json_object_iter_value(json_object_iter((json_t *)(uintptr_t)object));
}

/* Make run->request with an object of the noun's kind in it, named by the operand: what options apply to. */
static bool begin_object(struct tw_run *run, const char *body_name)
{
	ProtobufCMessage *body, *object;

	run->request = tw_ask_new(body_name, &body);
	object = tw_message_put(body, "object");
	run->target = tw_message_put(object, run->noun->name);
	tw_message_set_string(run->target, "name", run->operand);
	return true;
}

bool tw_object_begin_create(struct tw_run *run)
{
	return begin_object(run, "create");
}

bool tw_object_begin_set(struct tw_run *run)
{
	return begin_object(run, "set");
}

bool tw_object_begin_delete(struct tw_run *run)
{
	Tw__Delete *body;

	run->request = tw_ask_new("delete", &body);
	body->kind = run->noun->kind;
	tw_message_set_string(&body->base, "name", run->operand);
	return true;
}

/* After a write: until all hosts concerned enforce the revision. Their names as a list; NULL with run->error filled. */
static json_t *wait_realised(struct tw_run *run, uint64_t revision)
{
	Tw__WaitRealised *body;
	Tw__Envelope *request = tw_ask_new("wait_realised", &body), *reply;
	json_t *answer, *hosts = NULL;

	body->revision = revision;
	body->timeout_ms = (uint32_t)run->wait_ms;
	reply = tw_ask(run, request, run->wait_ms, "wait_realised_reply");
	tw__envelope__free_unpacked(request, NULL);
	if (!reply)
		return NULL;
	answer = tw_message_json(&reply->wait_realised_reply->base);
	hosts = json_incref(json_object_get(answer, "hosts"));
	json_decref(answer);
	tw__envelope__free_unpacked(reply, NULL);
	return hosts;
}

static const char *past_tense(const struct tw_run *run)
{
	switch (run->request->body_case) {
	case TW__ENVELOPE__BODY_CREATE:
		return "created";
	case TW__ENVELOPE__BODY_DELETE:
		return "deleted";
	case TW__ENVELOPE__BODY_BIND_PORT:
		return *run->request->bind_port->host ? "bound" : "unbound";
	default:
		return "set";
	}
}

static void print_written(struct tw_run *run, const json_t *result)
{
	FILE *out = run->io->out;
	const json_t *hosts = json_object_get(result, "realised"), *host;
	size_t i;

	fprintf(out, "%s ", run->noun->name);
	tw_out_text(out, run->operand);
	fprintf(out, " %s: revision %" JSON_INTEGER_FORMAT, past_tense(run), tw_json_number_at(result, "revision"));
	if (hosts)
		fputs(json_array_size(hosts) ? ", enforced by" : ", concerns no host", out);
	json_array_foreach(hosts, i, host)
	{
		fputs(i ? ", " : " ", out);
		tw_out_text(out, json_string_value(host));
	}
	fputc('\n', out);
}

int tw_object_write(struct tw_run *run)
{
	Tw__Envelope *reply;
	json_t *result, *hosts;
	int rc = TW_EXIT_DONE;

	if (run->request->body_case == TW__ENVELOPE__BODY_SET && !run->request->set->n_fields)
		return tw_run_usage(run, "nothing to set: no option names a change");
	reply = tw_ask(run, run->request, 0, "written");
	if (!reply)
		return tw_run_fail(run);
	result = json_pack("{s:I}", "revision", (json_int_t)reply->written->revision);
	if (reply->written->object) {
		json_t *object = tw_message_json(&reply->written->object->base);

		json_object_update(result, object);
		json_decref(object);
	}
	if (run->wait_ms) {
		hosts = wait_realised(run, reply->written->revision);
		if (hosts)
			json_object_set_new(result, "realised", hosts);
		else
			rc = TW_EXIT_FAILED;
	}
	if (run->json)
		tw_out_json(run->io->out, result);
	else
		print_written(run, result);
	if (rc) {
		fflush(run->io->out);
		fputs("twctl: the change is stored but it is not known to be enforced everywhere\n", run->io->err);
		tw_run_fail(run);
	}
	json_decref(result);
	tw__envelope__free_unpacked(reply, NULL);
	return rc;
}

int tw_object_list(struct tw_run *run)
{
	json_t *answer = tw_ask_objects(run, run->noun->kind, NULL), *objects, *object;
	FILE *out = run->io->out;
	size_t i;

	if (!answer)
		return tw_run_fail(run);
	objects = json_object_get(answer, "objects");
	if (run->names) {
		json_array_foreach(objects, i, object)
		{
			tw_out_text(out, tw_json_string_at(object, "name"));
			if (run->noun->kind == TW__KIND__MIGRATION) /* its name is its number */
				fprintf(out, "%" JSON_INTEGER_FORMAT, tw_json_number_at(object, "id"));
			fputc('\n', out);
		}
	} else if (run->json) {
		json_object_set(answer, run->noun->plural, objects);
		json_object_del(answer, "objects");
		tw_out_json(out, answer);
	} else if (json_array_size(objects)) {
		tw_out_table(out, run->noun->list, objects);
	} else {
		fprintf(run->io->err, "no %s\n", run->noun->plural);
	}
	json_decref(answer);
	return TW_EXIT_DONE;
}

int tw_object_show(struct tw_run *run)
{
	json_t *answer = tw_ask_objects(run, run->noun->kind, run->operand), *object;
	int rc = TW_EXIT_DONE;

	if (!answer)
		return tw_run_fail(run);
	object = json_array_get(json_object_get(answer, "objects"), 0);
	if (!object) {
		tw_error_set(&run->error, TW_E_NOT_FOUND, run->noun->name, "there is no %s %.60s", run->noun->name,
			     run->operand);
		rc = tw_run_fail(run);
	} else if (run->noun->detail && !run->noun->detail(run, object)) {
		rc = tw_run_fail(run);
	} else if (run->json) {
		tw_out_json(run->io->out, object);
	} else {
		tw_out_card(run->io->out, run->noun->card, object);
		if (run->noun->show)
			run->noun->show(run->io->out, object);
	}
	json_decref(answer);
	return rc;
}
