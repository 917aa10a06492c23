/* SPDX-License-Identifier: ISC */
/* Tests of protocol/allowedips: tables, and a plain list as oracle. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/allowedips.h"
#include "repeatable.h"
#include "unit.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct allowedips table;
static char peers[64]; /* only their addresses matter */

static void teardown(void)
{
	allowedips_clear(&table);
	ck_assert_uint_eq(allowedips_nodes(&table), 0);
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	ck_assert_int_eq(prefix_parse(&prefix, text), 0);
	return prefix;
}

static void insert(const char *text, char peer)
{
	struct prefix prefix = prefix_of(text);

	ck_assert_int_eq(
	    allowedips_insert(&table, &prefix, &peers[peer - 'a']), 0);
}

static void take_out(const char *text, char peer)
{
	struct prefix prefix = prefix_of(text);

	allowedips_remove(&table, &prefix, &peers[peer - 'a']);
}

/* The letter of the peer that has the address, '-' for none. */
static char owner(const char *text)
{
	struct address address;
	char *found;

	ck_assert_int_eq(address_parse(&address, text), 0);
	found = allowedips_lookup(&table, &address);
	return found ? (char)('a' + (found - peers)) : '-';
}

struct given {
	const char *prefix;
	char peer;
};

/* Nested, adjacent and split prefixes; several are masked. */
static const struct given given[] = {
    {"192.168.4.0/24", 'a'},
    {"192.168.4.4/32", 'b'},
    {"192.168.0.0/16", 'c'},
    {"192.95.5.64/27", 'd'},
    {"192.95.5.65/27", 'c'}, /* host bits: takes over d's */
    {"0.0.0.0/0", 'e'},
    {"64.15.112.0/20", 'g'},
    {"64.15.123.211/25", 'h'},
    {"10.0.0.0/25", 'a'},
    {"10.0.0.128/25", 'b'},
    {"10.1.0.0/30", 'a'},
    {"10.1.0.4/30", 'b'},
    {"10.1.0.8/29", 'c'},
    {"10.1.0.16/29", 'd'},
    {"2607:5300:60:6b00::/64", 'd'},
    {"2607:5300:60:6b00::c05f:543/128", 'c'},
    {"2404:6800::/32", 'e'},
    {"2404:6800:4004:800::/64", 'f'},
    {"2404:6800:4004:800:dead:beef:dead:beef/64", 'a'}, /* f's */
    {"2404:6800:4004:806:dead:beef:dead:beef/128", 'c'},
    {"::/0", 'g'},
};

static const struct given asked[] = {
    {"192.168.4.20", 'a'},
    {"192.168.4.4", 'b'},
    {"192.168.200.182", 'c'},
    {"192.95.5.68", 'c'},
    {"192.95.5.96", 'e'},
    {"192.95.5.63", 'e'},
    {"64.15.116.26", 'g'},
    {"64.15.127.3", 'g'},
    {"64.15.123.129", 'h'},
    {"64.15.123.127", 'g'},
    {"10.0.0.127", 'a'},
    {"10.0.0.128", 'b'},
    {"10.0.1.0", 'e'},
    {"10.1.0.3", 'a'},
    {"10.1.0.4", 'b'},
    {"10.1.0.15", 'c'},
    {"10.1.0.20", 'd'},
    {"10.1.0.24", 'e'},
    {"255.255.255.255", 'e'},
    {"0.0.0.0", 'e'},
    {"2607:5300:60:6b00::c05f:543", 'c'},
    {"2607:5300:60:6b00::c02e:1ee", 'd'},
    {"2607:5300:60:6b01::c02e:1ee", 'g'},
    {"2404:6800:4004:806::1006", 'e'},
    {"2404:6800:4004:806::1234:5678", 'e'},
    {"2404:6800:4004:806:dead:beef:dead:beef", 'c'},
    {"2404:67ff:4004:806::1006", 'g'},
    {"2404:6801:4004:806::1006", 'g'},
    {"2404:6800:4004:800::1234:5678", 'a'},
    {"::", 'g'},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 'g'},
};

static void insert_given(void)
{
	for (size_t i = 0; i < COUNT(given); i++)
		insert(given[i].prefix, given[i].peer);
}

static void expect_asked(void)
{
	for (size_t i = 0; i < COUNT(asked); i++)
		ck_assert_msg(owner(asked[i].prefix) == asked[i].peer,
		    "%s belongs to %c", asked[i].prefix,
		    owner(asked[i].prefix));
}

