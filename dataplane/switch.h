/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch.h - tw-switch's control side: everything main owns.
 *
 * One thread, one event loop. Requests, guests that come and go, timers: each is carried out to its end (or to a job that
 * workers finish) before the next. What workers see of it is a snapshot; what they need beside it (rings, pool) is made
 * before they start.
 *
 *   control.c   requests of the agent -> apply.c, status.c, handover.c, jobs.c
 *   links.c     guests and uplinks that come and go
 *   publish.c   state -> snapshot -> workers, and the grace period
 *   rebalance.c receive queues are shared out among the workers by load; move.c is how one goes to another
 *   failover.c  frames that leave by another uplink from now on
 *   retire.c    ports and uplinks on their way out: their flows end before their slot is free
 *   handover.c  a port between two hosts
 * Threads  main alone, unless a member says otherwise.
 */
#ifndef TW_DATAPLANE_SWITCH_H
#define TW_DATAPLANE_SWITCH_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/aggregate.h"
#include "dataplane/announce.h"
#include "dataplane/blame.h"
#include "dataplane/export_thread.h"
#include "dataplane/jobs.h"
#include "dataplane/learning.h"
#include "dataplane/mirror.h"
#include "dataplane/mirror_arrive.h"
#include "dataplane/move.h"
#include "dataplane/options.h"
#include "dataplane/plan.h"
#include "dataplane/rate.h"
#include "dataplane/rebalance.h"
#include "dataplane/recorders.h"
#include "dataplane/shape.h"
#include "dataplane/snapshot_build.h"
#include "dataplane/snooping.h"
#include "dataplane/uplink.h"
#include "dataplane/vhost.h"
#include "dataplane/worker.h"
#include "proto/link/link.h"

enum {
	TW_STALE_MAX = 16, /* snapshots that wait for a worker that does not come by */
	TW_HOLD_LIMIT_MS = 60000,
};

struct tw_switch;

/* How far a slot is on its way out. */
enum tw_retire { TW_RETIRE_NO, TW_RETIRE_GRACE, TW_RETIRE_FLOWS, TW_RETIRE_FREE };

/* A port that is open here. Its slot is its index in tw_switch.ports. */
struct tw_port {
	bool used;
	enum tw_retire retire;
	struct tw_switch *sw;
	uint16_t slot;
	uint32_t number;
	Tw__LocalPort__Role role;
	Tw__VhostMode mode;
	bool iommu;
	uint16_t mtu;
	uint8_t mac[6];
	uint8_t vm_uuid[16];
	char vm_name[64];
	char name[128];
	char socket[108];
	struct tw_vhost *vhost;
	struct tw_vhost_state guest;
	bool in_use; /* workers may have the device: it must be released */
	/* Added to what the workers have counted at this slot: less what they had when it was taken, plus what came along. */
	struct tw_counters base;
	struct tw_rings rings; /* rings.c */
	/* links.c: how often the guest's link changed lately; it has changed and must wait; that was told */
	tw_bucket_state link_changes;
	bool link_waits, link_told;
	/* between two hosts */
	struct rte_ring *hold;
	uint64_t held_since_ms, stopped_ns, frames_held;
	uint64_t hold_full_before; /* of its drops, when the hold began */
	bool draining;
	uint16_t drain_to; /* slot */
	struct tw_link_request
		*take_waits; /* until flows on their way to another worker (move.h) are there; NULL = none */
};

struct tw_uplink_slot {
	bool used;
	enum tw_retire retire;
	struct tw_uplink device;
	struct tw_counters base;
	uint64_t failovers;
};

/* Exporters whose records go by the controller: their names, for the status, and what they tell. */
struct tw_central {
	size_t n;
	char names[TW_EXPORTERS_MAX][TW_EXPORTER_NAME_SIZE];
	struct tw_flow_scope scopes[TW_EXPORTERS_MAX];
};

