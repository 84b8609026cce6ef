/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vhost_back.h - the channel by which rte_vhost asks a front-end for addresses behind an IOMMU.
 *
 * rte_vhost sends what it asks from the worker that needs the address, in a write that waits for a front-end that does not read.
 * So it is given another socket, whose other end is read here by a thread that passes on what it can without waiting: neither a
 * worker nor another front-end ever waits for this one. A front-end that is asked for more than it answers is shut out.
 * Threads  begin and end: rte_vhost's for the connection. A thread "tw-back" of its own reads and passes on.
 */
#ifndef TW_DATAPLANE_VHOST_BACK_H
#define TW_DATAPLANE_VHOST_BACK_H

#include "dataplane/iotlb.h"

/** What is asked and told of a connection; between the two calls, as the thread of the channel has it too. */
void tw_back_lock(void);
void tw_back_unlock(void);

/**
 * A front-end has given its channel.
 * @param vid   rte_vhost's number of the connection
 * @param fd    in rte_vhost's hands: from here on another socket under the same number, the front-end's own is kept aside
 * @param iotlb until tw_back_end()
 * @return NULL; why it is to be shut out
 */
const char *tw_back_begin(int vid, int fd, struct tw_iotlb *iotlb);

/** Ask as rte_vhost would. The message's thread. @return NULL; why it is to be shut out */
const char *tw_back_ask(int vid, uint64_t iova, uint8_t perm);

/** The connection is over, or had no channel. */
void tw_back_end(int vid);

#endif
