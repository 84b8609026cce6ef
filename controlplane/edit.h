/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit.h - turns a request to write into changes, or into the reason why not.
 *
 * Each function reads the model, checks everything (proto/link/check.h, refs.h) and only makes the changes; nothing
 * happens until they are committed (controller.h). On false *err is filled and *changes is as it was. An empty *changes
 * with true means that everything is as asked for already.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_EDIT_H
#define TW_CONTROLPLANE_EDIT_H

#include "controlplane/model.h"

bool tw_edit_create(const struct tw_model *model, const Tw__Create *request, struct tw_changes *changes,
		    struct tw_error *err);
bool tw_edit_set(const struct tw_model *model, const Tw__Set *request, struct tw_changes *changes,
		 struct tw_error *err);
bool tw_edit_delete(const struct tw_model *model, const Tw__Delete *request, struct tw_changes *changes,
		    struct tw_error *err);
bool tw_edit_bind(const struct tw_model *model, const Tw__BindPort *request, struct tw_changes *changes,
		  struct tw_error *err);

/** The limits of single fields, whatever the kind. */
bool tw_edit_check(Tw__Kind kind, const ProtobufCMessage *msg, struct tw_error *err);

/** Where a port is: replaces its binding. host NULL or empty = nowhere. */
void tw_edit_place(Tw__Port *port, const char *host, uint64_t migration);

#endif
