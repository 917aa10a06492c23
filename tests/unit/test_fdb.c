/* SPDX-License-Identifier: ISC */
/* The forwarding table by itself: limits, ageing, order, resizing. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/fdb.h"
#include "net/state.h"

#define S NS_PER_S

static const uint8_t secret[16] = {1, 2, 3};
static struct bridge_port ports[3];

static struct fdb *table(uint32_t room)
{
	struct fdb *fdb;

	memset(ports, 0, sizeof(ports));
	ck_assert_int_eq(fdb_new(&fdb, room, secret), 0);
	return fdb;
}

static struct mac mac_of(uint64_t number)
{
	struct mac mac;

	for (size_t i = 0; i < MAC_BYTES; i++)
		mac.bytes[i] = (uint8_t)(number >> (40 - 8 * i));
	return mac;
}

static struct instant at(int64_t ns)
{
	return (struct instant){ns};
}

static struct bridge_port *before;
static struct fdb_entry *entry;

static enum fdb_result learn(
    struct fdb *fdb, int port, uint64_t number, int64_t now)
{
	struct mac mac = mac_of(number);

	return fdb_learn(
	    fdb, &ports[port], &mac, 0, true, at(now), &before, &entry);
}

static const struct bridge_port *port_of(
    const struct fdb *fdb, uint64_t number, int64_t now)
{
	struct mac mac = mac_of(number);
	const struct fdb_entry *found = fdb_lookup(fdb, &mac, 0, at(now));

	return found ? found->port : NULL;
}

static int add_static(struct fdb *fdb, int port, uint64_t number)
{
	struct mac mac = mac_of(number);

	return fdb_add_static(fdb, &ports[port], &mac);
}

START_TEST(fdb_finds_what_it_learned)
{
	struct fdb *fdb = table(16);
	struct mac mac = mac_of(2);

	ck_assert_ptr_null(port_of(fdb, 2, S));
	ck_assert_int_eq(learn(fdb, 0, 2, S), FDB_LEARNED);
	ck_assert_int_eq(learn(fdb, 0, 2, S), FDB_KNOWN);
	ck_assert_ptr_eq(port_of(fdb, 2, S), &ports[0]);
	ck_assert_ptr_null(fdb_lookup(fdb, &mac, 1, at(S)));
	ck_assert_int_eq(learn(fdb, 1, 2, S), FDB_MOVED);
	ck_assert_ptr_eq(before, &ports[0]);
	ck_assert_ptr_eq(entry->port, &ports[1]);
	ck_assert_ptr_eq(port_of(fdb, 2, S), &ports[1]);
	ck_assert_uint_eq(fdb_port_len(fdb, &ports[0], at(S)), 0);
	ck_assert_uint_eq(fdb_port_len(fdb, &ports[1], at(S)), 1);
	fdb_free(fdb);
	fdb_free(NULL);
}
END_TEST

START_TEST(fdb_keeps_vlans_apart)
{
	struct fdb *fdb = table(16);
	struct mac mac = mac_of(2);

	for (uint16_t vlan = 0; vlan < 3; vlan++)
		ck_assert_int_eq(fdb_learn(fdb, &ports[vlan], &mac, vlan, true,
				     at(S), &before, &entry),
		    FDB_LEARNED);
	for (uint16_t vlan = 0; vlan < 3; vlan++)
		ck_assert_ptr_eq(
		    fdb_lookup(fdb, &mac, vlan, at(S))->port, &ports[vlan]);
	ck_assert_uint_eq(fdb_len(fdb, at(S)), 3);
	fdb_free(fdb);
}
END_TEST

START_TEST(fdb_forgets_after_300_seconds_and_not_before)
{
	struct fdb *fdb = table(16);

	learn(fdb, 0, 2, S);
	ck_assert_ptr_nonnull(port_of(fdb, 2, 301 * S - 1));
	ck_assert_ptr_null(port_of(fdb, 2, 301 * S));
	ck_assert_uint_eq(fdb_len(fdb, at(301 * S - 1)), 1);
	ck_assert_int_eq(learn(fdb, 0, 2, 301 * S - 1), FDB_KNOWN);
	ck_assert_uint_eq(fdb_len(fdb, at(601 * S - 2)), 1);
	ck_assert_uint_eq(fdb_len(fdb, at(601 * S - 1)), 0);
	ck_assert_int_eq(learn(fdb, 1, 2, 602 * S), FDB_LEARNED);
	fdb_set_ageing(fdb, 10 * S);
	ck_assert_ptr_nonnull(port_of(fdb, 2, 612 * S - 1));
	ck_assert_ptr_null(port_of(fdb, 2, 612 * S));
	fdb_free(fdb);
}
END_TEST

START_TEST(fdb_has_room_for_4096_and_takes_the_place_of_old_ones)
{
	struct fdb *fdb = table(4096);

	for (uint64_t i = 0; i < 4096; i++)
		ck_assert_int_eq(
		    learn(fdb, 0, 2 * i, S + (int64_t)i), FDB_LEARNED);
	ck_assert_int_eq(learn(fdb, 0, 2 * 4096, 2 * S), FDB_FULL);
	ck_assert_ptr_null(port_of(fdb, 2 * 4096, 2 * S));
	ck_assert_int_eq(learn(fdb, 1, 2 * 17, 2 * S), FDB_MOVED);
	ck_assert_uint_eq(fdb_len(fdb, at(2 * S)), 4096);
	/* the first one has just become too old */
	ck_assert_int_eq(learn(fdb, 0, 2 * 4096, 301 * S), FDB_LEARNED);
	ck_assert_int_eq(learn(fdb, 0, 2 * 4097, 301 * S), FDB_FULL);
	fdb_free(fdb);
}
END_TEST

