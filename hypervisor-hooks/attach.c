/* SPDX-License-Identifier: Apache-2.0 */
/* attach.c - asks this host's agent for ports; see attach.h. Control threads. Owns nothing between calls. */
#include "hypervisor-hooks/attach.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/path.h"
#include "hypervisor-hooks/vm_spec.h"
#include "proto/link/check.h"

bool tw_vm_nic_from_reply(const Tw__AttachPortReply *reply, struct tw_qemu_nic *nic, struct tw_error *err)
{
	uint32_t mtu = reply->mtu ? reply->mtu : TW_MTU_DEFAULT;

	if (*reply->socket != '/' || strlen(reply->socket) >= sizeof(nic->socket))
		return tw_error_set(err, TW_E_INVALID, "socket", "\"%.100s\" is no path of a socket", reply->socket);
	if (!tw_check_mac(reply->mac, "mac", err))
		return false;
	if (reply->mtu < TW_MTU_MIN || reply->mtu > TW_MTU_MAX)
		return tw_error_set(err, TW_E_INVALID, "mtu", "%u is not in %d..%d", reply->mtu, TW_MTU_MIN,
				    TW_MTU_MAX);
	if (reply->vm_uuid.len != TW_UUID_LEN)
		return tw_error_set(err, TW_E_INVALID, "vm_uuid", "a UUID has %d octets", TW_UUID_LEN);
	memcpy(nic->socket, reply->socket, strlen(reply->socket) + 1);
	memcpy(nic->mac, reply->mac.data, TW_MAC_LEN);
	nic->mtu = mtu;
	nic->switch_listens = reply->vhost == TW__VHOST_MODE__VHOST_SERVER;
	return true;
}

static bool take_uuid(Tw__VmSpec *spec, const Tw__AttachPortReply *reply, struct tw_error *err)
{
	if (spec->uuid.len == TW_UUID_LEN)
		return memcmp(spec->uuid.data, reply->vm_uuid.data, TW_UUID_LEN) == 0
			       ? true
			       : tw_error_set(err, TW_E_INVALID, "vm_uuid",
					      "the port is of another VM than the other ports or --uuid");
	return tw_vm_spec_set_uuid(spec, reply->vm_uuid.data) ? tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory")
							      : true;
}

/* NULL with *err. A socket that is not there is told at once; one where nobody answers, after the time allowed. */
static struct tw_link_client *agent_of(const char *run_dir, struct tw_error *err)
{
	char url[PATH_MAX];
	struct tw_link_client *agent = NULL;

	if (tw_path(url, sizeof(url), "ipc://%s/agent.ipc", run_dir))
		errno = ENAMETOOLONG;
	else if (access(url + strlen("ipc://"), F_OK) == 0)
		agent = tw_link_client_create(NULL, url);
	if (!agent)
		tw_error_set(err, TW_E_UNREACHABLE, NULL, "%.150s/agent.ipc: %s; is tw-agent running on this host?",
			     run_dir, strerror(errno));
	return agent;
}

/* Says which port an error is about, and what silence means. */
static int explain(int rc, const char *port, struct tw_error *err)
{
	char text[sizeof(err->text)];

	if (rc == -ETIMEDOUT)
		tw_error_set(err, TW_E_UNREACHABLE, port, "tw-agent does not answer; is it running on this host?");
	else if (!err->code)
		tw_error_set(err, TW_E_INTERNAL, port, "%s", strerror(-rc));
	else if (!*err->field) {
		memcpy(text, err->text, sizeof(text));
		tw_error_set(err, err->code, port, "%s", text);
	}
	return rc;
}

static int attach_one(struct tw_link_client *agent, Tw__VmSpec *spec, size_t i, bool incoming, struct tw_qemu_nic *nic,
		      struct tw_error *err)
{
	Tw__AttachPort attach;
	Tw__Envelope request = TW__ENVELOPE__INIT, *reply = NULL;
	int rc;

	tw__attach_port__init(&attach);
	attach.port = spec->ports[i];
	attach.incoming = incoming;
	request.body_case = TW__ENVELOPE__BODY_ATTACH_PORT;
	request.attach_port = &attach;
	rc = tw_link_call(agent, &request, TW_ATTACH_TIMEOUT_MS, &reply, err);
	if (rc)
		return explain(rc, spec->ports[i], err);
	if (reply->body_case != TW__ENVELOPE__BODY_ATTACH_PORT_REPLY) {
		tw_error_set(err, TW_E_UNEXPECTED, spec->ports[i], "the agent answered something else");
		rc = -EBADMSG;
	} else if (!tw_vm_nic_from_reply(reply->attach_port_reply, nic, err) ||
		   !take_uuid(spec, reply->attach_port_reply, err)) {
		rc = -EBADMSG;
	}
	tw__envelope__free_unpacked(reply, NULL);
	return rc;
}

static int detach_one(struct tw_link_client *agent, char *port, struct tw_error *err)
{
	Tw__DetachPort detach;
	Tw__Envelope request = TW__ENVELOPE__INIT, *reply = NULL;
	int rc;

	tw__detach_port__init(&detach);
	detach.port = port;
	request.body_case = TW__ENVELOPE__BODY_DETACH_PORT;
	request.detach_port = &detach;
	rc = tw_link_call(agent, &request, TW_ATTACH_TIMEOUT_MS, &reply, err);
	if (rc)
		return explain(rc, port, err);
	tw__envelope__free_unpacked(reply, NULL);
	return 0;
}

int tw_vm_attach(const char *run_dir, Tw__VmSpec *spec, bool incoming, struct tw_qemu_nic *nics, struct tw_error *err)
{
	struct tw_link_client *agent = spec->n_ports > 0 ? agent_of(run_dir, err) : NULL;
	struct tw_error ignored = { 0 };
	size_t done = 0;
	int rc = 0;

	if (spec->n_ports > 0 && !agent)
		return -EHOSTUNREACH;
	while (!rc && done < spec->n_ports) {
		rc = attach_one(agent, spec, done, incoming, &nics[done], err);
		/* A port whose reply was of no use is attached all the same. */
		done += !rc || rc == -EBADMSG;
	}
	for (size_t i = 0; rc && !incoming && i < done; i++)
		detach_one(agent, spec->ports[i], &ignored);
	tw_link_client_destroy(agent);
	return rc;
}

int tw_vm_detach(const char *run_dir, const Tw__VmSpec *spec, struct tw_error *err)
{
	struct tw_link_client *agent = spec->n_ports > 0 ? agent_of(run_dir, err) : NULL;
	int first = 0;

	if (spec->n_ports > 0 && !agent)
		return -EHOSTUNREACH;
	for (size_t i = 0; i < spec->n_ports; i++) {
		struct tw_error one = { 0 };
		int rc = detach_one(agent, spec->ports[i], &one);

		if (rc && !first) {
			first = rc;
			*err = one;
		}
		if (rc == -ETIMEDOUT)
			break; /* nobody is there: the rest would only wait as long again */
	}
	tw_link_client_destroy(agent);
	return first;
}
