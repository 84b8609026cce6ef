/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - what an exporter's configuration must be to be taken. Pure; any thread. */
#ifndef TW_FLOWEXPORT_CONFIG_H
#define TW_FLOWEXPORT_CONFIG_H

#include "flowexport/exporter.h"

/** As tw_exporter_configure() wants it: else that is -EINVAL. */
bool tw_config_is_valid(const struct tw_exporter_config *config);
/** How many of n targets from number `first` on are one exporter's. */
size_t tw_config_count_alike(const struct tw_exporter_target *targets, size_t first, size_t n);

#endif
