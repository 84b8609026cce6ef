/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why_fuzz.c - any octets as the kept head of a frame: the line and the sentence end, and have no character but printable
 * ones; whether the frame is looked for is decided without reading behind the head.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/decide.h"
#include "dataplane/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_text(const char *text)
{
	size_t len = strnlen(text, TW_WHY_TEXT);

	if (len == TW_WHY_TEXT)
		abort();
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 }, ip[16] = { 0 };
	char text[TW_WHY_TEXT];
	struct tw_recorded *r;
	Tw__FrameFilter f;

	if (size < 8)
		return 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return 0;
	r->times = data[0];
	r->len = (uint32_t)(data[1] << 8 | data[2]);
	r->action = data[3] % (TW_ACT_COPY + 1);
	r->detail = data[4];
	r->to = data[5] & 1;
	r->vlan = data[6];
	size -= 7;
	r->kept = (uint8_t)(size < TW_RECORD_HEAD ? size : TW_RECORD_HEAD);
	memcpy(r->head, data + 7, r->kept);
	must_be_text(tw_why_frame(r, text));
	must_be_text(tw_why_sentence(r, data[5] & 2 ? "db/eth0" : "", text));
	tw__frame_filter__init(&f);
	f.src_ip = (ProtobufCBinaryData){ data[5] & 4 ? 16 : 4, ip };
	f.dst_mac = (ProtobufCBinaryData){ 6, mac };
	f.dst_port = data[1];
	tw_why_fits(r, &f);
	tw_why_has_mac(r, mac);
	free(r);
	return 0;
}
