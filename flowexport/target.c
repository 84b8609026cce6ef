/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - exports to one collector; see target.h. */
#include "flowexport/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TW_LOG_AREA "flow"
#include "common/log.h"
#include "flowexport/netflow5.h"
#include "flowexport/target_parts.h"

enum {
	MTU_MIN = 512, /* what any path is taken to carry, RFC 7011 section 10.3.3 */
	REFRESH_DEFAULT_S = 60,
	REFRESH_DEFAULT_MESSAGES = 4096,
};

/* Versions 5 and 9 count times from a boot, in 32 bits of milliseconds. Ours lies before the target's start, so that flows that
 * were alive then began after it, and is moved on before a reader that takes an uptime for a signed number sees a negative one. */
#define BEFORE_START_MS (UINT64_C(2) * 3600 * 1000)
#define UPTIME_MAX_MS   (UINT64_C(24) * 24 * 3600 * 1000)

/* A flow may end after the exporter last read the clock, and another host's clock may be ahead: a message's moment is not before
 * what it tells, or an uptime of versions 5 and 9 that counts back from it runs under. Beyond this a clock is wrong. */
#define AHEAD_MAX_MS UINT64_C(10000)

static void begin_message(const struct tw_target *target, struct tw_message *message)
{
	tw_message_begin(message, target->config.format, tw_session_limit(target->session, target->config.mtu));
}

static uint64_t moment(const struct tw_target *target, const struct tw_message *message)
{
	uint64_t now = tw_target_now(target), last = message == &target->data ? target->data_last_ms : 0;

	return last > now && last - now <= AHEAD_MAX_MS ? last : now;
}

void tw_target_send(struct tw_target *target, struct tw_message *message, const struct tw_flow_tally *tally)
{
	const struct tw_message_stamp stamp = { .now_ms = moment(target, message),
						.boot_ms = target->boot_ms,
						.sequence = target->sequence,
						.domain = target->domain,
						.sampling = target->sampling };
	size_t size = tw_message_finish(message, &stamp);

	target->sequence += tw_message_step(message);
	if (tw_session_send(target->session, message->octets, size, tally))
		target->messages_since++;
	begin_message(target, message);
}

static void send_data(struct tw_target *target)
{
	struct tw_flow_tally tally = target->data_tally;

	if (tw_message_is_empty(&target->data))
		return;
	if (target->announcements_due && tw_session_is_open(target->session) && tw_target_announces(target))
		tw_target_announce(target);
	target->data_tally = (struct tw_flow_tally){ 0 };
	tw_target_send(target, &target->data, &tally);
	target->data_since_ms = target->data_last_ms = 0;
}

/* What a message says of sampling holds for all its records, and for those behind it until it is said anew. */
static void have_sampling(struct tw_target *target, uint16_t sampling)
{
	if (target->sampling == sampling)
		return;
	send_data(target);
	target->sampling = sampling;
	if (tw_session_is_open(target->session) && tw_target_announces(target) &&
	    target->announcements_due < TW_ANNOUNCEMENTS_AT_START)
		tw_target_tell_sampling(target);
}

static void start_anew(struct tw_target *target)
{
	target->sequence = 0;
	target->boot_ms = 0;
	target->templates_told = false;
	target->announcements_due = TW_ANNOUNCEMENTS_AT_START;
}

struct tw_target *tw_target_create(const struct tw_exporter_target *config, const struct tw_export_context *context)
{
	struct tw_target *target = calloc(1, sizeof(*target));

	if (!target)
		return NULL;
	target->context = context;
	target->session = tw_session_create(config);
	if (!target->session) {
		free(target);
		return NULL;
	}
	tw_target_update(target, config, 0);
	return target;
}

void tw_target_destroy(struct tw_target *target)
{
	if (!target)
		return;
	tw_session_destroy(target->session);
	free(target);
}

bool tw_target_is(const struct tw_target *target, const struct tw_exporter_target *config)
{
	return strcmp(target->config.name, config->name) == 0 &&
	       target->config.collector_size == config->collector_size && target->config.format == config->format &&
	       target->config.transport == config->transport && target->config.names == config->names &&
	       target->config.biflow == config->biflow &&
	       memcmp(&target->config.tls, &config->tls, sizeof(config->tls)) == 0 &&
	       memcmp(&target->config.source, &config->source, sizeof(config->source)) == 0 &&
	       memcmp(&target->config.collector, &config->collector, config->collector_size) == 0;
}

