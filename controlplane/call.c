/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - the answers that several requests share; see call.h. The controller's thread. */
#include "controlplane/call.h"

void tw_call_reply(struct tw_call call, Tw__Envelope *reply)
{
	call.answer(call.arg, reply, NULL);
}

void tw_call_fail(struct tw_call call, const struct tw_error *err)
{
	call.answer(call.arg, NULL, err);
}

void tw_call_end(struct tw_call call)
{
	struct tw_error err;

	tw_error_set(&err, TW_E_UNREACHABLE, NULL, "the controller is ending");
	tw_call_fail(call, &err);
}

void tw_call_ack(struct tw_call call)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Ack ack = TW__ACK__INIT;

	reply.body_case = TW__ENVELOPE__BODY_ACK;
	reply.ack = &ack;
	tw_call_reply(call, &reply);
}

void tw_call_written(struct tw_call call, uint64_t revision, Tw__Kind kind, const ProtobufCMessage *msg)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Written written = TW__WRITTEN__INIT;
	Tw__Object object;

	written.revision = revision;
	if (msg) {
		tw_object_wrap(&object, kind, msg);
		written.object = &object;
	}
	reply.body_case = TW__ENVELOPE__BODY_WRITTEN;
	reply.written = &written;
	tw_call_reply(call, &reply);
}

void tw_call_object(struct tw_call call, uint64_t revision, Tw__Kind kind, const ProtobufCMessage *msg)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Objects objects = TW__OBJECTS__INIT;
	Tw__Object object, *list[1] = { &object };

	tw_object_wrap(&object, kind, msg);
	objects.revision = revision;
	objects.objects = list;
	objects.n_objects = 1;
	reply.body_case = TW__ENVELOPE__BODY_OBJECTS;
	reply.objects = &objects;
	tw_call_reply(call, &reply);
}
