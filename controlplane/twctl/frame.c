/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - a frame as an operator writes it; see frame.h. Pure but for the names; any thread. */
#include "controlplane/twctl/frame.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/parse.h"

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMPV6 = 58
};
enum { WORD_SIZE = 160, WORDS_MAX = 64 };

struct words {
	const char *path;
	struct tw_frame *frame;
	tw_frame_resolve resolve;
	void *arg;
	struct tw_error *err;
	char word[WORDS_MAX][WORD_SIZE];
	unsigned n, at;
};

static bool is_hex(const char *text)
{
	unsigned digits = 0;

	for (; *text; text++) {
		if (isxdigit((unsigned char)*text))
			digits++;
		else if (!strchr(" \t\n:.-", *text))
			return false;
	}
	return digits > 0;
}

static bool parse_hex(const char *path, const char *text, struct tw_frame *f, struct tw_error *err)
{
	char pair[3] = "";

	f->given = TW_FRAME_HEX;
	for (; *text; text++) {
		if (!isxdigit((unsigned char)*text))
			continue;
		pair[pair[0] ? 1 : 0] = *text;
		if (!pair[1])
			continue;
		if (f->raw_len == TW_FRAME_MAX)
			return tw_error_set(err, TW_E_INVALID, path, "a frame has at most %d octets", TW_FRAME_MAX);
		f->raw[f->raw_len++] = (uint8_t)strtoul(pair, NULL, 16);
		memset(pair, 0, sizeof(pair));
	}
	return !pair[0] || tw_error_set(err, TW_E_INVALID, path, "an odd number of hexadecimal digits");
}

static bool split(struct words *w, const char *text)
{
	while (*(text += strspn(text, " \t\n,"))) {
		size_t len = strcspn(text, " \t\n,");

		if (w->n == WORDS_MAX || len >= WORD_SIZE)
			return tw_error_set(w->err, TW_E_INVALID, w->path, "that is more than a frame has");
		memcpy(w->word[w->n], text, len);
		w->word[w->n++][len] = '\0';
		text += len;
	}
	return true;
}

/* The value behind a keyword; NULL with *err filled. */
static const char *value(struct words *w, const char *keyword, const char *what)
{
	if (w->at < w->n)
		return w->word[w->at++];
	tw_error_set(w->err, TW_E_MISSING, w->path, "'%s' is followed by %s", keyword, what);
	return NULL;
}

static bool number(struct words *w, const char *keyword, const char *what, uint64_t max, uint64_t *n)
{
	const char *text = value(w, keyword, what);
	char *end;

	if (!text)
		return false;
	errno = 0;
	*n = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (!isdigit((unsigned char)*text) || *end || errno || *n > max)
		return tw_error_set(w->err, TW_E_INVALID, w->path, "'%.60s' is not %s (0..%llu)", text, what,
				    (unsigned long long)max);
	return true;
}

static bool mac(struct words *w, const char *keyword, uint8_t out[static TW_MAC_LEN])
{
	const char *text = value(w, keyword, "a MAC address or a port's name");

	if (!text)
		return false;
	if (strcmp(text, "broadcast") == 0) {
		memset(out, 0xff, TW_MAC_LEN);
		return true;
	}
	if (tw_mac_parse(text, out) || (strchr(text, '/') && w->resolve && w->resolve(w->arg, text, out)))
		return true;
	if (strchr(text, '/'))
		return tw_error_set(w->err, TW_E_NOT_FOUND, w->path, "there is no port '%.127s'", text);
	return tw_error_set(w->err, TW_E_INVALID, w->path, "'%.60s' is neither a MAC address nor a port's name", text);
}

static bool address(struct words *w, uint8_t out[static 16])
{
	const char *text = value(w, "ip", "two addresses");
	uint8_t len;

	if (!text)
		return false;
	if (inet_pton(AF_INET, text, out) == 1)
		len = 4;
	else if (inet_pton(AF_INET6, text, out) == 1)
		len = 16;
	else
		return tw_error_set(w->err, TW_E_INVALID, w->path, "'%.60s' is not an IP address", text);
	if (w->frame->ip_len && w->frame->ip_len != len)
		return tw_error_set(w->err, TW_E_INVALID, w->path, "both addresses are IPv4, or both are IPv6");
	w->frame->ip_len = len;
	return true;
}

