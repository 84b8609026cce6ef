/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acl_store.c - access lists that live: each name and text once, however many plans hold it; see acl.h.
 *
 * Threads  main. A list that a new configuration brings unchanged keeps its tables and its hits.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/acl.h"
#include "dataplane/snapshot.h"

static struct tw_acl *living;

static bool is_same(const struct tw_acl *acl, const char *name, char *const *texts, size_t n, bool default_deny)
{
	if (strcmp(acl->name, name) != 0 || acl->n != n || acl->default_deny != default_deny)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(acl->texts[i], texts[i]) != 0)
			return false;
	return true;
}

static void acl_free(struct tw_acl *acl)
{
	for (uint32_t i = 0; acl->texts && i < acl->n; i++)
		free(acl->texts[i]);
	free(acl->texts);
	free(acl->rules);
	free(acl->hits);
	free(acl);
}

static bool is_on_transport(const struct tw_acl_rule *r)
{
	return r->has_protocol || tw_acl_rule_has_ports(r) || r->icmp_type >= 0;
}

static bool fill(struct tw_acl *acl, char *const *texts, size_t n)
{
	char error[160];

	acl->stride = (n + 1 + 7) / 8 * 8;
	acl->rules = calloc(n + 1, sizeof(acl->rules[0]));
	acl->texts = calloc(n + 1, sizeof(acl->texts[0]));
	acl->hits = calloc(acl->stride * TW_WORKERS_MAX, sizeof(acl->hits[0]));
	if (!acl->rules || !acl->texts || !acl->hits)
		return false;
	for (; acl->n < n; acl->n++) {
		struct tw_acl_rule *r = &acl->rules[acl->n];

		acl->texts[acl->n] = strdup(texts[acl->n]);
		if (!acl->texts[acl->n] || !tw_acl_rule_parse(texts[acl->n], r, error, sizeof(error))) {
			free(acl->texts[acl->n]);
			return false;
		}
		acl->wants_each |= tw_acl_rule_wants_each(r);
		acl->on_transport |= is_on_transport(r);
	}
	return true;
}

struct tw_acl *tw_acl_get(const char *name, char *const *texts, size_t n, bool default_deny)
{
	struct tw_acl *acl;

	for (acl = living; acl; acl = acl->next)
		if (is_same(acl, name, texts, n, default_deny)) {
			acl->refs++;
			return acl;
		}
	if (n > TW_ACL_RULES_MAX || strlen(name) >= sizeof(acl->name))
		return NULL;
	acl = calloc(1, sizeof(*acl));
	if (!acl)
		return NULL;
	if (!fill(acl, texts, n)) {
		acl_free(acl);
		return NULL;
	}
	strcpy(acl->name, name);
	acl->refs = 1;
	acl->default_deny = default_deny;
	acl->next = living;
	living = acl;
	return acl;
}

void tw_acl_put(struct tw_acl *acl)
{
	if (!acl || --acl->refs > 0)
		return;
	for (struct tw_acl **at = &living; *at; at = &(*at)->next)
		if (*at == acl) {
			*at = acl->next;
			break;
		}
	tw_acl_uncompile(acl);
	acl_free(acl);
}

uint64_t tw_acl_hits_of(const struct tw_acl *acl, uint32_t rule)
{
	uint64_t sum = 0;

	for (uint16_t w = 0; w < TW_WORKERS_MAX; w++)
		sum += __atomic_load_n(&tw_acl_hits(acl, w)[rule], __ATOMIC_RELAXED);
	return sum;
}
