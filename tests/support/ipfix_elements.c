/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipfix_elements.c - names and types of information elements, and values as text; see ipfix_decode.h.
 *
 * Spec     IANA registry "IP Flow Information Export (IPFIX) Entities"; types: RFC 7012 section 3.1.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/ipfix_decode.h"

enum type { UNSIGNED, IPV4, IPV6, MAC, TEXT, OCTETS };

static const struct element {
	uint16_t number;
	enum type type;
	const char *name;
} elements[] = {
	{ 1, UNSIGNED, "octetDeltaCount" },
	{ 2, UNSIGNED, "packetDeltaCount" },
	{ 4, UNSIGNED, "protocolIdentifier" },
	{ 5, UNSIGNED, "ipClassOfService" },
	{ 6, UNSIGNED, "tcpControlBits" },
	{ 7, UNSIGNED, "sourceTransportPort" },
	{ 8, IPV4, "sourceIPv4Address" },
	{ 10, UNSIGNED, "ingressInterface" },
	{ 11, UNSIGNED, "destinationTransportPort" },
	{ 12, IPV4, "destinationIPv4Address" },
	{ 14, UNSIGNED, "egressInterface" },
	{ 21, UNSIGNED, "flowEndSysUpTime" },
	{ 22, UNSIGNED, "flowStartSysUpTime" },
	{ 25, UNSIGNED, "minimumIpTotalLength" },
	{ 26, UNSIGNED, "maximumIpTotalLength" },
	{ 27, IPV6, "sourceIPv6Address" },
	{ 28, IPV6, "destinationIPv6Address" },
	{ 31, UNSIGNED, "flowLabelIPv6" },
	{ 32, UNSIGNED, "icmpTypeCodeIPv4" },
	{ 34, UNSIGNED, "samplingInterval" },
	{ 35, UNSIGNED, "samplingAlgorithm" },
	{ 40, UNSIGNED, "exportedOctetTotalCount" },
	{ 41, UNSIGNED, "exportedMessageTotalCount" },
	{ 42, UNSIGNED, "exportedFlowRecordTotalCount" },
	{ 52, UNSIGNED, "minimumTTL" },
	{ 53, UNSIGNED, "maximumTTL" },
	{ 54, UNSIGNED, "fragmentIdentification" },
	{ 56, MAC, "sourceMacAddress" },
	{ 58, UNSIGNED, "vlanId" },
	{ 59, UNSIGNED, "postVlanId" },
	{ 60, UNSIGNED, "ipVersion" },
	{ 61, UNSIGNED, "flowDirection" },
	{ 80, MAC, "destinationMacAddress" },
	{ 82, TEXT, "interfaceName" },
	{ 83, TEXT, "interfaceDescription" },
	{ 88, UNSIGNED, "fragmentOffset" },
	{ 89, UNSIGNED, "forwardingStatus" },
	{ 132, UNSIGNED, "droppedOctetDeltaCount" },
	{ 133, UNSIGNED, "droppedPacketDeltaCount" },
	{ 136, UNSIGNED, "flowEndReason" },
	{ 138, UNSIGNED, "observationPointId" },
	{ 139, UNSIGNED, "icmpTypeCodeIPv6" },
	{ 144, UNSIGNED, "exportingProcessId" },
	{ 149, UNSIGNED, "observationDomainId" },
	{ 152, UNSIGNED, "flowStartMilliseconds" },
	{ 153, UNSIGNED, "flowEndMilliseconds" },
	{ 163, UNSIGNED, "observedFlowTotalCount" },
	{ 164, UNSIGNED, "ignoredPacketTotalCount" },
	{ 165, UNSIGNED, "ignoredOctetTotalCount" },
	{ 166, UNSIGNED, "notSentFlowTotalCount" },
	{ 167, UNSIGNED, "notSentPacketTotalCount" },
	{ 168, UNSIGNED, "notSentOctetTotalCount" },
	{ 176, UNSIGNED, "icmpTypeIPv4" },
	{ 177, UNSIGNED, "icmpCodeIPv4" },
	{ 178, UNSIGNED, "icmpTypeIPv6" },
	{ 179, UNSIGNED, "icmpCodeIPv6" },
	{ 197, UNSIGNED, "fragmentFlags" },
	{ 234, UNSIGNED, "ingressVRFID" },
	{ 235, UNSIGNED, "egressVRFID" },
	{ 236, TEXT, "VRFname" },
	{ 239, UNSIGNED, "biflowDirection" },
	{ 243, UNSIGNED, "dot1qVlanId" },
	{ 244, UNSIGNED, "dot1qPriority" },
	{ 245, UNSIGNED, "dot1qCustomerVlanId" },
	{ 254, UNSIGNED, "postDot1qVlanId" },
	{ 256, UNSIGNED, "ethernetType" },
	{ 300, TEXT, "observationDomainName" },
	{ 303, UNSIGNED, "informationElementId" },
	{ 304, UNSIGNED, "selectorAlgorithm" },
	{ 305, UNSIGNED, "samplingPacketInterval" },
	{ 306, UNSIGNED, "samplingPacketSpace" },
	{ 309, UNSIGNED, "samplingSize" },
	{ 310, UNSIGNED, "samplingPopulation" },
	{ 323, UNSIGNED, "observationTimeMilliseconds" },
	{ 339, UNSIGNED, "informationElementDataType" },
	{ 340, TEXT, "informationElementDescription" },
	{ 341, TEXT, "informationElementName" },
	{ 344, UNSIGNED, "informationElementSemantics" },
	{ 346, UNSIGNED, "privateEnterpriseNumber" },
	{ 347, OCTETS, "virtualStationInterfaceId" },
	{ 348, TEXT, "virtualStationInterfaceName" },
	{ 349, OCTETS, "virtualStationUUID" },
	{ 350, TEXT, "virtualStationName" },
	{ 351, UNSIGNED, "layer2SegmentId" },
	{ 352, UNSIGNED, "layer2OctetDeltaCount" },
	{ 403, IPV4, "originalExporterIPv4Address" },
	{ 404, IPV6, "originalExporterIPv6Address" },
	{ 405, UNSIGNED, "originalObservationDomainId" },
	{ 424, UNSIGNED, "droppedLayer2OctetDeltaCount" },
};

