/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dictionary.h - what a collector must be told once in a while to read records by: what our private elements are, what networks
 *                and drop reasons are called.
 *
 * Threads  the owner of the message; a dictionary does not change while it is told.
 * Spec     RFC 5610 (types of elements).
 */
#ifndef TW_FLOWEXPORT_DICTIONARY_H
#define TW_FLOWEXPORT_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/message.h"

struct tw_flow_network {
	uint32_t number; /* the same on every host, from 1 */
	char name[64];
};

struct tw_dictionary {
	size_t n_networks;
	const struct tw_flow_network *networks;
	uint8_t n_drop_reasons;
	const char *const *drop_reasons; /* of number 1 on; static storage */
};

/**
 * Add what fits into the message.
 * @param next 0 at first; where to go on
 * @return false: there is more; send the message and call again
 */
bool tw_dictionary_add(const struct tw_dictionary *dictionary, struct tw_message *message, uint32_t domain,
		       size_t *next);

#endif