static void resolve(struct tw_exporter_target *config)
{
	if (config->mtu < MTU_MIN)
		config->mtu = MTU_MIN;
	if (config->mtu > TW_MESSAGE_MAX)
		config->mtu = TW_MESSAGE_MAX;
	if (!config->template_refresh_s)
		config->template_refresh_s = REFRESH_DEFAULT_S;
	if (!config->template_refresh_messages)
		config->template_refresh_messages = REFRESH_DEFAULT_MESSAGES;
	if (!config->options_refresh_s)
		config->options_refresh_s = config->template_refresh_s;
}

void tw_target_update(struct tw_target *target, const struct tw_exporter_target *config, uint32_t domain)
{
	if (target->config.mtu) /* not new */
		send_data(target);
	target->config = *config;
	resolve(&target->config);
	begin_message(target, &target->data);
	begin_message(target, &target->control);
	domain = config->domain ? config->domain : domain;
	if (domain != target->domain || !domain)
		start_anew(target);
	target->domain = domain;
}

/* All but how many flows: of what takes two records, or says two, that is the caller's to know. */
static void tally(struct tw_target *target, const struct tw_flow_record *record)
{
	if (!target->data_since_ms)
		target->data_since_ms = tw_target_now(target);
	target->data_tally.packets += record->packets;
	target->data_tally.octets += record->l3_octets;
	if (record->last_ms > target->data_last_ms)
		target->data_last_ms = record->last_ms;
}

/* Names that no message has room for are left out; the smallest message takes the longest record without. */
static void add_templated(struct tw_target *target, const struct tw_flow_record *record, enum tw_flow_class cls,
			  const struct tw_flow_names *names)
{
	unsigned variant = tw_flow_variant_of(record, target->config.names);
	const struct tw_flow_origin *origin = target->context->origin;

	if (!tw_encode_flow_of(&target->data, record, cls, variant, names, target->boot_ms, origin)) {
		send_data(target);
		if (!tw_encode_flow_of(&target->data, record, cls, variant, names, target->boot_ms, origin))
			tw_encode_flow_of(&target->data, record, cls, variant & ~TW_VARIANT_NAMED, names,
					  target->boot_ms, origin);
	}
	tally(target, record);
	target->data_tally.flows++;
}

static bool encode_biflow(struct tw_target *target, const struct tw_flow_record *forward,
			  const struct tw_flow_record *reverse, enum tw_flow_class cls, unsigned variant,
			  const struct tw_flow_names *names)
{
	return tw_encode_biflow(&target->data, forward, reverse, cls, variant, names, target->context->origin);
}

/* One record, which has counted what both have. */
void tw_target_add_biflow(struct tw_target *target, const struct tw_flow_record *forward,
			  const struct tw_flow_record *reverse, enum tw_flow_class cls,
			  const struct tw_flow_names *names)
{
	unsigned variant = tw_flow_variant_of(forward, target->config.names);

	have_sampling(target, forward->sampling); /* the other direction's, too: conversation.h */
	if (!encode_biflow(target, forward, reverse, cls, variant, names)) {
		send_data(target);
		if (!encode_biflow(target, forward, reverse, cls, variant, names))
			encode_biflow(target, forward, reverse, cls, variant & ~TW_VARIANT_NAMED, names);
	}
	tally(target, forward);
	tally(target, reverse);
	target->data_tally.flows++;
}

/* However many parts it takes it is one flow: the message of the last part counts it. */
static void add_netflow5(struct tw_target *target, const struct tw_flow_record *record)
{
	struct tw_flow_record rest = *record, part = *record;

	do {
		if (!tw_netflow5_add(&target->data, &rest, target->boot_ms)) {
			send_data(target);
			tw_netflow5_add(&target->data, &rest, target->boot_ms);
		}
		part.packets -= rest.packets;
		part.l3_octets -= rest.l3_octets;
		tally(target, &part);
		part = rest;
	} while (rest.packets || rest.l3_octets);
	target->data_tally.flows++;
}

void tw_target_add_any(struct tw_target *target, const struct tw_flow_record *record, enum tw_flow_class cls,
		       const struct tw_flow_names *names)
{
	have_sampling(target, record->sampling);
	if (target->config.format != TW_FORMAT_V5)
		add_templated(target, record, cls, names);
	else if (tw_netflow5_can_say(record))
		add_netflow5(target, record);
	else
		target->unsaid++;
}

bool tw_target_wants(const struct tw_target *target, const struct tw_flow_record *record,
		     const struct tw_flow_names *names)
{
	return tw_flow_scope_has(&target->config.scope, record, names);
}

void tw_target_add(struct tw_target *target, const struct tw_flow_record *record, enum tw_flow_class cls,
		   const struct tw_flow_names *names)
{
	if (tw_target_wants(target, record, names))
		tw_target_add_any(target, record, cls, names);
}