/* Tradewind's own, as docs/flow-export.md has them. */
static const struct element ours[] = {
	{ 1, TEXT, "peerStationName" }, { 2, OCTETS, "peerStationUUID" }, { 3, UNSIGNED, "eastWest" },
	{ 4, UNSIGNED, "dropReason" },  { 5, TEXT, "dropReasonName" },
};

static const struct element *find_element(uint32_t pen, uint16_t number)
{
	for (size_t i = 0; pen == IPFIX_OURS && i < sizeof(ours) / sizeof(*ours); i++)
		if (ours[i].number == number)
			return &ours[i];
	for (size_t i = 0; (pen == 0 || pen == IPFIX_REVERSE) && i < sizeof(elements) / sizeof(*elements); i++)
		if (elements[i].number == number)
			return &elements[i];
	return NULL;
}

const char *ipfix_element_name(uint32_t pen, uint16_t element)
{
	static _Thread_local char reverse[64];
	const struct element *e = find_element(pen, element);

	if (!e || pen != IPFIX_REVERSE)
		return e ? e->name : NULL;
	snprintf(reverse, sizeof(reverse), "reverse%c%s", toupper(*e->name), e->name + 1); /* RFC 5103 section 6.1 */
	return reverse;
}

static void format_hex(const struct ipfix_value *v, const char *separator, char *text)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < v->size && used + 4 < IPFIX_TEXT_MAX; i++)
		used += (size_t)snprintf(text + used, IPFIX_TEXT_MAX - used, "%s%02x", i ? separator : "", v->data[i]);
}

static void format_unsigned(const struct ipfix_value *v, char *text)
{
	uint64_t value = 0;

	for (size_t i = 0; i < v->size; i++)
		value = value << 8 | v->data[i];
	snprintf(text, IPFIX_TEXT_MAX, "%" PRIu64, value);
}

/* Printable ASCII and UTF-8's upper octets, up to the first NUL. */
static void format_text(const struct ipfix_value *v, char *text)
{
	size_t used = 0;

	for (; used < v->size && used < IPFIX_TEXT_MAX - 1 && v->data[used]; used++)
		text[used] = v->data[used] < ' ' || v->data[used] == 0x7f ? '?' : (char)v->data[used];
	text[used] = '\0';
}

void ipfix_value_format(const struct ipfix_value *v, char text[static IPFIX_TEXT_MAX], bool *is_number)
{
	const struct element *e = find_element(v->pen, v->element);
	enum type type = e ? e->type : OCTETS;

	*is_number = type == UNSIGNED && v->size >= 1 && v->size <= 8;
	if (*is_number)
		format_unsigned(v, text);
	else if (type == IPV4 && v->size == 4)
		inet_ntop(AF_INET, v->data, text, IPFIX_TEXT_MAX);
	else if (type == IPV6 && v->size == 16)
		inet_ntop(AF_INET6, v->data, text, IPFIX_TEXT_MAX);
	else if (type == TEXT)
		format_text(v, text);
	else
		format_hex(v, type == MAC ? ":" : "", text);
}