START_TEST(allowedips_finds_the_longest_prefix)
{
	insert_given();
	expect_asked();
}
END_TEST

START_TEST(allowedips_order_of_insertion_does_not_matter)
{
	/* But the two masked ones have to come after those they replace. */
	insert("192.95.5.64/27", 'd');
	insert("2404:6800:4004:800::/64", 'f');
	for (size_t i = COUNT(given); i-- > 0;) {
		if (given[i].peer != 'f' &&
		    strcmp(given[i].prefix, "192.95.5.64/27") != 0)
			insert(given[i].prefix, given[i].peer);
	}
	expect_asked();
}
END_TEST

START_TEST(allowedips_of_an_empty_table_finds_nothing)
{
	struct address none = {FAMILY_NONE, {0}};

	ck_assert_int_eq(owner("1.2.3.4"), '-');
	ck_assert_int_eq(owner("::1"), '-');
	insert("::/0", 'a');
	insert("0.0.0.0/0", 'a');
	ck_assert_ptr_null(allowedips_lookup(&table, &none));
}
END_TEST

START_TEST(allowedips_families_do_not_mix)
{
	insert("0.0.0.0/0", 'a');
	ck_assert_int_eq(owner("::"), '-');
	insert("102:304::/32", 'b');
	ck_assert_int_eq(owner("1.2.3.4"), 'a');
}
END_TEST

START_TEST(allowedips_remove_takes_the_exact_prefix_of_its_owner)
{
	insert("10.0.0.0/8", 'a');
	insert("10.1.0.0/16", 'b');
	insert("10.1.1.0/24", 'c');
	take_out("10.1.0.0/16", 'a'); /* b's */
	take_out("10.1.0.0/17", 'b'); /* not there */
	take_out("10.0.0.0/15", 'a'); /* only a branch, if anything */
	ck_assert_int_eq(owner("10.1.0.1"), 'b');
	take_out("10.1.255.255/16", 'b'); /* is masked */
	ck_assert_int_eq(owner("10.1.0.1"), 'a');
	ck_assert_int_eq(owner("10.1.1.1"), 'c');
	take_out("10.0.0.0/8", 'a');
	ck_assert_int_eq(owner("10.1.0.1"), '-');
	ck_assert_int_eq(owner("10.1.1.1"), 'c');
	take_out("10.1.1.0/24", 'c');
	ck_assert_uint_eq(allowedips_nodes(&table), 0);
	take_out("10.1.1.0/24", 'c');
}
END_TEST

START_TEST(allowedips_needs_less_than_two_nodes_a_prefix)
{
	insert_given();
	ck_assert_uint_lt(allowedips_nodes(&table), 2 * (COUNT(given) - 2));
}
END_TEST

START_TEST(allowedips_removed_peers_leave_no_node)
{
	insert_given();
	for (char peer = 'a'; peer <= 'h'; peer++)
		allowedips_remove_value(&table, &peers[peer - 'a']);
	ck_assert_uint_eq(allowedips_nodes(&table), 0);
	ck_assert_ptr_null(table.ipv4.chunks);
	ck_assert_ptr_null(table.ipv6.chunks);
}
END_TEST

START_TEST(allowedips_peer_is_gone_and_others_stay)
{
	insert_given();
	allowedips_remove_value(&table, &peers['c' - 'a']);
	ck_assert_int_eq(owner("192.168.200.182"), 'e');
	ck_assert_int_eq(owner("192.168.4.4"), 'b');
	ck_assert_int_eq(owner("10.1.0.15"), 'e');
	ck_assert_int_eq(owner("2607:5300:60:6b00::c05f:543"), 'd');
}
END_TEST

static void append(void *context, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_BYTES];

	strcat(context, prefix_format(prefix, text, sizeof(text)));
	strcat(context, " ");
}

START_TEST(allowedips_each_is_ordered_and_of_one_peer)
{
	char text[500] = "";

	insert("fd00::/8", 'a');
	insert("10.1.0.0/16", 'a');
	insert("10.0.0.0/8", 'a');
	insert("10.2.0.0/16", 'b');
	insert("9.0.0.0/8", 'a');
	insert("::/0", 'a');
	insert("10.1.0.0/24", 'a');
	allowedips_each(&table, &peers[0], append, text);
	ck_assert_str_eq(text, "9.0.0.0/8 10.0.0.0/8 10.1.0.0/16 10.1.0.0/24 "
			       "::/0 fd00::/8 ");
}
END_TEST