START_TEST(fdb_does_not_add_where_it_may_not)
{
	struct fdb *fdb = table(16);
	struct mac mac = mac_of(2);

	ck_assert_int_eq(
	    fdb_learn(fdb, &ports[0], &mac, 0, false, at(S), &before, &entry),
	    FDB_FULL);
	learn(fdb, 0, 2, S);
	ck_assert_int_eq(
	    fdb_learn(fdb, &ports[0], &mac, 0, false, at(S), &before, &entry),
	    FDB_KNOWN);
	ck_assert_int_eq(
	    fdb_learn(fdb, &ports[1], &mac, 0, false, at(S), &before, &entry),
	    FDB_FULL);
	ck_assert_ptr_eq(port_of(fdb, 2, S), &ports[0]);
	fdb_free(fdb);
}
END_TEST

START_TEST(fdb_static_entries_stay_and_win)
{
	struct fdb *fdb = table(3);
	struct mac mac = mac_of(2);

	learn(fdb, 1, 2, S);
	learn(fdb, 1, 4, S);
	learn(fdb, 1, 6, S);
	ck_assert_int_eq(add_static(fdb, 0, 2), 0);
	ck_assert_int_eq(add_static(fdb, 0, 2), 0);
	ck_assert_int_eq(add_static(fdb, 1, 2), -EEXIST);
	ck_assert_uint_eq(fdb_len(fdb, at(S)), 3);
	ck_assert_ptr_eq(
	    fdb_lookup(fdb, &mac, 99, at(10000 * S))->port, &ports[0]);
	ck_assert_int_eq(learn(fdb, 1, 2, S), FDB_STATIC);
	ck_assert_ptr_eq(before, &ports[0]);
	ck_assert_int_eq(learn(fdb, 0, 2, S), FDB_KNOWN);
	/* the learned ones make room, the oldest first */
	ck_assert_int_eq(add_static(fdb, 0, 8), 0);
	ck_assert_ptr_null(port_of(fdb, 4, S));
	ck_assert_int_eq(add_static(fdb, 0, 10), 0);
	ck_assert_int_eq(add_static(fdb, 0, 12), -ENOSPC);
	fdb_flush(fdb, NULL);
	fdb_age(fdb, at(10000 * S));
	ck_assert_uint_eq(fdb_len(fdb, at(10000 * S)), 3);
	fdb_remove_static(fdb, &mac);
	fdb_remove_static(fdb, &mac);
	ck_assert_ptr_null(port_of(fdb, 2, S));
	ck_assert_int_eq(add_static(fdb, 0, 12), 0);
	fdb_free(fdb);
}
END_TEST

START_TEST(fdb_flushes_one_port_or_all)
{
	struct fdb *fdb = table(16);

	for (uint64_t i = 0; i < 9; i++)
		learn(fdb, (int)(i % 3), 2 * i, S);
	fdb_flush(fdb, &ports[1]);
	ck_assert_uint_eq(fdb_len(fdb, at(S)), 6);
	ck_assert_uint_eq(fdb_port_len(fdb, &ports[1], at(S)), 0);
	ck_assert_ptr_null(port_of(fdb, 2, S));
	ck_assert_ptr_nonnull(port_of(fdb, 4, S));
	fdb_flush(fdb, NULL);
	ck_assert_uint_eq(fdb_len(fdb, at(S)), 0);
	fdb_free(fdb);
}
END_TEST

