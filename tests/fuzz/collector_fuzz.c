/* SPDX-License-Identifier: Apache-2.0 */
/* collector_fuzz.c - a collector's address as text from anyone: refused with nothing changed, or an address with a port. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flowexport/exporter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t addr_size = 0;
	char *text = strndup((const char *)data, size);
	int rc;

	if (!text)
		abort();
	rc = tw_exporter_parse_collector(text, &addr, &addr_size);
	if (rc ? addr_size != 0 || addr.ss_family != 0
	       : ((const struct sockaddr_in *)&addr)->sin_port == 0 ||
			    (addr.ss_family != AF_INET && addr.ss_family != AF_INET6))
		abort();
	free(text);
	return 0;
}