/* To a session of TCP that has begun nothing was ever told. The path may take less than was configured. */
static void begin_session(struct tw_target *target)
{
	size_t limit = tw_session_limit(target->session, target->config.mtu);

	begin_message(target, &target->control);
	if (target->data.size <= limit)
		target->data.limit = target->control.limit;
	if (target->config.transport == TW_TRANSPORT_UDP)
		return;
	target->sequence = 0;
	target->templates_told = false;
	target->announcements_due = TW_ANNOUNCEMENTS_AT_START;
}

/* The boot is chosen, or moved on: to a reader that is a restart, so templates go out with it. */
static void keep_boot(struct tw_target *target)
{
	uint64_t now = tw_target_now(target);

	if (target->boot_ms && now >= target->boot_ms && now - target->boot_ms < UPTIME_MAX_MS)
		return;
	send_data(target);
	target->boot_ms = now > BEFORE_START_MS ? now - BEFORE_START_MS : 1;
	target->announcements_due = TW_ANNOUNCEMENTS_AT_START;
}

void tw_target_tick(struct tw_target *target)
{
	bool recovered;

	keep_boot(target);
	if (tw_session_tick(target->session, tw_target_now(target)))
		begin_session(target);
	recovered = tw_session_has_recovered(target->session);
	if (tw_message_is_empty(&target->data) && !target->context->mediates)
		have_sampling(target, target->context->sampling);
	if (tw_session_is_open(target->session) && tw_target_announces(target))
		tw_target_tell(target, recovered);
	if (!tw_message_is_empty(&target->data) &&
	    tw_target_has_passed(target, target->data_since_ms, TW_TARGET_WAIT_MS))
		send_data(target);
}

void tw_target_send_open(struct tw_target *target)
{
	send_data(target);
}

const char *tw_target_name(const struct tw_target *target)
{
	return target->config.name;
}

void tw_target_mark_trial(struct tw_target *target, uint64_t unsaid)
{
	target->data_tally.tests = target->data_tally.flows;
	target->test_unsaid += unsaid;
}

void tw_target_flush(struct tw_target *target)
{
	send_data(target);
	tw_session_flush(target->session);
}

/* Both count from the same boot if they began together; what cannot be moved is sent, or lost and counted. */
void tw_target_take_over(struct tw_target *target, struct tw_target *from)
{
	size_t limit = target->data.limit;

	have_sampling(target, from->sampling);
	if (tw_session_is_open(target->session) && tw_target_announces(target))
		tw_target_announce(target);
	if (tw_message_is_empty(&from->data))
		return;
	if (!tw_message_is_empty(&target->data) || target->boot_ms != from->boot_ms || from->data.size + 3 > limit) {
		send_data(from);
		return;
	}
	target->data = from->data;
	target->data.limit = limit;
	target->data_tally = from->data_tally;
	target->data_since_ms = from->data_since_ms;
	target->data_last_ms = from->data_last_ms;
	from->data_since_ms = from->data_last_ms = 0;
	from->data_tally = (struct tw_flow_tally){ 0 };
	begin_message(from, &from->data);
}

bool tw_target_is_usable(const struct tw_target *target)
{
	return tw_session_is_usable(target->session);
}

const struct tw_flow_tally *tw_target_lost(const struct tw_target *target)
{
	return &tw_session_counts(target->session)->not_sent;
}

void tw_target_tell_lost(struct tw_target *target, const struct tw_flow_tally *lost)
{
	target->tells_group = lost != NULL;
	if (lost)
		target->group_lost = *lost;
}

static enum tw_collector_state state_of(const struct tw_target *target)
{
	if (*tw_session_error(target->session))
		return TW_COLLECTOR_FAILED;
	return tw_session_is_opening(target->session) ? TW_COLLECTOR_CONNECTING : TW_COLLECTOR_ACTIVE;
}

void tw_target_get_stats(const struct tw_target *target, struct tw_exporter_stats *stats)
{
	const struct tw_session_counts *counts = tw_session_counts(target->session);

	*stats = (struct tw_exporter_stats){
		.state = state_of(target),
		.records = counts->sent.flows,
		.messages = counts->sent.messages,
		.octets = counts->sent.octets,
		.lost_records = counts->not_sent.flows,
		.unsaid_records = target->unsaid,
		.test_records = counts->sent.tests,
		.test_unsaid = target->test_unsaid,
		.domain = target->domain,
		.returned_records = counts->returned,
	};
	memcpy(stats->name, target->config.name, sizeof(stats->name));
	tw_exporter_format_collector(&target->config.collector, stats->collector);
	tw_session_source(target->session, stats->source);
	snprintf(stats->error, sizeof(stats->error), "%s", tw_session_error(target->session));
}
