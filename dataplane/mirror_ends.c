/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_ends.c - whose copies from other hosts are taken; see mirror_ends.h. */
#include "dataplane/mirror_ends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/mirror_socket.h"

/* --- addresses --- */

static struct tw_peer_address address_of(const struct sockaddr_storage *from)
{
	struct tw_peer_address a = { .octets = { [10] = 0xff, [11] = 0xff } };

	if (from->ss_family == AF_INET)
		memcpy(a.octets + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
	else
		memcpy(a.octets, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	return a;
}

static int compare_peers(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct tw_peer_address));
}

/* @return its index, -1: no host of the switch */
static long find_peer(const struct tw_peer_address *peers, size_t n, const struct tw_peer_address *peer)
{
	const struct tw_peer_address *found = n ? bsearch(peer, peers, n, sizeof(*peers), compare_peers) : NULL;

	return found ? found - peers : -1;
}

/* --- a datagram --- */

static struct tw_end *find_end(struct tw_ends *ends, uint32_t tag)
{
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (ends->end[i].used && ends->end[i].tag == tag)
			return &ends->end[i];
	return NULL;
}

struct tw_end *tw_ends_accept(struct tw_ends *ends, const struct sockaddr_storage *from, const uint8_t *data,
			      size_t size)
{
	const struct tw_peer_address address = address_of(from);
	struct tw_geneve header;
	struct tw_end *end = tw_geneve_read(data, size, &header) ? find_end(ends, header.tag) : NULL;
	long peer = find_peer(ends->peers, ends->n_peers, &address);

	if (!end) {
		ends->refused++;
		return NULL;
	}
	if (peer < 0 || !tw_geneve_same_key(header.key, end->key)) {
		end->refused++;
		return NULL;
	}
	end->lost = tw_sequence_lost(&end->heard[peer], header.sequence, end->lost);
	return end;
}

/* --- what is taken --- */

static void forget(struct tw_end *end)
{
	free(end->heard);
	*end = (struct tw_end){ 0 };
}

void tw_ends_release(struct tw_ends *ends)
{
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		forget(&ends->end[i]);
	free(ends->peers);
	ends->peers = NULL;
	ends->n_peers = 0;
}

static bool is_wanted(const struct tw_end *end, const Tw__Tunnel *tunnel)
{
	for (size_t i = 0; tunnel && i < tunnel->n_ends; i++)
		if (tunnel->ends[i]->tag == end->tag && strcmp(tunnel->ends[i]->mirror, end->mirror) == 0)
			return true;
	return false;
}

/* The one that is there, else an unused one; NULL: there is no room. */
static struct tw_end *end_for(struct tw_ends *ends, const Tw__TunnelEnd *wanted)
{
	struct tw_end *unused = NULL;

	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		struct tw_end *end = &ends->end[i];

		if (end->used && end->tag == wanted->tag && strcmp(end->mirror, wanted->mirror) == 0)
			return end;
		if (!end->used && !unused)
			unused = end;
	}
	return unused;
}

static void set_end(struct tw_ends *ends, const Tw__TunnelEnd *wanted, uint16_t slot)
{
	struct tw_end *end = end_for(ends, wanted);

	if (!end || slot == TW_SLOT_NONE)
		return;
	if (!end->used) {
		end->used = end->is_new = true;
		snprintf(end->mirror, sizeof(end->mirror), "%s", wanted->mirror);
		end->tag = wanted->tag;
	}
	memcpy(end->key, wanted->key.data, sizeof(end->key)); /* checked */
	end->number = wanted->to_port;
	end->slot = slot;
}

/* @return its numbers, as far as its peers stay; NULL: out of memory */
static struct tw_sequence *move_heard(const struct tw_end *end, const struct tw_ends *ends,
				      const struct tw_peer_address *old, size_t n_old)
{
	struct tw_sequence *heard = calloc(ends->n_peers + 1, sizeof(*heard));

	for (size_t i = 0; heard && end->heard && i < ends->n_peers; i++) {
		long was = find_peer(old, n_old, &ends->peers[i]);

		if (was >= 0)
			heard[i] = end->heard[was];
	}
	return heard;
}

static void set_peers(struct tw_ends *ends, const Tw__Tunnel *tunnel)
{
	const size_t n = tunnel ? tunnel->n_peers : 0, n_old = ends->n_peers;
	struct tw_peer_address *old = ends->peers;
	struct tw_socket_address address;

	ends->n_peers = 0;
	ends->peers = n ? malloc(n * sizeof(*ends->peers)) : NULL;
	for (size_t i = 0; ends->peers && i < n; i++)
		if (tw_socket_address(tunnel->peers[i], 0, &address))
			ends->peers[ends->n_peers++] = address_of(&address.at);
	if (ends->n_peers)
		qsort(ends->peers, ends->n_peers, sizeof(*ends->peers), compare_peers);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		struct tw_end *end = &ends->end[i];
		struct tw_sequence *heard = end->used ? move_heard(end, ends, old, n_old) : NULL;

		free(end->heard);
		end->heard = heard;
		if (end->used && !heard)
			forget(end);
	}
	free(old);
}

void tw_ends_configure(struct tw_ends *ends, const Tw__Tunnel *tunnel, const uint16_t *slots)
{
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (ends->end[i].used && !is_wanted(&ends->end[i], tunnel))
			forget(&ends->end[i]);
	for (size_t i = 0; tunnel && i < tunnel->n_ends; i++)
		set_end(ends, tunnel->ends[i], slots[i]);
	set_peers(ends, tunnel);
}