/* "tcp", or "tcp 1234 80". */
static bool transport(struct words *w, const char *keyword, uint8_t proto, uint64_t max)
{
	struct tw_frame *f = w->frame;
	uint64_t from, to;

	f->given |= TW_FRAME_PROTO;
	f->proto = proto;
	if (w->at == w->n || !isdigit((unsigned char)w->word[w->at][0]))
		return true;
	if (!number(w, keyword, "two numbers", max, &from) || !number(w, keyword, "two numbers", max, &to))
		return false;
	f->given |= TW_FRAME_PORTS;
	f->ports[0] = (uint16_t)from;
	f->ports[1] = (uint16_t)to;
	return true;
}

static bool tcp_flag(struct tw_frame *f, const char *keyword)
{
	static const char *const flags[] = { "fin", "syn", "rst", "psh", "ack", "urg" }; /* RFC 9293, low bit first */

	for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(keyword, flags[i]) == 0) {
			f->tcp_flags |= (uint8_t)(1 << i);
			return true;
		}
	return false;
}

static bool one(struct words *w)
{
	const char *keyword = w->word[w->at++];
	struct tw_frame *f = w->frame;
	uint64_t n;

#define IS(name) (strcmp(keyword, name) == 0)
	if (IS("src")) {
		f->given |= TW_FRAME_SRC;
		return mac(w, keyword, f->src);
	}
	if (IS("dst")) {
		f->given |= TW_FRAME_DST;
		return mac(w, keyword, f->dst);
	}
	if (IS("ip")) {
		f->given |= TW_FRAME_IP;
		return address(w, f->src_ip) && address(w, f->dst_ip);
	}
	if (IS("tcp"))
		return transport(w, keyword, PROTO_TCP, 65535);
	if (IS("udp"))
		return transport(w, keyword, PROTO_UDP, 65535);
	if (IS("icmp"))
		return transport(w, keyword, PROTO_ICMP, 255);
	if (tcp_flag(f, keyword))
		return true;
	if (!IS("vlan") && !IS("priority") && !IS("type") && !IS("proto") && !IS("len"))
		return tw_error_set(
			w->err, TW_E_INVALID, w->path,
			"'%.60s' is no field of a frame; they are: src dst vlan priority type ip proto tcp udp "
			"icmp syn ack fin rst psh urg len",
			keyword);
	if (!number(w, keyword, "a number",
		    IS("vlan")       ? 4094
		    : IS("priority") ? 7
		    : IS("proto")    ? 255
		    : IS("len")      ? TW_FRAME_MAX
				     : 65535,
		    &n))
		return false;
	if (IS("vlan")) {
		f->given |= TW_FRAME_VLAN;
		f->vlan = (uint16_t)n;
	} else if (IS("priority")) {
		f->given |= TW_FRAME_VLAN;
		f->priority = (uint16_t)n;
	} else if (IS("type")) {
		f->given |= TW_FRAME_TYPE;
		f->type = (uint16_t)n;
	} else if (IS("proto")) {
		f->given |= TW_FRAME_PROTO;
		f->proto = (uint8_t)n;
	} else {
		f->len = (uint32_t)n;
	}
#undef IS
	return true;
}

static bool agrees(struct words *w)
{
	struct tw_frame *f = w->frame;

	if (f->tcp_flags && f->proto != PROTO_TCP)
		return tw_error_set(w->err, TW_E_INVALID, w->path, "syn, ack and the like are of tcp");
	if (f->given & TW_FRAME_TYPE && f->given & TW_FRAME_IP)
		return tw_error_set(w->err, TW_E_INVALID, w->path,
				    "'ip' says the ethertype; 'type' cannot say another");
	if (f->proto == PROTO_ICMP && f->ip_len == 16)
		f->proto = PROTO_ICMPV6;
	return true;
}

