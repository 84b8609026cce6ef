/* SPDX-License-Identifier: Apache-2.0 */
/* ipfix_decode.c - the bounded parser of messages, sets and templates; see ipfix_decode.h. */
#include "tests/support/ipfix_decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	IPFIX = 10,
	V9 = 9,
	IPFIX_HEADER = 16,
	V9_HEADER = 20,
	SET_HEADER = 4,
	SPEC = 4,
	SET_DATA = 256,
	VARIABLE = 65535,
	LONG_LENGTH = 255,
	ENTERPRISE = 0x8000,
};

struct spec {
	uint32_t pen;
	uint16_t element, width;
};

struct template
{
	uint32_t domain;
	uint16_t id, n_fields, n_scopes; /* id 0 = free; n_scopes 0 = not an options template */
	struct spec fields[IPFIX_FIELDS_MAX];
};

struct domain {
	uint32_t id, expected;
	bool used;
};

struct ipfix_decoder {
	struct ipfix_counts counts;
	struct domain domains[IPFIX_DOMAINS_MAX];
	struct template templates[IPFIX_TEMPLATES_MAX];
	char error[128];
	/* the message being decoded */
	struct ipfix_record record;
	struct ipfix_value values[IPFIX_FIELDS_MAX];
	uint32_t n_data, n_records; /* n_records: those of templates, too */
	uint32_t announced;         /* records that a header of version 9 says there are */
	ipfix_record_fn *fn;
	void *context;
};

/* What is left of a message, set or record. */
struct cursor {
	const uint8_t *at, *end;
};

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* The caller has checked left(). */
static uint32_t take(struct cursor *c, size_t width)
{
	uint32_t value = 0;

	while (width--)
		value = value << 8 | *c->at++;
	return value;
}

static int bad(struct ipfix_decoder *d, const char *sentence)
{
	snprintf(d->error, sizeof(d->error), "%s", sentence);
	return -EBADMSG;
}

static struct template *find_template(struct ipfix_decoder *d, uint32_t domain, uint16_t id)
{
	for (size_t i = 0; i < IPFIX_TEMPLATES_MAX; i++)
		if (d->templates[i].id == id && (id == 0 || d->templates[i].domain == domain))
			return &d->templates[i];
	return NULL;
}

static int store_template(struct ipfix_decoder *d, const struct template *t)
{
	struct template *slot = find_template(d, t->domain, t->id);

	if (slot && (slot->n_fields != t->n_fields || slot->n_scopes != t->n_scopes ||
		     memcmp(slot->fields, t->fields, t->n_fields * sizeof(*t->fields)) != 0))
		d->counts.changed_layouts++;
	if (!slot)
		slot = find_template(d, 0, 0);
	if (!slot) {
		snprintf(d->error, sizeof(d->error), "more than %d templates", IPFIX_TEMPLATES_MAX);
		return -ENOSPC;
	}
	*slot = *t;
	d->n_records++;
	if (t->n_scopes)
		d->counts.option_templates++;
	else
		d->counts.templates++;
	return 0;
}

static int read_specs(struct ipfix_decoder *d, struct cursor *c, struct template *t)
{
	for (uint16_t i = 0; i < t->n_fields; i++) {
		struct spec *f = &t->fields[i];

		if (left(c) < 4)
			return bad(d, "a template ends within a field specifier");
		f->element = (uint16_t)take(c, 2);
		f->width = (uint16_t)take(c, 2);
		if (f->element & ENTERPRISE && d->record.version == IPFIX) {
			if (left(c) < 4)
				return bad(d, "a template ends within an enterprise number");
			f->element &= (uint16_t)~ENTERPRISE;
			f->pen = take(c, 4);
		}
		if (f->width == 0)
			return bad(d, "a template has a field of no octets");
	}
	return 0;
}

/* IPFIX: all fields, scopes; version 9: octets of the scopes' specifiers, of the others'. */
static int read_option_header(struct ipfix_decoder *d, struct cursor *c, struct template *t)
{
	uint16_t first = (uint16_t)take(c, 2), second;

	if (left(c) < 2)
		return bad(d, "an options template ends before its scope count");
	second = (uint16_t)take(c, 2);
	if (d->record.version == V9 && (first % SPEC || second % SPEC))
		return bad(d, "an options template's lengths are not those of specifiers");
	t->n_scopes = d->record.version == V9 ? first / SPEC : second;
	t->n_fields = d->record.version == V9 ? (uint16_t)(first / SPEC + second / SPEC) : first;
	if (t->n_scopes == 0 || t->n_scopes > t->n_fields)
		return bad(d, "an options template has a wrong scope count");
	return 0;
}

