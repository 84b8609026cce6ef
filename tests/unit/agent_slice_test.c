/* SPDX-License-Identifier: Apache-2.0 */
/* agent_slice_test.c - a slice follows what the controller says, survives on disk, and takes nothing that does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/slice.h"
#include "common/path.h"
#include "tests/support/slice_maker.h"

struct bed {
	char dir[64], path[96], bad[112];
	struct tw_slice *slice;
	struct tw_error err;
	bool changed;
};

static int setup(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	snprintf(bed->dir, sizeof(bed->dir), "/tmp/tw-slice-test-XXXXXX");
	assert_non_null(mkdtemp(bed->dir));
	snprintf(bed->path, sizeof(bed->path), "%s/slice.bin", bed->dir);
	snprintf(bed->bad, sizeof(bed->bad), "%s.bad", bed->path);
	bed->slice = tw_slice_create();
	*state = bed;
	return 0;
}

static int teardown(void **state)
{
	struct bed *bed = *state;

	tw_slice_destroy(bed->slice);
	unlink(bed->path);
	unlink(bed->bad);
	rmdir(bed->dir);
	free(bed);
	return 0;
}

/* Consumes reply. */
static int apply(struct bed *bed, Tw__WatchReply *reply)
{
	int rc;

	memset(&bed->err, 0, sizeof(bed->err));
	rc = tw_slice_apply(bed->slice, reply, &bed->changed, &bed->err);
	tw__watch_reply__free_unpacked(reply, NULL);
	return rc;
}

static Tw__WatchReply *two_ports(uint64_t revision)
{
	Tw__WatchReply *reply = make_reply(revision);

	add_network(reply, "blue", 10);
	add_port(reply, "web/eth0", 2, "blue", "a");
	add_port(reply, "db/eth0", 1, "blue", "a");
	return reply;
}

static const Tw__WatchReply *view(struct bed *bed)
{
	return tw_slice_view(bed->slice);
}

static void a_full_reply_replaces_everything(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *reply = make_reply(6);

	assert_int_equal(apply(bed, two_ports(5)), 0);
	assert_true(bed->changed);
	assert_int_equal(view(bed)->n_ports, 2);
	assert_int_equal(tw_slice_port(view(bed), "db/eth0")->number, 1);
	assert_string_equal(tw_slice_port_number(view(bed), 2)->name, "web/eth0");
	assert_null(tw_slice_port(view(bed), "db/eth1"));
	add_port(reply, "only/x", 3, "blue", "b");
	assert_int_equal(apply(bed, reply), 0);
	assert_int_equal(view(bed)->revision, 6);
	assert_int_equal(view(bed)->n_ports, 1);
	assert_int_equal(view(bed)->n_networks, 0);
}

static void changes_touch_only_what_they_name(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *reply = make_reply(7);

	assert_int_equal(apply(bed, two_ports(5)), 0);
	reply->full = false;
	tw__host__free_unpacked(reply->host, NULL);
	reply->host = NULL;
	reply->observation_domain = 0;
	add_port(reply, "db/eth0", 1, "blue", "b");
	add_port(reply, "app/eth0", 9, "blue", "a");
	add_migration(reply, 3, "web", "a", "b");
	ADD(reply, peers, make_host("b"));
	ADD(reply, deleted, strdup("port:web/eth0"));
	ADD(reply, deleted, strdup("mirror:never-was"));
	assert_int_equal(apply(bed, reply), 0);
	assert_true(bed->changed);
	assert_int_equal(view(bed)->revision, 7);
	assert_int_equal(view(bed)->n_ports, 2);
	assert_null(tw_slice_port(view(bed), "web/eth0"));
	assert_string_equal(tw_slice_port(view(bed), "db/eth0")->binding->host, "b");
	assert_int_equal(tw_slice_port(view(bed), "app/eth0")->number, 9);
	assert_non_null(tw_slice_network(view(bed), "blue"));
	assert_non_null(tw_slice_migration(view(bed), 3));
	assert_non_null(tw_slice_peer(view(bed), "b"));
	assert_string_equal(view(bed)->host->name, "a");
	assert_int_equal(view(bed)->observation_domain, 11);

	reply = make_reply(8);
	reply->full = false;
	ADD(reply, deleted, strdup("migration:3"));
	ADD(reply, deleted, strdup("host:b"));
	assert_int_equal(apply(bed, reply), 0);
	assert_null(tw_slice_migration(view(bed), 3));
	assert_null(tw_slice_peer(view(bed), "b"));
}

static void unchanged_moves_the_revision_alone(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *reply = make_reply(30);

	assert_int_equal(apply(bed, two_ports(5)), 0);
	reply->full = false;
	reply->unchanged = true;
	assert_int_equal(apply(bed, reply), 0);
	assert_false(bed->changed);
	assert_int_equal(view(bed)->revision, 30);
	assert_int_equal(view(bed)->n_ports, 2);
}

