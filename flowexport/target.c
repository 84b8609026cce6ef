/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - exports to one collector; see target.h. */
#include "flowexport/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TW_LOG_AREA "flow"
#include "common/log.h"
#include "flowexport/netflow5.h"
#include "flowexport/session.h"

enum {
	MTU_MIN = 512, /* what any path is taken to carry, RFC 7011 section 10.3.3 */
	REFRESH_DEFAULT_S = 60,
	REFRESH_MESSAGES = 4096, /* templates again after as many messages */
	ANNOUNCEMENTS_AT_START = 2,
	ANNOUNCE_AGAIN_MS = 1000, /* from the first announcement to the second, unless data comes before */
	PROBE_MS = 1000,          /* announcements to a collector that refuses */
};

/* Versions 5 and 9 count times from a boot, in 32 bits of milliseconds. Ours lies before the target's start, so that flows that
 * were alive then began after it, and is moved on before a reader that takes an uptime for a signed number sees a negative one. */
#define BEFORE_START_MS (UINT64_C(2) * 3600 * 1000)
#define UPTIME_MAX_MS   (UINT64_C(24) * 24 * 3600 * 1000)

struct tw_target {
	struct tw_exporter_target config;
	const struct tw_export_context *context;
	struct tw_session *session;
	uint64_t boot_ms;
	uint32_t sequence;

	/* data records that wait, and what they count */
	struct tw_message data;
	struct tw_flow_tally data_tally;
	uint64_t data_since_ms;

	/* told */
	struct tw_message control;
	unsigned announcements_due;
	bool templates_told; /* TCP: to this session */
	uint64_t announced_ms, messages_since;
	struct tw_identity_pass pass;

	uint64_t unsaid; /* flows that the format has no words for */
};

static uint64_t now_ms(const struct tw_target *target)
{
	return target->context->now_ms;
}

/* Also true if the clock was set back: better once too often than never again. */
static bool has_passed(const struct tw_target *target, uint64_t since_ms, uint64_t ms)
{
	return now_ms(target) - since_ms >= ms;
}

static void begin_message(const struct tw_target *target, struct tw_message *message)
{
	tw_message_begin(message, target->config.format, tw_session_limit(target->session, target->config.mtu));
}

/* A record that could not be sent takes a sequence number all the same, so that the collector sees the gap. */
static void send_message(struct tw_target *target, struct tw_message *message, const struct tw_flow_tally *tally)
{
	const struct tw_message_stamp stamp = { .now_ms = now_ms(target),
						.boot_ms = target->boot_ms,
						.sequence = target->sequence,
						.domain = target->context->domain };
	size_t size = tw_message_finish(message, &stamp);

	target->sequence += tw_message_step(message);
	if (tw_session_send(target->session, message->octets, size, tally))
		target->messages_since++;
	begin_message(target, message);
}

static void send_control(struct tw_target *target)
{
	static const struct tw_flow_tally none;

	if (!tw_message_is_empty(&target->control))
		send_message(target, &target->control, &none);
}

/* Call something that adds to the control message; send that first if it is full. An empty message takes any record. */
#define ADD_CONTROL(target, add, ...)                                                \
	do {                                                                         \
		if (!add(&(target)->control, __VA_ARGS__)) {                         \
			send_control(target);                                        \
			if (!add(&(target)->control, __VA_ARGS__))                   \
				tw_log_error("a record is longer than any message"); \
		}                                                                    \
	} while (0)

/* Version 5 has nothing to announce. */
static bool announces(const struct tw_target *target)
{
	return target->config.format != TW_FORMAT_V5;
}

/* Over TCP they arrive, and are not to be told twice (RFC 7011 section 8). */
static void announce_templates(struct tw_target *target)
{
	for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++)
		ADD_CONTROL(target, tw_encode_template, cls);
	for (unsigned table = 0; table < TW_OPTION_TABLES; table++)
		ADD_CONTROL(target, tw_encode_option_template, table);
	target->templates_told = target->config.transport == TW_TRANSPORT_TCP;
}

/* Templates, then the records that need no table: collectors take templates of one message in order. */
static void announce(struct tw_target *target)
{
	const struct tw_export_context *context = target->context;
	const struct tw_session_counts *counts = tw_session_counts(target->session);
	const struct tw_export_statistics statistics = { .sent = counts->sent,
							 .ignored = context->ignored,
							 .not_sent = counts->not_sent };

	if (!target->templates_told)
		announce_templates(target);
	ADD_CONTROL(target, tw_options_add_sampling, context->domain);
	ADD_CONTROL(target, tw_options_add_domain, context->domain, context->host);
	ADD_CONTROL(target, tw_options_add_statistics, context->domain, &statistics);
	send_control(target);
	target->announced_ms = now_ms(target);
	target->messages_since = 0;
	if (target->announcements_due)
		target->announcements_due--;
}

static void announce_if_due(struct tw_target *target, bool recovered)
{
	bool refresh = has_passed(target, target->announced_ms, (uint64_t)target->config.template_refresh_s * 1000);
	bool first = target->announcements_due == ANNOUNCEMENTS_AT_START;

	if (first || recovered || refresh)
		tw_identity_pass_want_all(&target->pass);
	if (first || recovered || refresh || target->messages_since >= REFRESH_MESSAGES ||
	    (target->announcements_due && has_passed(target, target->announced_ms, ANNOUNCE_AGAIN_MS)) ||
	    (*tw_session_error(target->session) && has_passed(target, target->announced_ms, PROBE_MS)))
		announce(target);
}