struct tw_switch {
	struct tw_options options;
	struct event_base *events;
	uint64_t boot_id, started_ms;
	/* --- made before the workers start --- */
	unsigned n_workers;
	struct tw_worker *workers[TW_WORKERS_MAX];
	void *flow_memory[TW_WORKERS_MAX];
	struct rte_mempool *pool;
	struct rte_rcu_qsbr *qsbr;
	struct rte_ring *hold[TW_SLOTS_MAX];              /* workers read */
	struct tw_tx_lock *tx_lock[TW_SLOTS_MAX];         /* workers read */
	struct tw_rate_state rates[TW_PORTS_MAX];         /* workers write */
	struct tw_tap_budget tap_budgets[TW_MIRRORS_MAX]; /* and here */
	struct tw_arrived arrived[TW_MIRRORS_MAX];        /* and here */
	struct tw_shaper *shapers[TW_PORTS_MAX];          /* workers read; NULL until the port is shaped */
	struct tw_shape_room shape_room;
	_Atomic(const struct tw_snapshot *) snapshot; /* workers read */
	_Atomic(const struct tw_mcast_view *) mcast;  /* workers read; snooping.c's */
	/* --- learned.c --- */
	_Atomic(const struct tw_fdb *) fdb; /* workers read */
	const struct tw_fdb *fdb_old;       /* until each worker has left it */
	uint64_t fdb_token;
	struct tw_learning *learning;
	/* learned_exchange.c: up to which change, of which start of the controller, other hosts' MACs are known */
	uint64_t remote_origin, remote_known;
	bool remote_begun;  /* from the beginning, and the rest is still to come */
	unsigned flap_told; /* second in which a flap was last told */
	/* --- the configuration and what is so --- */
	struct tw_plan *plan;
	char host[64];
	struct tw_port ports[TW_PORTS_MAX];
	struct tw_uplink_slot uplinks[TW_UPLINKS_MAX];
	struct tw_slot_state states[TW_SLOTS_MAX];
	uint32_t generation;
	struct tw_queue_map map;
	struct tw_move move;
	struct {
		const struct tw_snapshot *snapshot;
		uint64_t token;
	} stale[TW_STALE_MAX];
	unsigned n_stale;
	bool unpublished; /* what is so is not what the workers have: there was no memory for it */
	/* --- threads --- */
	struct tw_mirrors *mirrors;
	struct tw_arrivals *arrivals;
	struct tw_export_thread *exporter;
	struct tw_trial_request *trial; /* NULL = none is open */
	struct tw_central central;
	/* --- sockets and timers --- */
	struct tw_link_server *server;
	struct tw_link_pub *news;
	struct event *vhost_event, *second, *tick, *rings_event, *kernel_links, *signals[2];
	struct tw_jobs *jobs;
	struct tw_announcer *announcer;
	struct tw_snooping *snooping;
	struct tw_recorders *recorders;
	struct tw_rebalancer *rebalancer;
	struct tw_aggregate aggregate;
	bool ticking;
	bool ending;                         /* the program: exporters stay for the last records */
	unsigned seconds;                    /* of the event that comes each */
	struct tw_load load[TW_WORKERS_MAX]; /* rings.c */
};

/* ---- workers.c: pool, workers, their rings ---- */
int tw_workers_create(struct tw_switch *sw) __attribute__((warn_unused_result));
int tw_workers_start(struct tw_switch *sw) __attribute__((warn_unused_result));
void tw_workers_stop(struct tw_switch *sw); /* wait until each has returned */
void tw_workers_destroy(struct tw_switch *sw);
/** Sum over the workers, plus `base`. One burst stale. */
void tw_workers_count(const struct tw_switch *sw, uint16_t slot, const struct tw_counters *base,
		      struct tw_counters *sum);
/** The same of one receive queue. */
void tw_workers_count_queue(const struct tw_switch *sw, uint16_t slot, uint16_t queue, struct tw_queue_counters *sum);
/** Make the slot's counters begin at zero: base = what they are now, negative. */
void tw_workers_zero(const struct tw_switch *sw, uint16_t slot, struct tw_counters *base);

