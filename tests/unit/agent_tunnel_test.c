/* SPDX-License-Identifier: Apache-2.0 */
/* agent_tunnel_test.c - which copies go to another host, which come in from others, and what is said where there is no way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/snapshot.h"
#include "tests/support/slice_maker.h"

struct bed {
	struct tw_slice *slice;
	struct tw_snapshot *snapshot;
	struct tw_error err;
};

/* Consumes reply. */
static const Tw__Snapshot *build(struct bed *bed, Tw__WatchReply *reply)
{
	bool changed;

	bed->slice = tw_slice_create();
	assert_int_equal(tw_slice_apply(bed->slice, reply, &changed, &bed->err), 0);
	tw__watch_reply__free_unpacked(reply, NULL);
	bed->snapshot = tw_snapshot_build(tw_slice_view(bed->slice), "a", "/run/x", &bed->err);
	return bed->snapshot ? tw_snapshot_message(bed->snapshot) : NULL;
}

static void clean(struct bed *bed)
{
	tw_snapshot_destroy(bed->snapshot);
	tw_slice_destroy(bed->slice);
}

/* Here: web/x 1, db/x 3; on b: far/x 4. */
static Tw__WatchReply *make_town(void)
{
	Tw__WatchReply *reply = make_reply(1);

	add_network(reply, "blue", 10);
	add_port(reply, "web/x", 1, "blue", "a");
	add_port(reply, "db/x", 3, "blue", "a");
	add_port(reply, "far/x", 4, "blue", "b");
	return reply;
}

/* With a key and a tag, as the controller gives them; of web, to a port. */
static Tw__Mirror *add_mirror_to(Tw__WatchReply *reply, const char *name, const char *to, uint32_t tag)
{
	Tw__Mirror *m = MAKE(Tw__Mirror, tw__mirror__init);

	m->name = strdup(name);
	ADD(reply, mirrors, m);
	ADD(m, vms, strdup("web"));
	m->to_port = strdup(to);
	m->tunnel_tag = tag;
	m->tunnel_key = make_octets(8, 9, tag);
	return m;
}

static void a_destination_out_of_reach_is_told_the_switch(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_town();
	const Tw__Snapshot *s;
	Tw__Mirror *m;

	add_port(reply, "idle/x", 7, "blue", NULL);
	add_mirror_to(reply, "far", "far/x", 1);
	add_mirror_to(reply, "idle", "idle/x", 2);
	m = MAKE(Tw__Mirror, tw__mirror__init);
	m->name = strdup("not-ours");
	m->to_port = strdup("idle/x");
	ADD(m, hosts, strdup("b"));
	ADD(reply, mirrors, m);
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->n_mirrors, 2);
	assert_string_equal(s->mirrors[0]->name, "far");
	assert_string_equal(s->mirrors[0]->no_way, "host a has no address for mirrors' copies between hosts: "
						   "twctl host set a --tunnel-address ADDRESS");
	assert_string_equal(s->mirrors[1]->no_way, "port idle/x is bound to no host: there is nowhere to send copies");
	assert_null(s->tunnel);
	clean(&bed);
}

static void add_peer(Tw__WatchReply *reply, const char *name, const char *url)
{
	Tw__Host *peer = make_host(name);

	peer->peer_url = strdup(url);
	ADD(reply, peers, peer);
}

static void copies_for_a_port_elsewhere_go_to_its_host(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_town();
	const Tw__Snapshot *s;

	reply->host->peer_url = strdup("tcp://10.0.0.1:7002");
	add_peer(reply, "b", "tcp://10.0.0.2:7002");
	add_mirror_to(reply, "far", "far/x", 5);
	s = build(&bed, reply);
	assert_non_null(s);
	assert_int_equal(s->n_mirrors, 1);
	assert_string_equal(s->mirrors[0]->no_way, "");
	assert_string_equal(s->mirrors[0]->tunnel, "10.0.0.2");
	assert_int_equal(s->mirrors[0]->tunnel_port, 6081);
	assert_string_equal(s->mirrors[0]->tunnel_source, "10.0.0.1");
	assert_int_equal(s->mirrors[0]->tunnel_tag, 5);
	assert_int_equal(s->mirrors[0]->tunnel_key.len, 8);
	assert_int_equal(s->mirrors[0]->to_port, 0);
	assert_null(s->tunnel);
	clean(&bed);
}

static void an_address_of_its_own_comes_before_the_peer_url(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_town();
	const Tw__Snapshot *s;

	reply->host->tunnel_address = strdup("2001:db8::1");
	add_peer(reply, "b", "tcp://[2001:db8::2]:7002");
	reply->peers[0]->tunnel_port = 7777;
	add_mirror_to(reply, "far", "far/x", 5);
	s = build(&bed, reply);
	assert_non_null(s);
	assert_string_equal(s->mirrors[0]->tunnel, "2001:db8::2");
	assert_int_equal(s->mirrors[0]->tunnel_port, 7777);
	assert_string_equal(s->mirrors[0]->tunnel_source, "2001:db8::1");
	clean(&bed);
}