static int read_template(struct ipfix_decoder *d, struct cursor *c, bool options)
{
	struct template t = { .domain = d->record.domain };
	int rc = 0;

	t.id = (uint16_t)take(c, 2);
	if (options)
		rc = read_option_header(d, c, &t);
	else
		t.n_fields = (uint16_t)take(c, 2);
	if (rc)
		return rc;
	if (t.id < SET_DATA)
		return bad(d, "a template id is below 256");
	if (t.n_fields == 0)
		return bad(d, "a template without fields (withdrawals are not for UDP)");
	if (t.n_fields > IPFIX_FIELDS_MAX)
		return bad(d, "a template has too many fields");
	rc = read_specs(d, c, &t);
	return rc ? rc : store_template(d, &t);
}

/* What is left of a set must be zeros. */
static int check_padding(struct ipfix_decoder *d, const struct cursor *c)
{
	for (const uint8_t *p = c->at; p < c->end; p++)
		if (*p)
			return bad(d, "padding is not zero");
	return 0;
}

static int read_templates(struct ipfix_decoder *d, struct cursor *c, bool options)
{
	int rc = 0;

	while (!rc && left(c) >= 4 && (c->at[0] || c->at[1]))
		rc = read_template(d, c, options);
	if (!rc && left(c) > 3)
		rc = bad(d, "the padding of a template set is longer than a template could be");
	return rc ? rc : check_padding(d, c);
}

static bool take_value(struct cursor *c, const struct spec *f, struct ipfix_value *v)
{
	size_t size = f->width;

	if (size == VARIABLE) { /* to version 9 it is a length like any other, which no message has */
		if (left(c) < 1)
			return false;
		size = take(c, 1);
		if (size == LONG_LENGTH) {
			if (left(c) < 2)
				return false;
			size = take(c, 2);
		}
	}
	if (left(c) < size)
		return false;
	*v = (struct ipfix_value){ .pen = f->pen, .element = f->element, .size = (uint16_t)size, .data = c->at };
	c->at += size;
	return true;
}

static bool read_record(struct ipfix_decoder *d, struct cursor *c, const struct template *t)
{
	for (uint16_t i = 0; i < t->n_fields; i++) {
		if (!take_value(c, &t->fields[i], &d->values[i]))
			return false;
		d->values[i].is_scope = i < t->n_scopes;
	}
	d->record.n_values = t->n_fields;
	d->record.values = d->values;
	d->record.template_id = t->id;
	d->record.is_options = t->n_scopes > 0;
	d->n_data++;
	d->n_records++;
	if (t->n_scopes)
		d->counts.option_records++;
	else
		d->counts.data_records++;
	if (d->fn)
		d->fn(&d->record, d->context);
	return true;
}

/* The fewest octets a record of this template can have: what is shorter is padding (RFC 7011 section 3.3.1). */
static size_t smallest_record(const struct template *t)
{
	size_t size = 0;

	for (uint16_t i = 0; i < t->n_fields; i++)
		size += t->fields[i].width == VARIABLE ? 1 : t->fields[i].width;
	return size;
}

static int read_data(struct ipfix_decoder *d, struct cursor *c, uint16_t id)
{
	const struct template *t = find_template(d, d->record.domain, id);

	d->counts.data_sets++;
	if (!t) {
		d->counts.unknown_sets++;
		return 0;
	}
	while (left(c) >= smallest_record(t))
		if (!read_record(d, c, t))
			return bad(d, "a data record is longer than its set");
	return check_padding(d, c);
}

static int read_set(struct ipfix_decoder *d, struct cursor *message)
{
	struct cursor set;
	uint16_t id, templates;
	uint32_t size;

	if (left(message) < SET_HEADER)
		return bad(d, "the message ends within a set header");
	set.at = message->at;
	id = (uint16_t)take(message, 2);
	size = take(message, 2);
	if (size < SET_HEADER || size - SET_HEADER > left(message))
		return bad(d, "a set's length does not fit the message");
	set.end = set.at + size;
	set.at = message->at;
	message->at = set.end;
	templates = d->record.version == V9 ? 0 : 2;
	if (id == templates || id == templates + 1)
		return read_templates(d, &set, id != templates);
	if (id < SET_DATA)
		return bad(d, "a set id is reserved");
	return read_data(d, &set, id);
}

