/* SPDX-License-Identifier: Apache-2.0 */
/* check_exporter.c - how flow records get to which collectors; see check_rules.h. Pure. */
#include <string.h>

#include "proto/envelope.pb-c.h"
#include "proto/link/check_rules.h"

/* What an Exporter, a LocalExporter and a LocalSflow say alike. */
struct export
{
	Tw__Exporter__Format format;
	Tw__Exporter__Transport transport;
	Tw__Exporter__Names names;
	bool biflow;
	size_t n_collectors;
	char *const *collectors;
	const char *source, *ca, *certificate, *key;
};

static struct export export_of(const ProtobufCMessage *msg)
{
	const Tw__Exporter *e = (const Tw__Exporter *)msg;
	const Tw__LocalExporter *l = (const Tw__LocalExporter *)msg;
	const Tw__LocalSflow *s = (const Tw__LocalSflow *)msg;

	if (msg->descriptor == &tw__exporter__descriptor)
		return (struct export){ e->format,     e->transport, e->names,  e->biflow,          e->n_collectors,
					e->collectors, e->source,    e->tls_ca, e->tls_certificate, e->tls_key };
	if (msg->descriptor == &tw__local_sflow__descriptor)
		return (struct export){ .n_collectors = s->n_collectors,
					.collectors = s->collectors,
					.source = s->source };
	return (struct export){ l->format,     l->transport, l->names,  l->biflow,          l->n_collectors,
				l->collectors, l->source,    l->tls_ca, l->tls_certificate, l->tls_key };
}

bool tw_also_exporter_collectors(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const struct export e = export_of(msg);

	return tw_also_texts_differ("collectors", e.collectors, e.n_collectors, at, err);
}

/* The others have no words for what the switch calls its own. */
bool tw_also_exporter_names(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const struct export e = export_of(msg);
	struct tw_where here = { at, "names", -1 };

	return e.names == TW__EXPORTER__NAMES__OPTIONS || e.format == TW__EXPORTER__FORMAT__IPFIX ||
	       tw_where_fail(&here, TW_E_INVALID, err, "only records of IPFIX have names in them");
}

/* They have no words for a reverse direction either. */
bool tw_also_exporter_biflow(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const struct export e = export_of(msg);
	struct tw_where here = { at, "biflow", -1 };

	return !e.biflow || e.format == TW__EXPORTER__FORMAT__IPFIX ||
	       tw_where_fail(&here, TW_E_INVALID, err,
			     "only IPFIX has words for a reverse direction: NetFlow and sFlow do not");
}

/* NetFlow has no framing of its own, and so no TCP. */
bool tw_also_exporter_transport(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const struct export e = export_of(msg);
	struct tw_where here = { at, "transport", -1 };

	return e.transport == TW__EXPORTER__TRANSPORT__UDP || e.format == TW__EXPORTER__FORMAT__IPFIX ||
	       tw_where_fail(&here, TW_E_INVALID, err, "only IPFIX goes over TCP and TLS");
}

/* Endpoints have been checked before: one with a bracket is IPv6. */
bool tw_also_exporter_source(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const struct export e = export_of(msg);
	struct tw_where here = { at, "source", -1 };

	for (size_t i = 0; *e.source && i < e.n_collectors; i++)
		if ((strchr(e.source, ':') != NULL) != (*e.collectors[i] == '['))
			return tw_where_fail(&here, TW_E_INVALID, err, "%s is of another IP version than collector %s",
					     e.source, e.collectors[i]);
	return true;
}

bool tw_also_exporter_tls(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const struct export e = export_of(msg);
	struct tw_where ca = { at, "tls_ca", -1 }, certificate = { at, "tls_certificate", -1 },
			key = { at, "tls_key", -1 };

	if (e.transport == TW__EXPORTER__TRANSPORT__TLS && !*e.ca)
		return tw_where_fail(&ca, TW_E_MISSING, err, "TLS needs a CA to check collectors' certificates by");
	if (*e.certificate && !*e.key)
		return tw_where_fail(&key, TW_E_MISSING, err, "a certificate needs its key");
	return *e.certificate || !*e.key ||
	       tw_where_fail(&certificate, TW_E_MISSING, err, "a key needs its certificate");
}

/* What only sFlow has: 0 = the default. */
static bool samples_fit(const Tw__Exporter *e, const struct tw_where *at, struct tw_error *err)
{
	const char *field = e->sample         ? "sample"
			    : e->header_bytes ? "header_bytes"
			    : e->counters_s   ? "counters_s"
					      : NULL;
	struct tw_where here = { at, field, -1 };

	return !field || tw_where_fail(&here, TW_E_INVALID, err, "only sFlow samples packets and sends counters");
}

/* It knows no flows, and what they are reported by; each host samples all that comes in. Transport and names: see there. */
static bool sflow_fits(const Tw__Exporter *e, const struct tw_where *at, struct tw_error *err)
{
	const struct {
		const char *field;
		bool is_set;
	} flows[] = { { "active_timeout_s", e->active_timeout_s },
		      { "idle_timeout_s", e->idle_timeout_s },
		      { "template_refresh_s", e->template_refresh_s },
		      { "template_refresh_messages", e->template_refresh_messages },
		      { "options_refresh_s", e->options_refresh_s },
		      { "networks", e->n_networks },
		      { "ports", e->n_ports },
		      { "east_west", e->east_west },
		      { "both_sides", e->both_sides },
		      { "biflow", e->biflow } };
	struct tw_where way = { at, "way", -1 };

	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		struct tw_where here = { at, flows[i].field, -1 };

		if (flows[i].is_set)
			return tw_where_fail(&here, TW_E_INVALID, err,
					     "sFlow has no flows: it samples packets of every port and uplink");
	}
	return e->way == TW__EXPORTER__WAY__DIRECT ||
	       tw_where_fail(&way, TW_E_INVALID, err, "packets are sampled on each host: sFlow goes from there");
}

bool tw_also_exporter_whole(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Exporter *e = (const Tw__Exporter *)msg;

	return tw_also_exporter_tls(msg, at, err) &&
	       (e->format == TW__EXPORTER__FORMAT__SFLOW ? sflow_fits(e, at, err) : samples_fit(e, at, err));
}