START_TEST(fdb_resizes_to_the_most_recent)
{
	struct fdb *fdb = table(8);

	ck_assert_int_eq(add_static(fdb, 0, 100), 0);
	for (uint64_t i = 0; i < 7; i++)
		learn(fdb, 1, 2 * i, S + (int64_t)i);
	learn(fdb, 1, 0, 2 * S);
	ck_assert_int_eq(fdb_resize(fdb, 3), 0);
	ck_assert_uint_eq(fdb_len(fdb, at(2 * S)), 3);
	ck_assert_uint_eq(ports[1].macs, 2);
	ck_assert_ptr_nonnull(port_of(fdb, 100, 2 * S));
	ck_assert_ptr_nonnull(port_of(fdb, 0, 2 * S));
	ck_assert_ptr_nonnull(port_of(fdb, 12, 2 * S));
	ck_assert_ptr_null(port_of(fdb, 10, 2 * S));
	ck_assert_int_eq(learn(fdb, 1, 200, 2 * S), FDB_FULL);
	ck_assert_int_eq(fdb_resize(fdb, 3), 0);
	ck_assert_int_eq(fdb_resize(fdb, 300), 0);
	for (uint64_t i = 0; i < 297; i++)
		ck_assert_int_eq(
		    learn(fdb, 2, 1000 + 2 * i, 3 * S), FDB_LEARNED);
	ck_assert_int_eq(learn(fdb, 2, 5000, 3 * S), FDB_FULL);
	ck_assert_int_eq(fdb_resize(fdb, 0), -ENOSPC);
	ck_assert_uint_eq(fdb_len(fdb, at(3 * S)), 300);
	ck_assert_int_eq(fdb_resize(fdb, 1), 0);
	ck_assert_uint_eq(fdb_len(fdb, at(3 * S)), 1);
	fdb_free(fdb);
}
END_TEST

START_TEST(fdb_without_room_learns_nothing)
{
	struct fdb *fdb = table(0);

	ck_assert_int_eq(learn(fdb, 0, 2, S), FDB_FULL);
	ck_assert_int_eq(add_static(fdb, 0, 2), -ENOSPC);
	ck_assert_ptr_null(port_of(fdb, 2, S));
	fdb_free(fdb);
}
END_TEST

START_TEST(fdb_survives_a_million_addresses)
{
	struct fdb *fdb = table(256);
	uint32_t refused = 0;

	for (uint64_t i = 0; i < 1000000; i++)
		refused += learn(fdb, 0, i << 1, S) == FDB_FULL;
	ck_assert_uint_eq(refused, 1000000 - 256);
	ck_assert_uint_eq(fdb_len(fdb, at(S)), 256);
	fdb_free(fdb);
}
END_TEST

struct seen {
	uint64_t numbers[8];
	size_t len;
};

static void note(void *context, const struct fdb_entry *found)
{
	struct seen *seen = context;

	seen->numbers[seen->len++] = found->mac.bytes[5];
}

START_TEST(fdb_shows_static_ones_and_then_the_latest)
{
	static const uint64_t wanted[] = {50, 2, 6, 4};
	struct fdb *fdb = table(8);
	struct seen seen = {.len = 0};

	learn(fdb, 0, 2, S);
	learn(fdb, 0, 4, 2 * S);
	learn(fdb, 0, 6, 3 * S);
	learn(fdb, 0, 2, 4 * S);
	ck_assert_int_eq(add_static(fdb, 1, 50), 0);
	fdb_each(fdb, at(4 * S), note, &seen);
	ck_assert_uint_eq(seen.len, 4);
	ck_assert_mem_eq(seen.numbers, wanted, sizeof(wanted));
	seen.len = 0;
	/* only what is not too old, though nobody took it away */
	fdb_each(fdb, at(303 * S), note, &seen);
	ck_assert_uint_eq(seen.len, 2);
	fdb_free(fdb);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("fdb");
	TCase *tcase = tcase_create("fdb");

	tcase_add_test(tcase, fdb_finds_what_it_learned);
	tcase_add_test(tcase, fdb_keeps_vlans_apart);
	tcase_add_test(tcase, fdb_forgets_after_300_seconds_and_not_before);
	tcase_add_test(
	    tcase, fdb_has_room_for_4096_and_takes_the_place_of_old_ones);
	tcase_add_test(tcase, fdb_does_not_add_where_it_may_not);
	tcase_add_test(tcase, fdb_static_entries_stay_and_win);
	tcase_add_test(tcase, fdb_flushes_one_port_or_all);
	tcase_add_test(tcase, fdb_resizes_to_the_most_recent);
	tcase_add_test(tcase, fdb_without_room_learns_nothing);
	tcase_add_test(tcase, fdb_survives_a_million_addresses);
	tcase_add_test(tcase, fdb_shows_static_ones_and_then_the_latest);
	suite_add_tcase(suite, tcase);
	return suite;
}