static void hosts_that_cannot_reach_one_another_are_said(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_town();
	const Tw__Snapshot *s;

	reply->host->tunnel_address = strdup("10.0.0.1");
	add_peer(reply, "b", "tcp://0.0.0.0:7002");
	add_mirror_to(reply, "far", "far/x", 5);
	s = build(&bed, reply);
	assert_string_equal(s->mirrors[0]->no_way, "host b has no address for mirrors' copies between hosts: "
						   "twctl host set b --tunnel-address ADDRESS");
	clean(&bed);
	reply = make_town();
	reply->host->tunnel_address = strdup("10.0.0.1");
	add_peer(reply, "b", "tcp://[2001:db8::2]:7002");
	add_mirror_to(reply, "far", "far/x", 5);
	s = build(&bed, reply);
	assert_string_equal(s->mirrors[0]->no_way,
			    "host b takes copies in at 2001:db8::2, to which 10.0.0.1 of this host cannot send");
	clean(&bed);
}

static void a_mirror_from_before_there_were_keys_is_said(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_town();
	const Tw__Snapshot *s;

	reply->host->peer_url = strdup("tcp://10.0.0.1:7002");
	add_peer(reply, "b", "tcp://10.0.0.2:7002");
	add_mirror_to(reply, "far", "far/x", 5)->tunnel_key.len = 0;
	s = build(&bed, reply);
	assert_non_null(s);
	assert_string_equal(s->mirrors[0]->no_way, "the mirror has no key for the way between hosts: "
						   "twctl mirror set far --to-port gives it one");
	assert_string_equal(s->mirrors[0]->tunnel, "");
	clean(&bed);
}

/* "name:port name:port", and who is listened to */
static const char *ends_of(const Tw__Snapshot *s)
{
	static char text[256];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; s->tunnel && i < s->tunnel->n_ends; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s:%u ", s->tunnel->ends[i]->mirror,
					s->tunnel->ends[i]->to_port);
	for (size_t i = 0; s->tunnel && i < s->tunnel->n_peers; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s ", s->tunnel->peers[i]);
	return text;
}

static void copies_come_in_where_others_may_copy_for_a_port_of_ours(void **state)
{
	struct bed bed = { 0 };
	Tw__WatchReply *reply = make_town();
	const Tw__Snapshot *s;
	Tw__Mirror *m;

	reply->host->peer_url = strdup("tcp://10.0.0.1:7002");
	add_peer(reply, "b", "tcp://10.0.0.2:7002");
	add_peer(reply, "c", "");
	add_mirror_to(reply, "here", "db/x", 1); /* of web, which is here, too */
	m = add_mirror_to(reply, "network", "db/x", 2);
	ADD(m, networks, strdup("blue"));
	add_mirror_to(reply, "far", "far/x", 3);
	s = build(&bed, reply);
	assert_non_null(s);
	assert_string_equal(ends_of(s), "network:3 10.0.0.2 ");
	assert_string_equal(s->tunnel->address, "10.0.0.1");
	assert_int_equal(s->tunnel->port, 6081);
	clean(&bed);
}

/* web is here; db, the destination, moves from here to b: both ends take copies, and those made here go where it runs. */
static void a_destination_that_moves_is_sent_to_where_it_runs(void **state)
{
	struct bed bed = { 0 };
	const Tw__Snapshot *s;

	for (unsigned moved = 0; moved < 2; moved++) {
		Tw__WatchReply *reply = make_town();

		reply->host->peer_url = strdup("tcp://10.0.0.1:7002");
		add_peer(reply, "b", "tcp://10.0.0.2:7002");
		add_mirror_to(reply, "m", "db/x", 1);
		add_migration(reply, 9, "db", "a", "b");
		for (size_t i = 0; i < reply->n_ports && moved; i++)
			if (strcmp(reply->ports[i]->name, "db/x") == 0) {
				free(reply->ports[i]->binding->host);
				reply->ports[i]->binding->host = strdup("b");
			}
		s = build(&bed, reply);
		assert_non_null(s);
		assert_string_equal(ends_of(s), "m:3 10.0.0.2 ");
		assert_int_equal(s->mirrors[0]->to_port, moved ? 0 : 3);
		assert_string_equal(s->mirrors[0]->tunnel, moved ? "10.0.0.2" : "");
		clean(&bed);
	}
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_destination_out_of_reach_is_told_the_switch),
		T(copies_for_a_port_elsewhere_go_to_its_host),
		T(an_address_of_its_own_comes_before_the_peer_url),
		T(hosts_that_cannot_reach_one_another_are_said),
		T(a_mirror_from_before_there_were_keys_is_said),
		T(copies_come_in_where_others_may_copy_for_a_port_of_ours),
		T(a_destination_that_moves_is_sent_to_where_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
