/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - addresses that follow from a URL of the link. Pure but for what the kernel is asked; any thread. */
#ifndef TW_PROTO_LINK_ADDRESS_H
#define TW_PROTO_LINK_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

enum { TW_RECORDS_PORT_STEP = 2 /* the next port is often agents' own */ };

/**
 * Where the controller of this URL takes flow records: "tcp://ADDRESS:PORT" two ports higher, "ipc://PATH" with ".records"
 * behind it.
 * @return 0; -EINVAL no such URL, or no such port; -ENAMETOOLONG
 */
int tw_link_records_url(const char *controller, char *out, size_t size);

/**
 * The address from which this host speaks to a URL: of a local one, the loopback's.
 * @param address out: 4 or 16 octets, wire order
 * @return octets of the address; 0 = there is no way there now
 */
size_t tw_link_own_address(const char *url, uint8_t address[16]);

#endif
