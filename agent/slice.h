/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.h - what this host knows of the model: the controller's last word, kept in memory and on disk.
 *
 * A slice is one WatchReply that is always complete (`full`). Replies replace it or change single objects; a reply that
 * does not fit changes nothing. The file is a small header (magic, CRC-32, size) and an Envelope as on the wire, so the
 * same checks meet it as meet a message: a file is outside data too.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_SLICE_H
#define TW_AGENT_SLICE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/link/error.h"
#include "proto/link/link.h"

struct tw_slice;

enum { TW_VM_NAME_SIZE = 64 };

struct tw_slice *tw_slice_create(void); /* empty, revision 0; NULL when out of memory */
void tw_slice_destroy(struct tw_slice *slice);

/** The content, objects of each kind sorted by name. Valid until the next apply, load or destroy. */
const Tw__WatchReply *tw_slice_view(const struct tw_slice *slice);

/**
 * Take over what a controller answered.
 * @param reply    checked by the codec; its tasks are not kept
 * @param changed  out: true when anything but the revision may be different now
 * @param err      filled unless 0 is returned
 * @return 0; -EBADMSG (an object twice, a change to another epoch's slice, an unknown kind to delete); -ENOMEM.
 *         On failure the slice is as it was.
 */
int tw_slice_apply(struct tw_slice *slice, const Tw__WatchReply *reply, bool *changed, struct tw_error *err);

/** Write it so that a crash leaves either the old file or the new one. @return 0 or -errno */
int tw_slice_save(const struct tw_slice *slice, const char *path);

/**
 * Read a saved slice. A file that is not one is renamed to PATH.bad and logged.
 * @return 0; -ENOENT no file; -EBADMSG it was refused (err says why); another -errno. The slice is unchanged unless 0.
 */
int tw_slice_load(struct tw_slice *slice, const char *path, struct tw_error *err);

/** Like tw_slice_load() from memory. @return 0, -EBADMSG, -ENOMEM */
int tw_slice_parse(struct tw_slice *slice, const void *data, size_t size, struct tw_error *err);

/* Look-ups in a view: NULL when absent. */
const Tw__Port *tw_slice_port(const Tw__WatchReply *view, const char *name);
const Tw__Port *tw_slice_port_number(const Tw__WatchReply *view, uint32_t number);
const Tw__Network *tw_slice_network(const Tw__WatchReply *view, const char *name);
const Tw__Migration *tw_slice_migration(const Tw__WatchReply *view, uint64_t id);
const Tw__Host *tw_slice_peer(const Tw__WatchReply *view, const char *name);

/** A port's own VLAN, else its network's; NULL if neither is said. network may be NULL; borrowed. */
Tw__Vlan *tw_slice_port_vlan(const Tw__Port *port, const Tw__Network *network);

/** First part of "vm/nic". */
char *tw_slice_vm(const char *port, char vm[static TW_VM_NAME_SIZE]);

#endif
