/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory.h - who is who, as the thread of the records knows it: hosts and their observation domains, ports and where they
 *               are. Made by the controller's thread from the model, immutable then; see central.h.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_DIRECTORY_H
#define TW_CONTROLPLANE_CENTRAL_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tw_model;

struct tw_directory_host {
	char name[64];
	uint32_t domain;
};

struct tw_directory_port {
	uint32_t number;
	uint32_t domain; /* of the host it is bound to; 0 = none */
};

struct tw_directory {
	size_t n_hosts, n_ports, n_macs;
	struct tw_directory_host *hosts; /* by name */
	struct tw_directory_port *ports; /* by number */
	uint64_t *macs;                  /* of ports, also static ones; ascending */
	bool both_sides;                 /* an exporter wants second sightings */
};

/** Ends the program without memory. */
struct tw_directory *tw_directory_create(const struct tw_model *model);
void tw_directory_destroy(struct tw_directory *directory); /* accepts NULL */

/** @return 0 = there is no such host */
uint32_t tw_directory_domain(const struct tw_directory *directory, const char *host);
/** Domain of the host that a port is bound to; 0 = it is nowhere, or there is no such port. */
uint32_t tw_directory_place(const struct tw_directory *directory, uint32_t port);
bool tw_directory_has_mac(const struct tw_directory *directory, const uint8_t mac[static 6]);

#endif
