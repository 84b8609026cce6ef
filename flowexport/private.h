/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - the information elements that the registry has no word for, each once: fields.h places them in records, the
 *             type records (RFC 5610, options.c) explain them to collectors.
 *
 * Number   no enterprise number is assigned to this project. 32473 is the one that RFC 5612 keeps for examples: it is nobody's,
 *          so these elements are never taken for another vendor's. Whoever has a number of his own changes TW_PEN.
 * Spec     RFC 5610 sections 3.1 to 3.6 (types, semantics, units).
 */
#ifndef TW_FLOWEXPORT_PRIVATE_H
#define TW_FLOWEXPORT_PRIVATE_H

enum { TW_PEN = 32473 };

enum tw_element_type { TW_TYPE_OCTETS = 0, TW_TYPE_UINT8 = 1, TW_TYPE_BOOLEAN = 11, TW_TYPE_STRING = 13 };
enum tw_element_semantics { TW_SEMANTICS_DEFAULT = 0, TW_SEMANTICS_IDENTIFIER = 4 };

/* number, name, type, semantics, what it says */
#define TW_PRIVATE_ELEMENTS(_)                                                                                  \
	_(1, peerStationName, STRING, DEFAULT,                                                                  \
	  "name of the VM at the flow's other end; virtualStationName has this one")                            \
	_(2, peerStationUUID, OCTETS, DEFAULT, "UUID of the VM at the flow's other end")                        \
	_(3, eastWest, BOOLEAN, DEFAULT, "both ends of the flow are ports of the virtual switch")               \
	_(4, dropReason, UINT8, IDENTIFIER, "why the virtual switch refused the flow; dropReasonName names it") \
	_(5, dropReasonName, STRING, DEFAULT, "name of a dropReason, as `twctl port stats` has it")

enum {
#define TW_PRIVATE_NUMBER(number, name, type, semantics, text) TW_PRIVATE_##name = number,
	TW_PRIVATE_ELEMENTS(TW_PRIVATE_NUMBER)
#undef TW_PRIVATE_NUMBER
};

#define TW_PRIVATE_ONE(number, name, type, semantics, text) +1
enum { TW_PRIVATE_COUNT = 0 TW_PRIVATE_ELEMENTS(TW_PRIVATE_ONE) };

#endif
