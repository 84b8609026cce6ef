/* SPDX-License-Identifier: Apache-2.0 */
/* acl_rule.c - one line of an access list; see acl_rule.h. Pure. */
#include "common/acl_rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"

enum { WORDS_MAX = 40, WORD_SIZE = 64, TCP = 6, UDP = 17, SCTP = 132, ICMP = 1, ICMP6 = 58, IGMP = 2 };

struct words {
	char word[WORDS_MAX][WORD_SIZE];
	unsigned n, at;
	char *error;
	size_t error_size;
};

/* About the word before `at`. @return false */
static __attribute__((format(printf, 2, 3))) bool fail(struct words *w, const char *fmt, ...)
{
	unsigned i = w->at ? w->at - 1 : 0;
	va_list args;
	int used;

	used = snprintf(w->error, w->error_size, "word %u, \"%.40s\", ", i + 1, i < w->n ? w->word[i] : "");
	va_start(args, fmt);
	if (used >= 0 && (size_t)used < w->error_size)
		vsnprintf(w->error + used, w->error_size - (size_t)used, fmt, args);
	va_end(args);
	return false;
}

static bool split(const char *text, struct words *w)
{
	while (*text) {
		size_t len = strcspn(text, " \t");

		if (len >= WORD_SIZE || (len && w->n == WORDS_MAX)) {
			snprintf(w->error, w->error_size, "word %u is too long, or there are more than %d", w->n + 1,
				 WORDS_MAX);
			return false;
		}
		if (len) {
			memcpy(w->word[w->n], text, len);
			w->word[w->n++][len] = '\0';
		}
		text += len + (text[len] != '\0');
	}
	if (w->n)
		return true;
	snprintf(w->error, w->error_size, "the rule is empty; it begins with allow, deny or count");
	return false;
}

/* @return "" at the end */
static const char *next(struct words *w)
{
	return w->at < w->n ? w->word[w->at++] : (w->at = w->n + 1, "");
}

static bool peek(const struct words *w, const char *word)
{
	return w->at < w->n && strcmp(w->word[w->at], word) == 0;
}

/* Decimal, or with 0x; *end is what follows. */
static bool number(const char *text, unsigned long most, unsigned long *value, const char **end)
{
	char *stop;

	if (*text < '0' || *text > '9' || strlen(text) > 12)
		return false;
	*value = strtoul(text, &stop, text[0] == '0' && text[1] == 'x' ? 16 : 10);
	*end = stop;
	return *value <= most;
}

static bool whole(struct words *w, unsigned long most, unsigned long *value, const char *what)
{
	const char *end;

	if (number(next(w), most, value, &end) && !*end)
		return true;
	return fail(w, "is not %s (0..%lu)", what, most);
}

static bool range(struct words *w, uint16_t most, uint16_t *first, uint16_t *last, const char *what)
{
	unsigned long a, b;
	const char *end;

	if (!number(next(w), most, &a, &end) || (*end && *end != '-'))
		return fail(w, "is not %s or a range of them (as in 80 or 1000-2000, at most %u)", what, most);
	b = a;
	if (*end == '-' && (!number(end + 1, most, &b, &end) || *end || b < a))
		return fail(w, "is not a range of %ss that rises, at most %u", what, most);
	*first = (uint16_t)a;
	*last = (uint16_t)b;
	return true;
}

static bool parse_action(struct words *w, struct tw_acl_rule *r)
{
	static const char *const names[] = { "allow", "deny", "count" };
	const char *word = next(w);

	for (uint8_t i = 0; i < 3; i++)
		if (strcmp(word, names[i]) == 0) {
			r->action = i;
			return true;
		}
	return fail(w, "is no action: allow, deny or count");
}

static const struct {
	const char *name;
	uint8_t family;
	int protocol;  /* -1 = any */
	int ethertype; /* -1 = any */
} protocols[] = {
	{ "any", 0, -1, -1 },      { "ip4", 4, -1, -1 },    { "ip6", 6, -1, -1 },    { "arp", 0, -1, 0x0806 },
	{ "tcp", 0, TCP, -1 },     { "udp", 0, UDP, -1 },   { "sctp", 0, SCTP, -1 }, { "icmp", 4, ICMP, -1 },
	{ "icmp6", 6, ICMP6, -1 }, { "igmp", 4, IGMP, -1 },
};

static bool is_clause(const char *word)
{
	static const char *const clauses[] = { "from", "to", "vlan", "type", "code", "flags" };

	for (size_t i = 0; i < sizeof(clauses) / sizeof(*clauses); i++)
		if (strcmp(word, clauses[i]) == 0)
			return true;
	return false;
}

static bool parse_protocol(struct words *w, struct tw_acl_rule *r)
{
	unsigned long n;
	const char *word;

	if (w->at == w->n || is_clause(w->word[w->at]))
		return true;
	word = next(w);
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (strcmp(word, protocols[i].name) == 0) {
			r->family = protocols[i].family;
			r->has_protocol = protocols[i].protocol >= 0;
			r->protocol = r->has_protocol ? (uint8_t)protocols[i].protocol : 0;
			r->has_ethertype = protocols[i].ethertype >= 0;
			r->ethertype = r->has_ethertype ? (uint16_t)protocols[i].ethertype : 0;
			return true;
		}
	if (strcmp(word, "proto") == 0) {
		if (!whole(w, 255, &n, "an IP protocol"))
			return false;
		r->has_protocol = true;
		r->protocol = (uint8_t)n;
		return true;
	}
	if (strcmp(word, "ethertype") == 0) {
		if (!whole(w, 0xffff, &n, "an ethertype"))
			return false;
		r->has_ethertype = true;
		r->ethertype = (uint16_t)n;
		return true;
	}
	return fail(w, "is no protocol: any, ip4, ip6, arp, tcp, udp, sctp, icmp, icmp6, igmp, proto N, ethertype N");
}