static void what_does_not_fit_changes_nothing(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *reply;

	reply = make_reply(1);
	reply->full = false;
	assert_int_equal(apply(bed, reply), -EBADMSG); /* there is nothing to change yet */
	assert_int_equal(apply(bed, two_ports(5)), 0);

	reply = make_reply(6);
	reply->full = false;
	reply->epoch = 8;
	assert_int_equal(apply(bed, reply), -EBADMSG);
	assert_string_equal(bed->err.field, "watch_reply.full");

	reply = make_reply(6);
	reply->full = false;
	add_port(reply, "new/x", 8, "blue", "a");
	ADD(reply, deleted, strdup("planet:mars"));
	assert_int_equal(apply(bed, reply), -EBADMSG);
	assert_string_equal(bed->err.field, "watch_reply.deleted");

	reply = two_ports(6);
	add_port(reply, "db/eth0", 8, "blue", "a");
	assert_int_equal(apply(bed, reply), -EBADMSG);
	assert_int_equal(bed->err.code, TW_E_DUPLICATE);
	assert_string_equal(bed->err.field, "watch_reply.ports");

	assert_int_equal(view(bed)->revision, 5);
	assert_int_equal(view(bed)->n_ports, 2);
}

static void tasks_are_not_part_of_the_slice(void **state)
{
	struct bed *bed = *state;
	Tw__WatchReply *reply = two_ports(5);

	ADD(reply, tasks, MAKE(Tw__Task, tw__task__init));
	assert_int_equal(apply(bed, reply), 0);
	assert_int_equal(view(bed)->n_tasks, 0);
}

static void a_saved_slice_is_loaded_as_it_was(void **state)
{
	struct bed *bed = *state;
	struct tw_slice *again = tw_slice_create();

	assert_int_equal(tw_slice_load(again, bed->path, &bed->err), -ENOENT);
	assert_int_equal(apply(bed, two_ports(5)), 0);
	assert_int_equal(tw_slice_save(bed->slice, bed->path), 0);
	assert_int_equal(tw_slice_load(again, bed->path, &bed->err), 0);
	assert_int_equal(tw_slice_view(again)->revision, 5);
	assert_int_equal(tw_slice_view(again)->epoch, 7);
	assert_int_equal(tw_slice_port(tw_slice_view(again), "web/eth0")->number, 2);
	tw_slice_destroy(again);
}

static void a_file_with_any_octet_changed_or_missing_is_refused(void **state)
{
	struct bed *bed = *state;
	struct tw_slice *again = tw_slice_create();
	uint8_t *file;
	void *data;
	size_t size;

	assert_int_equal(apply(bed, two_ports(5)), 0);
	assert_int_equal(tw_slice_save(bed->slice, bed->path), 0);
	assert_int_equal(tw_read_file(bed->path, 1 << 20, &data, &size), 0);
	file = data;
	for (size_t i = 0; i < size; i++) {
		memset(&bed->err, 0, sizeof(bed->err));
		file[i] ^= 0x40;
		assert_int_equal(tw_slice_parse(again, file, size, &bed->err), -EBADMSG);
		assert_int_not_equal(bed->err.code, 0);
		file[i] ^= 0x40;
		assert_int_equal(tw_slice_parse(again, file, i, &bed->err), -EBADMSG);
	}
	assert_int_equal(tw_slice_view(again)->revision, 0);
	assert_int_equal(tw_slice_parse(again, file, size, &bed->err), 0);
	free(data);
	tw_slice_destroy(again);
}

static void a_corrupt_file_is_set_aside(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(tw_write_file(bed->path, "this is no slice at all", 23), 0);
	assert_int_equal(tw_slice_load(bed->slice, bed->path, &bed->err), -EBADMSG);
	assert_string_equal(bed->err.field, "slice.magic");
	assert_int_not_equal(access(bed->path, F_OK), 0);
	assert_int_equal(access(bed->bad, F_OK), 0);
	assert_int_equal(tw_slice_load(bed->slice, bed->path, &bed->err), -ENOENT);
}

static void a_port_name_gives_the_guests_name(void **state)
{
	char vm[TW_VM_NAME_SIZE];

	assert_string_equal(tw_slice_vm("db/eth0", vm), "db");
	assert_string_equal(tw_slice_vm("db", vm), "db");
	assert_string_equal(tw_slice_vm("/x", vm), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_full_reply_replaces_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_touch_only_what_they_name, setup, teardown),
		cmocka_unit_test_setup_teardown(unchanged_moves_the_revision_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(what_does_not_fit_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(tasks_are_not_part_of_the_slice, setup, teardown),
		cmocka_unit_test_setup_teardown(a_saved_slice_is_loaded_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_with_any_octet_changed_or_missing_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_corrupt_file_is_set_aside, setup, teardown),
		cmocka_unit_test(a_port_name_gives_the_guests_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
