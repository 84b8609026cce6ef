/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_fixture.h - a controller without sockets, under the virtual clock, and requests in one line each.
 *
 * A request goes the way of a real one: it is packed, unpacked and checked (proto/link/check.h) before the controller
 * sees it. Single-threaded.
 */
#ifndef TW_TESTS_UNIT_CTL_FIXTURE_H
#define TW_TESTS_UNIT_CTL_FIXTURE_H

#include "controlplane/controller.h"

/* What became of a request. n == 0: it waits. Free with answer_clear(). */
struct answer {
	unsigned n;
	Tw__Envelope *reply; /* NULL when err.code is set */
	struct tw_error err;
};

/** A controller with a new store at `path` (":memory:"), its clock at a fixed time. */
struct tw_controller *ctl_start(const char *path);
/** Destroy it. Answers that still wait are not looked at: whoever asked may be gone. */
void ctl_stop(struct tw_controller *ctl);
void ctl_warp(struct tw_controller *ctl, uint64_t ms); /* move the clock on, then tick */

/** Ask; ticks afterwards. @return the error's code, 0 = answered or waiting */
uint32_t ask(struct tw_controller *ctl, Tw__Envelope *env, struct answer *answer);
void answer_clear(struct answer *answer);

/* Each asks one thing; @return the error's code. With answer NULL nobody looks at it. */
uint32_t ask_host(struct tw_controller *ctl, const char *name, struct answer *answer);
uint32_t ask_network(struct tw_controller *ctl, const char *name, uint32_t vlan, struct answer *answer);
uint32_t ask_port(struct tw_controller *ctl, const char *name, const char *network, struct answer *answer);
uint32_t ask_bind(struct tw_controller *ctl, const char *port, const char *host, struct answer *answer);
uint32_t ask_unbind(struct tw_controller *ctl, const char *port, const char *from, struct answer *answer);
uint32_t ask_mirror(struct tw_controller *ctl, const char *name, const char *port, const char *file,
		    struct answer *answer);
/** A mirror with a name; everything else as the caller has it. */
uint32_t ask_new_mirror(struct tw_controller *ctl, Tw__Mirror *mirror, struct answer *answer);
uint32_t ask_exporter(struct tw_controller *ctl, const char *name, struct answer *answer);
/** One rule. */
uint32_t ask_acl(struct tw_controller *ctl, const char *name, const char *rule, struct answer *answer);
uint32_t ask_delete(struct tw_controller *ctl, Tw__Kind kind, const char *name, struct answer *answer);
/** Set the fields (comma-separated) of an object to what they are in it. */
uint32_t ask_set(struct tw_controller *ctl, Tw__Kind kind, ProtobufCMessage *msg, const char *fields,
		 struct answer *answer);
/** Set a port's VLAN: access `vlan`. */
uint32_t ask_port_vlan(struct tw_controller *ctl, const char *port, uint32_t vlan, struct answer *answer);
uint32_t ask_hello(struct tw_controller *ctl, const char *host, uint64_t boot_id, struct answer *answer);
uint32_t ask_watch(struct tw_controller *ctl, const char *host, uint64_t since, uint32_t wait_ms,
		   struct answer *answer);
uint32_t ask_report(struct tw_controller *ctl, const char *host, uint64_t realised, struct answer *answer);
uint32_t ask_wait(struct tw_controller *ctl, uint64_t revision, uint32_t timeout_ms, struct answer *answer);
uint32_t ask_migrate(struct tw_controller *ctl, const char *vm, const char *to, struct answer *answer);

/** A host that runs: Hello, Watch, Report of the newest revision. */
void host_comes(struct tw_controller *ctl, const char *name);
/** Reports the newest revision as realised. */
void host_realises(struct tw_controller *ctl, const char *name);

/** Everything in the model as bytes, for comparing. Free it. */
char *model_bytes(const struct tw_model *model, size_t *size);

#endif
