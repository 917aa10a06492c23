/* SPDX-License-Identifier: ISC */
/* MAC addresses and sets of VLANs, and their text. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/mac.h"
#include "seed.h"

static struct mac mac_of(const char *text)
{
	struct mac mac = {{0}};

	ck_assert_int_eq(mac_parse(&mac, text), 0);
	return mac;
}

static const struct {
	const char *text;
	bool is_group, is_broadcast, is_zero, is_link_local;
} classes[] = {
    {"00:00:00:00:00:00", false, false, true, false},
    {"00:00:00:00:00:01", false, false, false, false},
    {"02:00:5e:10:00:01", false, false, false, false},
    {"fe:ff:ff:ff:ff:ff", false, false, false, false},
    {"ff:ff:ff:ff:ff:ff", true, true, false, false},
    {"ff:ff:ff:ff:ff:fe", true, false, false, false},
    {"7f:ff:ff:ff:ff:ff", true, false, false, false},
    {"01:00:5e:00:00:01", true, false, false, false},
    {"33:33:00:00:00:01", true, false, false, false},
    {"01:80:c2:00:00:00", true, false, false, true},
    {"01:80:c2:00:00:01", true, false, false, true},
    {"01:80:c2:00:00:0f", true, false, false, true},
    {"01:80:c2:00:00:10", true, false, false, false},
    {"01:80:c2:00:01:00", true, false, false, false},
    {"00:80:c2:00:00:00", false, false, false, false},
};

START_TEST(each_address_has_its_class)
{
	struct mac mac = mac_of(classes[_i].text);

	ck_assert_int_eq(mac_is_group(&mac), classes[_i].is_group);
	ck_assert_int_eq(mac_is_broadcast(&mac), classes[_i].is_broadcast);
	ck_assert_int_eq(mac_is_zero(&mac), classes[_i].is_zero);
	ck_assert_int_eq(mac_is_link_local(&mac), classes[_i].is_link_local);
}
END_TEST

START_TEST(equal_addresses_have_all_bytes_equal)
{
	struct mac mac = mac_of("02:00:5e:10:00:01");

	ck_assert(mac_is_equal(&mac, &(struct mac){{2, 0, 0x5e, 0x10, 0, 1}}));
	for (int i = 0; i < MAC_BYTES; i++) {
		struct mac other = mac;

		other.bytes[i] ^= 0x80;
		ck_assert(!mac_is_equal(&mac, &other));
	}
}
END_TEST

START_TEST(capital_digits_are_read_and_small_ones_written)
{
	struct mac mac = mac_of("0A:bC:De:F0:9a:B9");
	char text[MAC_TEXT_BYTES];

	ck_assert_str_eq(
	    mac_format(&mac, text, sizeof(text)), "0a:bc:de:f0:9a:b9");
}
END_TEST

static const char *const bad_macs[] = {
    "",
    "02",
    "02:00:5e:10:00",
    "02:00:5e:10:00:0",
    "02:00:5e:10:00:01:",
    "02:00:5e:10:00:01:02",
    "02:00:5e:10:00:0g",
    "02:00:5e:10:00:/1",
    "02:00:5e:10:00::1",
    "02:00:5e:10:00:@1",
    "02:00:5e:10:00:`1",
    "02-00-5e-10-00-01",
    "02:00:5e:10:00-01",
    "0200:5e:10:00:01:",
    "02:0 :5e:10:00:01",
    " 2:00:5e:10:00:01",
    "02:00:5e:10:00:01 ",
    "0x:00:5e:10:00:01",
    "0200.5e10.0001abc",
};

START_TEST(what_is_no_mac_is_refused_and_changes_nothing)
{
	struct mac mac = {{1, 2, 3, 4, 5, 6}};

	ck_assert_int_eq(mac_parse(&mac, bad_macs[_i]), -EINVAL);
	ck_assert(mac_is_equal(&mac, &(struct mac){{1, 2, 3, 4, 5, 6}}));
}
END_TEST

START_TEST(any_address_survives_its_text)
{
	struct seed seed = seed_start();
	char text[MAC_TEXT_BYTES];

	for (int i = 0; i < 20000; i++) {
		struct mac mac, again;

		for (int j = 0; j < MAC_BYTES; j++)
			mac.bytes[j] = (uint8_t)seed_next(&seed);
		again = mac_of(mac_format(&mac, text, sizeof(text)));
		ck_assert(mac_is_equal(&mac, &again));
	}
}
END_TEST

static const struct {
	const char *text, *shortest;
} sets[] = {
    {"0", "0"},
    {"4094", "4094"},
    {"1,2,3", "1-3"},
    {"3,1,2", "1-3"},
    {"10-20,15-30,5", "5,10-30"},
    {"7-7", "7"},
    {"0-4094", "0-4094"},
    {"1,1,1", "1"},
    {"1,3,5-6,63-64,127-129", "1,3,5-6,63-64,127-129"},
    {"999,1000,100,99,9,10", "9-10,99-100,999-1000"},
};

START_TEST(a_set_has_one_shortest_text)
{
	static char text[VLAN_SET_TEXT_BYTES];
	struct vlan_set set;

	ck_assert_int_eq(vlan_set_parse(&set, sets[_i].text), 0);
	ck_assert_str_eq(
	    vlan_set_format(&set, text, sizeof(text)), sets[_i].shortest);
}
END_TEST

static const char *const bad_sets[] = {"", ",", "1,", ",1", "1,,2", "4095",
    "4096", "65536", "4294967297", "99999999999999999999", "-1", "1-", "1--2",
    "2-1", "1-4095", "1-2-3", "01", "00", "1-02", " 1", "1 ", "1, 2", "1;2",
    "all", "0x10", "1.5", "+1", "1/2", "1:2"};

START_TEST(what_is_no_set_is_refused_and_changes_nothing)
{
	struct vlan_set set = {{42}}, before = set;

	ck_assert_int_eq(vlan_set_parse(&set, bad_sets[_i]), -EINVAL);
	ck_assert_mem_eq(&set, &before, sizeof(set));
}
END_TEST

START_TEST(each_id_is_in_its_own_set_only)
{
	for (unsigned id = 0; id < VLAN_COUNT - 1; id++) {
		struct vlan_set set;
		unsigned found = 0;
		char text[8];

		snprintf(text, sizeof(text), "%u", id % 10000);
		ck_assert_int_eq(vlan_set_parse(&set, text), 0);
		ck_assert(vlan_set_has(&set, (uint16_t)id));
		for (unsigned other = 0; other < VLAN_COUNT; other++)
			found += vlan_set_has(&set, (uint16_t)other);
		ck_assert_uint_eq(found, 1);
	}
}
END_TEST

static void check_round_trip(const struct vlan_set *set)
{
	static char text[VLAN_SET_TEXT_BYTES];
	struct vlan_set again;

	vlan_set_format(set, text, sizeof(text));
	ck_assert_int_eq(vlan_set_parse(&again, text), 0);
	ck_assert_mem_eq(&again, set, sizeof(again));
}

START_TEST(any_set_survives_its_text)
{
	struct seed seed = seed_start();

	for (int i = 0; i < 2000; i++) {
		struct vlan_set set = {{0}};

		for (uint64_t n = seed_below(&seed, 40) + 1; n; n--) {
			uint64_t id = seed_below(&seed, VLAN_COUNT - 1);
			uint64_t width = seed_below(&seed, 100);

			for (; width && id < VLAN_COUNT - 1; width--)
				vlan_set_add(&set, (uint16_t)id++);
			vlan_set_add(&set, 7);
		}
		check_round_trip(&set);
	}
}
END_TEST

START_TEST(the_longest_text_fits)
{
	struct vlan_set set = {{0}};

	for (unsigned id = 0; id < VLAN_COUNT - 1; id += 2)
		vlan_set_add(&set, (uint16_t)id);
	check_round_trip(&set);
	set = (struct vlan_set){{0}};
	for (unsigned id = 0; id < VLAN_COUNT - 1; id++)
		if (id % 3)
			vlan_set_add(&set, (uint16_t)id);
	check_round_trip(&set);
}
END_TEST

START_TEST(an_empty_set_is_empty_text)
{
	static char text[VLAN_SET_TEXT_BYTES] = "before";
	struct vlan_set set = {{0}};

	ck_assert_str_eq(vlan_set_format(&set, text, sizeof(text)), "");
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("mac");
	TCase *tcase = tcase_create("mac");

	suite_add_tcase(suite, tcase);
	EACH(tcase, each_address_has_its_class, classes);
	tcase_add_test(tcase, equal_addresses_have_all_bytes_equal);
	tcase_add_test(tcase, capital_digits_are_read_and_small_ones_written);
	EACH(tcase, what_is_no_mac_is_refused_and_changes_nothing, bad_macs);
	tcase_add_test(tcase, any_address_survives_its_text);
	EACH(tcase, a_set_has_one_shortest_text, sets);
	EACH(tcase, what_is_no_set_is_refused_and_changes_nothing, bad_sets);
	tcase_add_test(tcase, each_id_is_in_its_own_set_only);
	tcase_add_test(tcase, any_set_survives_its_text);
	tcase_add_test(tcase, the_longest_text_fits);
	tcase_add_test(tcase, an_empty_set_is_empty_text);
	return suite;
}