/* The oracle: all prefixes in a list. */
#define LIST_MAX 600

struct list {
	struct {
		struct prefix prefix;
		char *value;
	} entries[LIST_MAX];
	size_t len;
};

static void list_remove(struct list *list, size_t idx)
{
	list->entries[idx] = list->entries[--list->len];
}

static void list_insert(
    struct list *list, const struct prefix *prefix, char *value)
{
	struct prefix masked = *prefix;

	prefix_mask(&masked);
	for (size_t i = 0; i < list->len; i++) {
		if (prefix_is_equal(&list->entries[i].prefix, &masked)) {
			list->entries[i].value = value;
			return;
		}
	}
	list->entries[list->len].prefix = masked;
	list->entries[list->len++].value = value;
}

static char *list_lookup(const struct list *list, const struct address *address)
{
	char *ret = NULL;
	int longest = -1;

	for (size_t i = 0; i < list->len; i++) {
		const struct prefix *prefix = &list->entries[i].prefix;

		if (prefix->bits > longest && prefix_has(prefix, address)) {
			longest = prefix->bits;
			ret = list->entries[i].value;
		}
	}
	return ret;
}

/* Few different bits, so that prefixes nest and meet. */
static struct address random_address(uint64_t *state)
{
	struct address ret = {.family = FAMILY_IPV4};
	unsigned bytes = 4;

	if (repeatable_next(state) % 2) {
		ret.family = FAMILY_IPV6;
		bytes = 16;
	}
	for (unsigned i = 0; i < bytes; i++) {
		static const uint8_t few[] = {0, 0, 1, 0x80, 0xff};
		uint64_t random = repeatable_next(state);

		ret.bytes[i] = few[random % sizeof(few)];
		if (random >> 8 & 1)
			ret.bytes[i] ^= (uint8_t)(1u << (random >> 9 & 7));
	}
	return ret;
}

static struct prefix random_prefix(uint64_t *state)
{
	struct prefix ret = {.address = random_address(state)};
	unsigned bits = address_bits(ret.address.family);

	ret.bits = (uint8_t)(repeatable_next(state) % (bits + 1));
	return ret;
}

static void step_insert(struct list *list, uint64_t *state)
{
	struct prefix prefix = random_prefix(state);
	char *value = &peers[repeatable_next(state) % sizeof(peers)];

	if (list->len == LIST_MAX)
		return;
	list_insert(list, &prefix, value);
	ck_assert_int_eq(allowedips_insert(&table, &prefix, value), 0);
}

static void step_remove(struct list *list, uint64_t *state)
{
	size_t idx;

	if (list->len == 0)
		return;
	idx = repeatable_next(state) % list->len;
	allowedips_remove(&table, &list->entries[idx].prefix, &table);
	allowedips_remove(
	    &table, &list->entries[idx].prefix, list->entries[idx].value);
	list_remove(list, idx);
}

static void step_remove_peer(struct list *list, char *value)
{
	allowedips_remove_value(&table, value);
	for (size_t i = list->len; i-- > 0;) {
		if (list->entries[i].value == value)
			list_remove(list, i);
	}
}

static void expect_same(const struct list *list, uint64_t *state)
{
	for (int i = 0; i < 20; i++) {
		struct address address = random_address(state);

		ck_assert_ptr_eq(allowedips_lookup(&table, &address),
		    list_lookup(list, &address));
	}
}

struct count {
	const struct list *list;
	const char *value;
	size_t found;
};

static void count_known(void *context, const struct prefix *prefix)
{
	struct count *count = context;

	for (size_t i = 0; i < count->list->len; i++)
		count->found +=
		    count->list->entries[i].value == count->value &&
		    prefix_is_equal(&count->list->entries[i].prefix, prefix);
}

static void expect_same_prefixes(const struct list *list)
{
	size_t all = 0;

	for (size_t i = 0; i < sizeof(peers); i++) {
		struct count count = {.list = list, .value = &peers[i]};

		allowedips_each(&table, &peers[i], count_known, &count);
		all += count.found;
	}
	ck_assert_uint_eq(all, list->len);
}

