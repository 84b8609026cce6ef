/* SPDX-License-Identifier: Apache-2.0 */
/* mirror.h - a mirror's values and what is shown of it; between mirror.c and mirror_show.c alone. One thread. */
#ifndef TW_TWCTL_MIRROR_H
#define TW_TWCTL_MIRROR_H

#include "controlplane/twctl/command.h"

extern const struct tw_column tw_mirror_list_columns[], tw_mirror_card_columns[];

/** Append a VLAN. @return false: it has as many as it may */
bool tw_mirror_add_vlan(Tw__Mirror *mirror, uint32_t id);

/** "status": what each host says of the mirror, and their sum as "sum". */
bool tw_mirror_detail(struct tw_run *run, json_t *object);
void tw_mirror_show_parts(FILE *out, const json_t *object);
/** `mirror show NAME [--watch]` */
int tw_mirror_show(struct tw_run *run);

#endif
