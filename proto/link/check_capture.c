/* SPDX-License-Identifier: Apache-2.0 */
/* check_capture.c - what the fields of a live capture are to each other; see check_rules.h. Pure. */
#include "proto/envelope.pb-c.h"
#include "proto/link/check_rules.h"

bool tw_also_capture_is_stream(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__OpenCapture *m = (const Tw__OpenCapture *)msg;
	struct tw_where what = { at, "what", -1 }, stream = { &what, "stream", -1 };

	return m->what->stream ||
	       tw_where_fail(&stream, TW_E_INVALID, err, "what a capture copies goes to who reads it");
}

bool tw_also_capture_frames_fit(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__CaptureBatch *batch = (const Tw__CaptureBatch *)msg;

	for (size_t i = 0; i < batch->n_frames; i++) {
		const Tw__CapturedFrame *f = batch->frames[i];
		struct tw_where frame = { at, "frames", (int)i }, port = { &frame, "port", -1 },
				octets = { &frame, "octets", -1 };

		if (f->port >= batch->n_ports)
			return tw_where_fail(&port, TW_E_INVALID, err, "there is no port %u among %zu", f->port,
					     batch->n_ports);
		if (f->octets.len > f->len)
			return tw_where_fail(&octets, TW_E_INVALID, err, "%zu octets of a frame that had %u",
					     f->octets.len, f->len);
	}
	return true;
}