START_TEST(allowedips_agrees_with_a_list)
{
	uint64_t state = repeatable_seed();
	struct list *list = calloc(1, sizeof(*list));

	for (int i = 0; i < 4000; i++) {
		uint64_t random = repeatable_next(&state);

		if (random % 3)
			step_insert(list, &state);
		else
			step_remove(list, &state);
		if ((random >> 8 & 0xff) == 0)
			step_remove_peer(
			    list, &peers[random >> 16 & (sizeof(peers) - 1)]);
		ck_assert_uint_le(allowedips_nodes(&table), 2 * list->len);
		expect_same(list, &state);
	}
	expect_same_prefixes(list);
	for (size_t i = 0; i < sizeof(peers); i++) {
		step_remove_peer(list, &peers[i]);
		expect_same(list, &state);
	}
	ck_assert_uint_eq(list->len, 0);
	ck_assert_uint_eq(allowedips_nodes(&table), 0);
	free(list);
}
END_TEST

START_TEST(allowedips_takes_100000_prefixes)
{
	struct prefix prefix = {.address.family = FAMILY_IPV6, .bits = 128};

	for (uint32_t i = 0; i < 100000; i++) {
		for (int k = 0; k < 4; k++)
			prefix.address.bytes[3 + 4 * k] =
			    (uint8_t)(i * 2654435761u >> (8 * k));
		ck_assert_int_eq(
		    allowedips_insert(&table, &prefix, &peers[i % 64]), 0);
	}
	ck_assert_uint_lt(allowedips_nodes(&table), 200000);
	ck_assert_ptr_eq(
	    allowedips_lookup(&table, &prefix.address), &peers[99999 % 64]);
	for (int i = 0; i < 64; i++)
		allowedips_remove_value(&table, &peers[i]);
	ck_assert_uint_eq(allowedips_nodes(&table), 0);
}
END_TEST

/* The linker puts this before libc's malloc (--wrap). */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool has_no_memory;

void *__wrap_malloc(size_t size)
{
	return has_no_memory ? NULL : __real_malloc(size);
}

static struct prefix sixteen(uint8_t number)
{
	return (struct prefix){
	    .address = {FAMILY_IPV4, {10, number}}, .bits = 16};
}

/* A prefix that parts from the others takes two nodes: there is one more, or
 * there is none. */
START_TEST(allowedips_without_memory_stays_as_it_was)
{
	size_t before = 0;
	uint8_t i = 0;
	int err = 0;

	insert("10.255.0.0/16", 'a');
	if (_i)
		insert("10.255.1.0/24", 'a');
	has_no_memory = true;
	for (i = 0; !err && i < 100; i++) {
		struct prefix prefix = sixteen(i);

		before = allowedips_nodes(&table);
		err = allowedips_insert(&table, &prefix, &peers[1]);
	}
	has_no_memory = false;
	ck_assert_int_eq(err, -ENOMEM);
	ck_assert_uint_eq(allowedips_nodes(&table), before);
	for (uint8_t k = 0; k < 100; k++) {
		struct prefix prefix = sixteen(k);

		ck_assert_ptr_eq(allowedips_lookup(&table, &prefix.address),
		    k < i - 1 ? &peers[1] : NULL);
	}
	insert("10.200.0.0/16", 'c');
	ck_assert_int_eq(owner("10.200.0.1"), 'c');
	ck_assert_int_eq(owner("10.255.0.1"), 'a');
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("allowedips");
	TCase *tcase = tcase_create("allowedips");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, allowedips_finds_the_longest_prefix);
	tcase_add_test(tcase, allowedips_order_of_insertion_does_not_matter);
	tcase_add_test(tcase, allowedips_of_an_empty_table_finds_nothing);
	tcase_add_test(tcase, allowedips_families_do_not_mix);
	tcase_add_test(
	    tcase, allowedips_remove_takes_the_exact_prefix_of_its_owner);
	tcase_add_test(tcase, allowedips_needs_less_than_two_nodes_a_prefix);
	tcase_add_test(tcase, allowedips_removed_peers_leave_no_node);
	tcase_add_test(tcase, allowedips_peer_is_gone_and_others_stay);
	tcase_add_test(tcase, allowedips_each_is_ordered_and_of_one_peer);
	tcase_add_loop_test(
	    tcase, allowedips_without_memory_stays_as_it_was, 0, 2);
	tcase_add_test(tcase, allowedips_agrees_with_a_list);
	tcase_add_test(tcase, allowedips_takes_100000_prefixes);
	suite_add_tcase(suite, tcase);
	return suite;
}