static bool parse_mac(struct words *w, struct tw_acl_side *side)
{
	const char *word = next(w), *slash = strchr(word, '/');
	char mac[WORD_SIZE];

	snprintf(mac, sizeof(mac), "%.*s", slash ? (int)(slash - word) : WORD_SIZE - 1, word);
	memset(side->mac_mask, 0xff, 6);
	if (!tw_mac_parse(mac, side->mac) || (slash && !tw_mac_parse(slash + 1, side->mac_mask)))
		return fail(
			w, "is not a MAC or MAC/MASK (as in 02:00:00:00:00:01 or 02:00:00:00:00:00/ff:ff:00:00:00:00)");
	for (int i = 0; i < 6; i++)
		side->mac[i] &= side->mac_mask[i];
	return true;
}

static bool parse_side(struct words *w, struct tw_acl_rule *r, struct tw_acl_side *side)
{
	if (!peek(w, "mac") && !peek(w, "port")) {
		const char *word = next(w);

		if (strcmp(word, "any") != 0) {
			if (!tw_prefix_parse(word, &side->prefix))
				return fail(
					w,
					"is not an address or a prefix (as in 10.0.0.5, 10.0.0.0/24, 2001:db8::/32), nor "
					"any, mac or port");
			if (r->has_ethertype || (r->family && r->family != side->prefix.family))
				return fail(w, "is of another family than the rule's protocol or other address");
			r->family = side->prefix.family;
		}
	}
	if (peek(w, "mac")) {
		w->at++;
		if (!parse_mac(w, side))
			return false;
	}
	if (peek(w, "port")) {
		w->at++;
		if (!r->has_protocol || (r->protocol != TCP && r->protocol != UDP && r->protocol != SCTP))
			return fail(w, "needs a protocol that has ports: tcp, udp or sctp");
		return range(w, 65535, &side->first, &side->last, "a port");
	}
	return true;
}

static bool flag_set(const char *text, size_t len, uint8_t *set)
{
	static const char names[8][4] = { "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr" };
	const char *end = text + len;

	*set = 0;
	while (text < end) {
		size_t n = strcspn(text, ",/");
		unsigned i = 0;

		while (i < 8 && (n != 3 || strncmp(text, names[i], 3) != 0))
			i++;
		if (i == 8)
			return false;
		*set |= (uint8_t)(1u << i);
		text += n + (text + n < end);
	}
	return *set != 0;
}

static bool parse_flags(struct words *w, struct tw_acl_rule *r)
{
	const char *word, *slash;
	bool good;

	if (!r->has_protocol || r->protocol != TCP)
		return fail(w, "needs the protocol tcp");
	word = next(w);
	slash = strchr(word, '/');
	good = flag_set(word, slash ? (size_t)(slash - word) : strlen(word), &r->flags);
	r->flags_mask = r->flags;
	if (good && slash)
		good = flag_set(slash + 1, strlen(slash + 1), &r->flags_mask) && !(r->flags & ~r->flags_mask);
	return good || fail(w, "is no set of TCP flags (as in syn or syn/syn,ack, of fin,syn,rst,psh,ack,urg,ece,cwr)");
}

static bool parse_icmp(struct words *w, int16_t *value, const struct tw_acl_rule *r)
{
	unsigned long n;

	if (!r->has_protocol || !((r->protocol == ICMP && r->family == 4) || (r->protocol == ICMP6 && r->family == 6)))
		return fail(w, "needs the protocol icmp or icmp6");
	if (!whole(w, 255, &n, "a number"))
		return false;
	*value = (int16_t)n;
	return true;
}

static bool parse_clause(struct words *w, struct tw_acl_rule *r)
{
	const char *word = next(w);

	if (strcmp(word, "from") == 0)
		return parse_side(w, r, &r->from);
	if (strcmp(word, "to") == 0)
		return parse_side(w, r, &r->to);
	if (strcmp(word, "vlan") == 0)
		return range(w, 4094, &r->vlan_first, &r->vlan_last, "a VLAN id");
	if (strcmp(word, "type") == 0)
		return parse_icmp(w, &r->icmp_type, r);
	if (strcmp(word, "code") == 0 && r->icmp_type >= 0)
		return parse_icmp(w, &r->icmp_code, r);
	if (strcmp(word, "flags") == 0)
		return parse_flags(w, r);
	return fail(w, "is not expected here: from, to, vlan, type (then code) or flags");
}

bool tw_acl_rule_parse(const char *text, struct tw_acl_rule *rule, char *error, size_t error_size)
{
	struct words w = { .error = error, .error_size = error_size };

	*rule = (struct tw_acl_rule){
		.vlan_last = 4095, .from = { .last = 65535 }, .to = { .last = 65535 }, .icmp_type = -1, .icmp_code = -1
	};
	if (!split(text, &w) || !parse_action(&w, rule) || !parse_protocol(&w, rule))
		return false;
	while (w.at < w.n)
		if (!parse_clause(&w, rule))
			return false;
	return true;
}

bool tw_acl_rule_has_ports(const struct tw_acl_rule *r)
{
	return r->from.first || r->from.last != 65535 || r->to.first || r->to.last != 65535;
}

bool tw_acl_rule_wants_each(const struct tw_acl_rule *r)
{
	return r->flags_mask || r->action == TW_ACL_COUNT;
}