/* ---- publish.c ---- */
/**
 * Build a snapshot of what is so and let the workers have it; wait until none uses the former one, 1 s at most.
 * @return 0; -ENOMEM: nothing changed; -ETIMEDOUT: published, but a worker has not come by yet (tw_grace_over() says when)
 */
int tw_publish(struct tw_switch *sw);
/**
 * Have one queue polled by another worker: nobody's, grace, the other's. Nothing else changes.
 * @return 0; -ENOMEM, -ETIMEDOUT (of a tenth of a second): it is where it was
 */
int tw_publish_poller(struct tw_switch *sw, uint16_t slot, uint16_t queue, unsigned to);
/** Have all workers left every snapshot but the present one? Frees those they have left. */
bool tw_grace_over(struct tw_switch *sw);

/* ---- failover.c ---- */
/* Ports whose frames leave by another uplink in a new snapshot. */
struct tw_failover {
	unsigned n;
	uint16_t slot[TW_PORTS_MAX];
};
/** Compare while both are there. @param old NULL = there was none */
void tw_failover_note(struct tw_switch *sw, const struct tw_snapshot *old, const struct tw_snapshot *next,
		      struct tw_failover *failover);
/** Tell the wire; when the workers have the new snapshot. */
void tw_failover_announce(struct tw_switch *sw, const struct tw_failover *failover);
/** What an uplink is in the host's own teaming. */
Tw__UplinkRole tw_failover_role(const struct tw_switch *sw, unsigned index);

/* ---- run.c ---- */
/** Something must be looked at again in a millisecond: a job, a hold, a slot on its way out. */
void tw_tick_soon(struct tw_switch *sw);

/* ---- apply.c ---- */
/** The configuration to begin with: nothing at all. */
int tw_apply_nothing(struct tw_switch *sw) __attribute__((warn_unused_result));
/**
 * Be what `config` says. Returns when every worker forwards by it.
 * @return false with *err set. What could not be begun leaves the former configuration as it was; a worker that does not come
 *         by (TW_E_TIMEOUT) or a socket that could not be moved is told when the new one is in force already.
 */
bool tw_apply(struct tw_switch *sw, const Tw__Snapshot *config, struct tw_error *err)
	__attribute__((warn_unused_result));

/* ---- links.c ---- */
/* Changes of a guest's link one after the other; then it has one a second. A guest of 16 queue pairs that boots makes 32. */
enum { TW_LINK_CHANGES = 64 };
void tw_links_vhost_changed(struct tw_switch *sw);
/** Guests whose changes had to wait. Several times a second. */
void tw_links_retry(struct tw_switch *sw);
/** Look at each uplink's link. @param retry also open again what could not be opened */
void tw_links_poll_uplinks(struct tw_switch *sw, bool retry);
/** Have the kernel's news of links make us look at once. @return 0, -errno: then they are only polled */
int tw_links_listen(struct tw_switch *sw);
/** The first uplink that is up, or TW_SLOT_NONE. */
uint16_t tw_links_active_uplink(const struct tw_switch *sw);
/** Workers have left the devices of ports that are not up: rte_vhost may take them down. */
void tw_links_release(struct tw_switch *sw);
void tw_links_set_uplink(struct tw_switch *sw, unsigned index);

/* ---- retire.c ---- */
void tw_retire_port(struct tw_switch *sw, struct tw_port *port);
void tw_retire_uplink(struct tw_switch *sw, unsigned index);
/** Go on with what is on its way out, as far as it goes now. */
void tw_retire_step(struct tw_switch *sw);
bool tw_retire_pending(const struct tw_switch *sw);