static void send_identities(struct tw_target *target)
{
	const struct tw_export_context *context = target->context;
	uint64_t before = tw_session_counts(target->session)->sent.octets;
	const struct tw_flow_identity *who;

	while ((who = tw_identity_pass_peek(&target->pass, &context->identities)) &&
	       tw_session_counts(target->session)->sent.octets - before < TW_TARGET_TABLE_OCTETS &&
	       !*tw_session_error(target->session)) {
		ADD_CONTROL(target, tw_options_add_identity, context->domain, who);
		tw_identity_pass_advance(&target->pass);
	}
	send_control(target);
}

static void send_data(struct tw_target *target)
{
	struct tw_flow_tally tally = target->data_tally;

	if (tw_message_is_empty(&target->data))
		return;
	if (target->announcements_due && tw_session_is_open(target->session) && announces(target))
		announce(target);
	target->data_tally = (struct tw_flow_tally){ 0 };
	send_message(target, &target->data, &tally);
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
	tw_target_update(target, config);
	tw_target_restart(target);
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
	       target->config.transport == config->transport &&
	       memcmp(&target->config.collector, &config->collector, config->collector_size) == 0;
}

void tw_target_update(struct tw_target *target, const struct tw_exporter_target *config)
{
	if (target->config.mtu) /* not new */
		send_data(target);
	target->config = *config;
	if (target->config.mtu < MTU_MIN)
		target->config.mtu = MTU_MIN;
	if (target->config.mtu > TW_MESSAGE_MAX)
		target->config.mtu = TW_MESSAGE_MAX;
	if (!target->config.template_refresh_s)
		target->config.template_refresh_s = REFRESH_DEFAULT_S;
	begin_message(target, &target->data);
	begin_message(target, &target->control);
}

void tw_target_restart(struct tw_target *target)
{
	target->sequence = 0;
	target->boot_ms = 0;
	target->templates_told = false;
	target->announcements_due = ANNOUNCEMENTS_AT_START;
}

static void tally(struct tw_target *target, const struct tw_flow_record *record)
{
	if (!target->data_tally.flows++)
		target->data_since_ms = now_ms(target);
	target->data_tally.packets += record->packets;
	target->data_tally.octets += record->l3_octets;
}

static void add_templated(struct tw_target *target, const struct tw_flow_record *record, enum tw_flow_class cls)
{
	if (!tw_encode_flow(&target->data, record, cls, target->boot_ms)) {
		send_data(target);
		if (!tw_encode_flow(&target->data, record, cls, target->boot_ms))
			return; /* cannot be: the smallest message takes the longest record */
	}
	tally(target, record);
}

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
}

void tw_target_add(struct tw_target *target, const struct tw_flow_record *record, enum tw_flow_class cls)
{
	if (target->config.format != TW_FORMAT_V5)
		add_templated(target, record, cls);
	else if (tw_netflow5_can_say(record))
		add_netflow5(target, record);
	else
		target->unsaid++;
}

/* To a session of TCP that has begun nothing was ever told. The path may take less than was configured. */
static void begin_session(struct tw_target *target)
{
	size_t limit = tw_session_limit(target->session, target->config.mtu);

	begin_message(target, &target->control);
	if (target->data.size <= limit)
		target->data.limit = target->control.limit;
	if (target->config.transport != TW_TRANSPORT_TCP)
		return;
	target->sequence = 0;
	target->templates_told = false;
	target->announcements_due = ANNOUNCEMENTS_AT_START;
}

/* The boot is chosen, or moved on: to a reader that is a restart, so templates go out with it. */
static void keep_boot(struct tw_target *target)
{
	uint64_t now = now_ms(target);

	if (target->boot_ms && now >= target->boot_ms && now - target->boot_ms < UPTIME_MAX_MS)
		return;
	send_data(target);
	target->boot_ms = now > BEFORE_START_MS ? now - BEFORE_START_MS : 1;
	target->announcements_due = ANNOUNCEMENTS_AT_START;
}

void tw_target_tick(struct tw_target *target)
{
	bool recovered;

	keep_boot(target);
	if (tw_session_tick(target->session, now_ms(target)))
		begin_session(target);
	recovered = tw_session_has_recovered(target->session);
	if (tw_session_is_open(target->session) && announces(target)) {
		announce_if_due(target, recovered);
		send_identities(target);
	}
	if (!tw_message_is_empty(&target->data) && has_passed(target, target->data_since_ms, TW_TARGET_WAIT_MS))
		send_data(target);
}

void tw_target_flush(struct tw_target *target)
{
	send_data(target);
	tw_session_flush(target->session);
}

void tw_target_get_stats(const struct tw_target *target, struct tw_exporter_stats *stats)
{
	const struct tw_session_counts *counts = tw_session_counts(target->session);

	*stats = (struct tw_exporter_stats){
		.records = counts->sent.flows,
		.messages = counts->sent.messages,
		.octets = counts->sent.octets,
		.lost_records = counts->not_sent.flows,
		.unsaid_records = target->unsaid,
	};
	memcpy(stats->name, target->config.name, sizeof(stats->name));
	snprintf(stats->error, sizeof(stats->error), "%s", tw_session_error(target->session));
}
