/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot_json.h - a switch's configuration from JSON, as tests write it by hand.
 *
 * Members are the fields of proto/switch.proto by name. Besides: a MAC is text, a key 16 hexadecimal digits; "vlan" is a number (access) or an object
 * {"trunk": [10, [20, 29]], "native": 0}; what an exporter's timeouts and MTU and the observation domain are left out of is
 * filled in. One thread.
 */
#ifndef TW_TESTS_SUPPORT_SNAPSHOT_JSON_H
#define TW_TESTS_SUPPORT_SNAPSHOT_JSON_H

#include <jansson.h>

#include "proto/switch.pb-c.h"

/** @return malloc'ed; a mistake in the JSON ends the program with a message and status 2 */
Tw__Snapshot *snapshot_from_json(const json_t *json);

#endif