/* ---- ports.c: what is open ---- */
struct tw_port *tw_port_by_number(struct tw_switch *sw, uint32_t number); /* not one that is on its way out */
struct tw_port *tw_port_alloc(struct tw_switch *sw);                      /* zeroed, slot and sw set, used; or NULL */
void tw_port_free(struct tw_port *port);
uint16_t tw_uplink_alloc(struct tw_switch *sw);                     /* index, or TW_UPLINKS_MAX */
uint32_t tw_slot_number(const struct tw_switch *sw, uint16_t slot); /* 0: an uplink or nobody */

/* ---- handover.c ---- */
void tw_handover_stopped(struct tw_port *port); /* the guest's ring stopped: HOLD or ABSENT into the state */
void tw_handover_started(struct tw_port *port);
/** The guest runs elsewhere (moved) or will be back here. */
void tw_handover_release(struct tw_port *port, bool moved);
/** The port is about to be closed: what waits for its guest follows it. */
void tw_handover_leave(struct tw_port *port);
uint64_t tw_handover_held(const struct tw_port *port); /* frames that waited or wait */
uint64_t tw_handover_lost(const struct tw_port *port); /* frames that found the queue full */

/** A few milliseconds have passed: told by workers, hold queues to empty, holds that took too long. */
void tw_handover_tick(struct tw_switch *sw);
bool tw_handover_pending(const struct tw_switch *sw);

/* ---- port_state.c: each answers req, now or when the workers are done ---- */
void tw_handover_take(struct tw_port *port, struct tw_link_request *req);
void tw_handover_resume(struct tw_port *port); /* a queue's flows have arrived at another worker: move.h */
void tw_handover_put(struct tw_port *port, const Tw__PortState *state, struct tw_link_request *req);

/* ---- news.c: events for the agent ---- */
void tw_news_started(struct tw_switch *sw);
void tw_news_port_link(const struct tw_port *port);
void tw_news_port_moved(const struct tw_port *port);
void tw_news_uplink(struct tw_switch *sw, const struct tw_uplink *uplink);

/* ---- status.c ---- */
/** Release with tw__switch_status__free_unpacked(status, NULL). NULL: out of memory */
Tw__SwitchStatus *tw_status(struct tw_switch *sw);
Tw__PortCounters *tw_status_counters(const struct tw_counters *counters);
/** A copy of text in a message's field, unless it is empty. @return false: out of memory */
bool tw_status_set_text(char **field, const char *text);
/* ---- recorder_status.c ---- */
/** @return false: out of memory */
bool tw_recorder_status(const struct tw_switch *sw, uint16_t slot, Tw__PortStatus *port);

/* ---- sflow_counters.c ---- */
/** A second has passed: report the counters of those whose turn it is to sFlow exporters. */
void tw_sflow_second(struct tw_switch *sw);

/* ---- status_exporters.c ---- */
/** @return false: out of memory; what was added is the message's */
bool tw_status_add_exporters(struct tw_switch *sw, Tw__SwitchStatus *status);

/* ---- rings.c: who is at fault ---- */
/** Sample the guests' rings; several times a second. */
void tw_rings_sample(struct tw_switch *sw);
/** Judge who is at fault and how busy the workers are; once a second. */
void tw_rings_judge(struct tw_switch *sw);
unsigned tw_rings_per_second(void);

/* ---- snooping_status.c ---- */
void tw_snooping_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);

/* ---- flow_list.c ---- */
void tw_flows_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);

/* ---- learned_list.c ---- */
void tw_learned_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);

/* ---- trace_request.c ---- */
void tw_trace_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);

/** What to call a slot, or (TW_SLOT_NONE) the port of that number. Writes into text and returns it. */
const char *tw_slot_name(const struct tw_switch *sw, uint16_t slot, uint32_t number, char *text, unsigned size);

/* ---- rebalance_request.c ---- */
void tw_rebalance_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);

/* ---- trial_request.c ---- */
void tw_trial_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);
/** At the end of the program. */
void tw_trial_request_drop(struct tw_switch *sw);
/* ---- why_request.c ---- */
void tw_why_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env);

/* ---- control.c ---- */
void tw_control_handle(struct tw_link_request *req, const Tw__Envelope *env, void *sw);

#endif
