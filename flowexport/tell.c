/* SPDX-License-Identifier: Apache-2.0 */
/* tell.c - what a collector is told beside flow records, and when; see target.h. */
#define TW_LOG_AREA "flow"
#include "common/log.h"
#include "flowexport/target_parts.h"

enum {
	ANNOUNCE_AGAIN_MS = 1000, /* from the first announcement to the second, unless data comes before */
	PROBE_MS = 1000,          /* announcements to a collector that refuses */
};

static void send_control(struct tw_target *target)
{
	static const struct tw_flow_tally none;

	if (!tw_message_is_empty(&target->control))
		tw_target_send(target, &target->control, &none);
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

bool tw_target_announces(const struct tw_target *target)
{
	return target->config.format != TW_FORMAT_V5;
}

static void announce_template(struct tw_target *target, enum tw_flow_class cls, unsigned variant)
{
	if (!target->context->mediates)
		ADD_CONTROL(target, tw_encode_template, cls, variant);
	for (unsigned kind = 0; target->context->mediates && kind < TW_ORIGIN_KINDS; kind++)
		ADD_CONTROL(target, tw_encode_origin_template, cls, variant, kind);
}

static void announce_biflow_template(struct tw_target *target, enum tw_flow_class cls, unsigned variant)
{
	if (!target->context->mediates)
		ADD_CONTROL(target, tw_encode_biflow_template, cls, variant);
	for (unsigned kind = 0; target->context->mediates && kind < TW_ORIGIN_KINDS; kind++)
		ADD_CONTROL(target, tw_encode_biflow_origin_template, cls, variant, kind);
}

/* What the switch refused is no biflow, and neither are counts of no flow. */
static void announce_biflows(struct tw_target *target)
{
	for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++) {
		if (cls == TW_CLASS_OVERFLOW)
			continue;
		announce_biflow_template(target, cls, 0);
		if (target->config.names)
			announce_biflow_template(target, cls, TW_VARIANT_NAMED);
	}
}

/* Over TCP they arrive, and are not to be told twice (RFC 7011 section 8). */
static void announce_templates(struct tw_target *target)
{
	unsigned variants = target->config.names ? TW_FLOW_VARIANTS : TW_VARIANT_NAMED;

	for (unsigned variant = 0; variant < variants; variant++)
		for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++)
			announce_template(target, cls, variant);
	if (target->config.biflow)
		announce_biflows(target);
	for (unsigned table = 0; table < TW_OPTION_TABLES; table++)
		ADD_CONTROL(target, tw_encode_option_template, table);
	target->templates_told = target->config.transport != TW_TRANSPORT_UDP;
}

static void tell_dictionary(struct tw_target *target)
{
	size_t next = 0;

	while (!tw_dictionary_add(&target->context->dictionary, &target->control, target->domain, &next))
		send_control(target);
}

/* The records that need no table. */
static void tell_options(struct tw_target *target)
{
	const struct tw_export_context *context = target->context;
	const struct tw_session_counts *counts = tw_session_counts(target->session);
	struct tw_export_statistics statistics = { .sent = counts->sent,
						   .observed = context->observed,
						   .ignored = context->ignored,
						   .not_sent = target->tells_group ? target->group_lost
										   : counts->not_sent };

	tw_tally_join(&statistics.not_sent, &context->unsent);
	ADD_CONTROL(target, tw_options_add_sampling, target->domain, target->sampling);
	ADD_CONTROL(target, tw_options_add_domain, target->domain, context->host);
	ADD_CONTROL(target, tw_options_add_statistics, target->domain, &statistics);
	tell_dictionary(target);
	send_control(target);
	target->options_ms = tw_target_now(target);
}

void tw_target_tell_sampling(struct tw_target *target)
{
	ADD_CONTROL(target, tw_options_add_sampling, target->domain, target->sampling);
	send_control(target);
}

/* Templates come first: collectors take those of one message in order. */
void tw_target_announce(struct tw_target *target)
{
	if (!target->templates_told)
		announce_templates(target);
	tell_options(target);
	target->announced_ms = tw_target_now(target);
	target->messages_since = 0;
	if (target->announcements_due)
		target->announcements_due--;
}

static void announce_if_due(struct tw_target *target, bool recovered)
{
	const struct tw_exporter_target *config = &target->config;
	bool templates =
		tw_target_has_passed(target, target->announced_ms, (uint64_t)config->template_refresh_s * 1000);
	bool options = tw_target_has_passed(target, target->options_ms, (uint64_t)config->options_refresh_s * 1000);
	bool first = target->announcements_due == TW_ANNOUNCEMENTS_AT_START;

	if (first || recovered || options)
		tw_identity_pass_want_all(&target->pass);
	if (first || recovered || templates || target->messages_since >= config->template_refresh_messages ||
	    (target->announcements_due && tw_target_has_passed(target, target->announced_ms, ANNOUNCE_AGAIN_MS)) ||
	    (*tw_session_error(target->session) && tw_target_has_passed(target, target->announced_ms, PROBE_MS)))
		tw_target_announce(target);
	else if (options)
		tell_options(target);
}

static void send_identities(struct tw_target *target)
{
	const struct tw_export_context *context = target->context;
	uint64_t before = tw_session_counts(target->session)->sent.octets;
	const struct tw_flow_identity *who;

	while ((who = tw_identity_pass_peek(&target->pass, &context->identities)) &&
	       tw_session_counts(target->session)->sent.octets - before < TW_TARGET_TABLE_OCTETS &&
	       !*tw_session_error(target->session)) {
		ADD_CONTROL(target, tw_options_add_identity, target->domain, who);
		tw_identity_pass_advance(&target->pass);
	}
	send_control(target);
}

void tw_target_tell(struct tw_target *target, bool recovered)
{
	announce_if_due(target, recovered);
	send_identities(target);
}

void tw_target_introduce(struct tw_target *target, const struct tw_flow_identity *who)
{
	if (!tw_session_is_open(target->session) || !tw_target_announces(target))
		return;
	tw_target_announce(target);
	ADD_CONTROL(target, tw_options_add_identity, target->domain, who);
	send_control(target);
}
