/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - questions to the controller, and what to say when there is no answer; see command.h.
 *
 * Threads  one. Owns run->link, the connection, from the first question until the run ends.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "controlplane/twctl/command.h"
#include "proto/link/link.h"

Tw__Envelope *tw_ask_new(const char *body_name, void *body)
{
	Tw__Envelope *request = tw_message_new(&tw__envelope__descriptor);

	*(void **)body = tw_message_put(&request->base, body_name);
	return request;
}

/* 0 when something listens on the socket of an ipc:// URL, else why not, as errno. */
static int probe(const char *url)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = url + strlen("ipc://");
	int fd, rc = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) && errno != EAGAIN)
		rc = errno;
	close(fd);
	return rc;
}

/* Why a controller did not answer, and what to do about it, as far as this host can tell. */
static void explain_silence(struct tw_run *run)
{
	bool local = strncmp(run->url, "ipc://", 6) == 0;
	int why = local ? probe(run->url) : 0;
	const char *check = "it listens there but is slow or stopped; see its log, or allow more by --timeout";

	if (!local)
		check = "is tw-controller running with --listen of this URL, and does a firewall let it through?";
	else if (why == ENOENT)
		check = "there is no such socket: start tw-controller, or name its URL by --controller or TW_CONTROLLER";
	else if (why == ECONNREFUSED)
		check = "the socket is left from a controller that is gone: start tw-controller";
	else if (why == EACCES || why == EPERM)
		check = "you may not open this socket: run twctl as the user that tw-controller runs as (root)";
	else if (why)
		check = strerror(why);
	tw_error_set(&run->error, TW_E_UNREACHABLE, NULL, "no answer from the controller at %.120s", run->url);
	snprintf(run->hint, sizeof(run->hint), "%s", check);
}

static int ask_link(struct tw_run *run, Tw__Envelope *request, int timeout_ms, Tw__Envelope **reply)
{
	int why;

	if (!run->link && strncmp(run->url, "ipc://", 6) == 0) {
		why = probe(run->url);
		if (why == EACCES || why == EPERM || why == ENAMETOOLONG)
			return -ETIMEDOUT; /* waiting would not help */
	}
	if (!run->link)
		run->link = tw_link_client_create(NULL, run->url);
	if (!run->link) {
		tw_error_set(&run->error, TW_E_UNREACHABLE, NULL, "%.120s cannot be used as the controller's URL: %s",
			     run->url, strerror(errno));
		return -EINVAL;
	}
	return tw_link_call(run->link, request, timeout_ms, reply, &run->error);
}

Tw__Envelope *tw_ask(struct tw_run *run, Tw__Envelope *request, int extra_ms, const char *expected)
{
	int timeout_ms = run->timeout_ms + extra_ms, rc;
	Tw__Envelope *reply = NULL;

	run->error = (struct tw_error){ 0 };
	run->hint[0] = '\0';
	rc = run->io->ask ? run->io->ask(run->io->arg, run->url, request, timeout_ms, &reply, &run->error)
			  : ask_link(run, request, timeout_ms, &reply);
	if (rc == -ETIMEDOUT)
		explain_silence(run);
	else if (rc == -EBADMSG)
		snprintf(run->hint, sizeof(run->hint),
			 "the controller's answer was not understood; are twctl and tw-controller of one version?");
	else if (rc && !run->error.code)
		tw_error_set(&run->error, TW_E_INTERNAL, NULL, "%s", strerror(-rc));
	if (rc)
		return NULL;
	if (tw_message_get(&reply->base, expected))
		return reply;
	tw_error_set(&run->error, TW_E_UNEXPECTED, NULL, "the controller answered something else than %s", expected);
	tw__envelope__free_unpacked(reply, NULL);
	return NULL;
}

/* Ask, and take the reply's body as JSON. Consumes request. */
static json_t *ask_json(struct tw_run *run, Tw__Envelope *request, const char *expected)
{
	Tw__Envelope *reply = tw_ask(run, request, 0, expected);
	json_t *json = reply ? tw_message_json(tw_message_get(&reply->base, expected)) : NULL;

	tw__envelope__free_unpacked(request, NULL);
	if (reply)
		tw__envelope__free_unpacked(reply, NULL);
	return json;
}

json_t *tw_ask_objects(struct tw_run *run, Tw__Kind kind, const char *name)
{
	json_t *answer, *objects, *object;
	Tw__List *list;
	Tw__Envelope *request = tw_ask_new("list", &list);
	char noun[TW_ENUM_NAME_SIZE];
	size_t i;

	list->kind = kind;
	if (name)
		tw_message_set_string(&list->base, "name", name);
	answer = ask_json(run, request, "objects");
	if (!answer) {
		/* say "port.name", which the operator knows, not the request's "list.name" */
		if (strcmp(run->error.field, "list.name") == 0)
			snprintf(run->error.field, sizeof(run->error.field), "%s.name",
				 tw_enum_name(&tw__kind__descriptor, (int)kind, noun));
		return NULL;
	}
	/* {"port": {...}} -> {...}: the kind is known */
	objects = json_array();
	json_array_foreach(json_object_get(answer, "objects"), i, object) if (tw_object_json(object))
		json_array_append(objects, tw_object_json(object));
	json_object_set_new(answer, "objects", objects);
	return answer;
}

json_t *tw_ask_status(struct tw_run *run)
{
	Tw__GetStatus *body;

	return ask_json(run, tw_ask_new("get_status", &body), "status");
}

bool tw_ask_each_host(struct tw_run *run, bool (*ask)(struct tw_run *run, const char *host, void *arg), void *arg,
		      json_t *missing)
{
	json_t *status = tw_ask_status(run), *host;
	size_t i;

	if (!status)
		return false;
	json_array_foreach(json_object_get(status, "hosts"), i, host)
	{
		const char *name = tw_json_string_at(host, "name");

		if (json_is_true(json_object_get(host, "connected")) && ask(run, name, arg))
			continue;
		json_array_append_new(missing, json_string(name));
		run->error = (struct tw_error){ 0 };
	}
	json_decref(status);
	return true;
}

int tw_run_fail(const struct tw_run *run)
{
	FILE *err = run->io->err;

	fputs("twctl: ", err);
	if (run->error.field[0]) {
		tw_out_text(err, run->error.field);
		fputs(": ", err);
	}
	tw_out_text(err, run->error.text[0] ? run->error.text : tw_error_text(run->error.code));
	fprintf(err, "  [%u]\n", run->error.code);
	if (run->hint[0])
		fprintf(err, "twctl: %s\n", run->hint);
	return TW_EXIT_FAILED;
}

bool tw_ports_mac(void *ports, const char *name, uint8_t mac[static TW_MAC_LEN])
{
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(ports, "objects"), i, port)
	{
		if (strcmp(tw_json_string_at(port, "name"), name) == 0)
			return tw_mac_parse(tw_json_string_at(port, "mac"), mac);
	}
	return false;
}