static struct domain *find_domain(struct ipfix_decoder *d, uint32_t id)
{
	for (size_t i = 0; i < IPFIX_DOMAINS_MAX; i++) {
		struct domain *domain = &d->domains[i];

		if (!domain->used) /* the first message seen says where the count is */
			*domain = (struct domain){ .id = id, .expected = d->record.sequence, .used = true };
		if (domain->id == id)
			return domain;
	}
	return NULL;
}

static int read_header(struct ipfix_decoder *d, struct cursor *c, size_t size)
{
	d->record.version = size < 2 ? 0 : (uint16_t)take(c, 2);
	if (d->record.version != IPFIX && d->record.version != V9)
		return bad(d, "the version is neither 9 nor 10");
	if (size < (d->record.version == V9 ? V9_HEADER : IPFIX_HEADER))
		return bad(d, "the message is shorter than its header");
	d->announced = take(c, 2);
	if (d->record.version == IPFIX && d->announced != size)
		return bad(d, "the message's length is not that of the datagram");
	d->record.uptime = d->record.version == V9 ? take(c, 4) : 0;
	d->record.export_time = take(c, 4);
	d->record.sequence = take(c, 4);
	d->record.domain = take(c, 4);
	return 0;
}

int ipfix_decode(struct ipfix_decoder *d, const uint8_t *message, size_t size, ipfix_record_fn *fn, void *context)
{
	struct cursor c = { message, message + size };
	struct domain *domain;
	int rc = read_header(d, &c, size);

	d->counts.messages++;
	d->n_data = d->n_records = 0;
	d->fn = fn;
	d->context = context;
	domain = rc ? NULL : find_domain(d, d->record.domain);
	if (!rc && !domain) {
		snprintf(d->error, sizeof(d->error), "more than %d observation domains", IPFIX_DOMAINS_MAX);
		rc = -ENOSPC;
	}
	while (!rc && left(&c))
		rc = read_set(d, &c);
	if (!rc && d->record.version == V9 && d->announced != d->n_records)
		rc = bad(d, "the header announces another number of records");
	if (rc)
		d->counts.malformed++;
	if (domain) {
		d->counts.sequence_errors += domain->expected != d->record.sequence;
		domain->expected = d->record.sequence + (d->record.version == V9 ? 1 : d->n_data);
	}
	return rc;
}

struct ipfix_decoder *ipfix_decoder_create(void)
{
	return calloc(1, sizeof(struct ipfix_decoder));
}

void ipfix_decoder_destroy(struct ipfix_decoder *d)
{
	free(d);
}

const char *ipfix_decoder_error(const struct ipfix_decoder *d)
{
	return d->error;
}

const struct ipfix_counts *ipfix_decoder_counts(const struct ipfix_decoder *d)
{
	return &d->counts;
}

static const struct ipfix_value *find(const struct ipfix_record *record, uint32_t pen, uint16_t element)
{
	for (unsigned i = 0; i < record->n_values; i++)
		if (record->values[i].pen == pen && record->values[i].element == element)
			return &record->values[i];
	return NULL;
}

static uint64_t number(const struct ipfix_value *v)
{
	uint64_t value = 0;

	for (unsigned i = 0; v && v->size <= 8 && i < v->size; i++)
		value = value << 8 | v->data[i];
	return value;
}

const struct ipfix_value *ipfix_find(const struct ipfix_record *record, uint16_t element)
{
	return find(record, 0, element);
}

uint64_t ipfix_uint(const struct ipfix_record *record, uint16_t element)
{
	return number(find(record, 0, element));
}

const struct ipfix_value *ipfix_find_private(const struct ipfix_record *record, uint16_t element)
{
	return find(record, IPFIX_OURS, element);
}

uint64_t ipfix_private(const struct ipfix_record *record, uint16_t element)
{
	return number(find(record, IPFIX_OURS, element));
}

const struct ipfix_value *ipfix_find_reverse(const struct ipfix_record *record, uint16_t element)
{
	return find(record, IPFIX_REVERSE, element);
}

uint64_t ipfix_reverse(const struct ipfix_record *record, uint16_t element)
{
	return number(find(record, IPFIX_REVERSE, element));
}