bool tw_frame_parse(const char *path, const char *text, tw_frame_resolve resolve, void *arg, struct tw_frame *frame,
		    struct tw_error *err)
{
	struct words *w;
	bool ok;

	memset(frame, 0, sizeof(*frame));
	if (is_hex(text))
		return parse_hex(path, text, frame, err);
	w = calloc(1, sizeof(*w));
	if (!w)
		return tw_error_set(err, TW_E_INTERNAL, path, "out of memory");
	*w = (struct words){ .path = path, .frame = frame, .resolve = resolve, .arg = arg, .err = err };
	ok = split(w, text);
	if (ok && w->n == 0)
		ok = tw_error_set(err, TW_E_MISSING, path,
				  "say which frame: 'dst db/eth0 ip 10.0.0.1 10.0.0.2 tcp 1234 80'");
	while (ok && w->at < w->n)
		ok = one(w);
	ok = ok && agrees(w);
	free(w);
	return ok;
}

/* --- its octets --- */

static uint8_t *put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
	return p + 2;
}

/* What is behind the IP header. @return its octets */
static uint32_t put_l4(const struct tw_frame *f, uint8_t *p)
{
	switch (f->proto) {
	case PROTO_TCP:
		put16(p, f->ports[0]);
		put16(p + 2, f->ports[1]);
		p[12] = 5 << 4;
		p[13] = f->tcp_flags;
		return 20;
	case PROTO_UDP:
		put16(p, f->ports[0]);
		put16(p + 2, f->ports[1]);
		put16(p + 4, 8);
		return 8;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		p[0] = (uint8_t)f->ports[0];
		p[1] = (uint8_t)f->ports[1];
		return 8;
	default:
		return 0;
	}
}

static uint32_t put_ip(const struct tw_frame *f, uint8_t *p, uint32_t room)
{
	bool six = f->ip_len == 16;
	uint32_t header = six ? 40 : 20, l4 = put_l4(f, p + header), total = header + l4;

	if (room > total)
		total = room;
	if (six) {
		p[0] = 0x60;
		put16(p + 4, total - header);
		p[6] = f->proto ? f->proto : 59; /* no next header */
		p[7] = 64;
		memcpy(p + 8, f->src_ip, 16);
		memcpy(p + 24, f->dst_ip, 16);
	} else {
		p[0] = 0x45;
		put16(p + 2, total);
		p[8] = 64;
		p[9] = f->proto ? f->proto : 253; /* for experiments, RFC 3692 */
		memcpy(p + 12, f->src_ip, 4);
		memcpy(p + 16, f->dst_ip, 4);
	}
	return total;
}

uint32_t tw_frame_build(const struct tw_frame *f, uint8_t out[static TW_FRAME_MAX])
{
	uint8_t *p = out + 2 * TW_MAC_LEN;
	uint32_t len;

	memset(out, 0, TW_FRAME_MAX);
	if (f->given & TW_FRAME_HEX) {
		memcpy(out, f->raw, f->raw_len);
		return f->raw_len;
	}
	memcpy(out, f->dst, TW_MAC_LEN);
	memcpy(out + TW_MAC_LEN, f->src, TW_MAC_LEN);
	if (f->given & TW_FRAME_VLAN)
		p = put16(put16(p, TYPE_VLAN), (uint32_t)f->priority << 13 | f->vlan);
	if (f->given & TW_FRAME_IP) {
		p = put16(p, f->ip_len == 16 ? TYPE_IPV6 : TYPE_IPV4);
		len = (uint32_t)(p - out);
		p += put_ip(f, p, f->len > len ? f->len - len : 0);
	} else {
		p = put16(p, f->given & TW_FRAME_TYPE ? f->type : 0x88b5); /* local experiments, IEEE 802 */
	}
	len = (uint32_t)(p - out);
	len = f->len > len ? f->len : len;
	return len < TW_FRAME_MIN ? TW_FRAME_MIN : len;
}
