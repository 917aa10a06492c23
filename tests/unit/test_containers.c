/* SPDX-License-Identifier: ISC */
/* Heap and hash map against naive ones, with random operations. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/hashmap.h"
#include "base/heap.h"
#include "seed.h"

#define ENTRIES 200
#define ROUNDS	20000

struct oracle {
	struct heap heap;
	struct heap_entry entries[ENTRIES];
};

static struct oracle *oracle_new(void)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));

	heap_init(&oracle->heap);
	ck_assert_int_eq(heap_reserve(&oracle->heap, ENTRIES), 0);
	for (size_t i = 0; i < ENTRIES; i++)
		oracle->entries[i].when = INSTANT_NEVER;
	return oracle;
}

/* One assertion for all: check writes each of them to a file. */
static bool has_earliest_first(const struct oracle *oracle)
{
	const struct heap_entry *first = heap_first(&oracle->heap);
	struct instant earliest = INSTANT_NEVER;
	size_t len = 0;

	for (size_t i = 0; i < ENTRIES; i++) {
		const struct heap_entry *entry = &oracle->entries[i];

		earliest = instant_earlier(earliest, entry->when);
		len += entry->at != 0;
		if (!entry->at != instant_is_never(entry->when))
			return false;
	}
	if (!len)
		return !first;
	return oracle->heap.len == len && first->when.ns == earliest.ns;
}

START_TEST(heap_always_has_the_earliest_first)
{
	struct oracle *oracle = oracle_new();
	struct seed seed = seed_start();

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t word = seed_next(&seed);
		struct instant when = {(int64_t)seed_below(&seed, 1000)};

		heap_set(&oracle->heap, &oracle->entries[word % ENTRIES],
		    word >> 32 & 1 ? when : INSTANT_NEVER);
		if (i % 10 == 0)
			ck_assert(has_earliest_first(oracle));
	}
	heap_clear(&oracle->heap);
	for (size_t i = 0; i < ENTRIES; i++)
		ck_assert_uint_eq(oracle->entries[i].at, 0);
	free(oracle);
}
END_TEST

START_TEST(heap_gives_entries_in_order)
{
	struct oracle *oracle = oracle_new();
	struct seed seed = seed_start();
	int64_t last = -1;

	for (size_t i = 0; i < ENTRIES; i++)
		heap_set(&oracle->heap, &oracle->entries[i],
		    (struct instant){(int64_t)seed_below(&seed, 100)});
	while (heap_first(&oracle->heap)) {
		struct heap_entry *entry = heap_first(&oracle->heap);

		ck_assert_int_ge(entry->when.ns, last);
		last = entry->when.ns;
		heap_set(&oracle->heap, entry, INSTANT_NEVER);
	}
	heap_clear(&oracle->heap);
	free(oracle);
}
END_TEST

START_TEST(heap_grows_and_keeps_its_entries)
{
	struct heap heap;
	struct heap_entry entry = {0}, other = {0};

	heap_init(&heap);
	ck_assert_ptr_null(heap_first(&heap));
	ck_assert_int_eq(heap_reserve(&heap, 1), 0);
	heap_set(&heap, &entry, (struct instant){5});
	ck_assert_int_eq(heap_reserve(&heap, 1000), 0);
	ck_assert_int_eq(heap_reserve(&heap, 10), 0);
	heap_set(&heap, &other, (struct instant){7});
	ck_assert_ptr_eq(heap_first(&heap), &entry);
	heap_set(&heap, &entry, (struct instant){9});
	ck_assert_ptr_eq(heap_first(&heap), &other);
	heap_set(&heap, &other, INSTANT_NEVER);
	heap_set(&heap, &other, INSTANT_NEVER);
	ck_assert_ptr_eq(heap_first(&heap), &entry);
	heap_clear(&heap);
	ck_assert_uint_eq(entry.at, 0);
}
END_TEST

static const uint8_t secret[16] = {1, 2, 3};

#define KEYS 500

/* Keys 0 .. KEYS - 1; value `at` of a key is &values[at] or NULL. */
static bool is_same(
    const struct hashmap *map, const char *values, const char *is_in)
{
	size_t len = 0;

	for (uint32_t key = 0; key < KEYS; key++) {
		const void *value = is_in[key] ? &values[key] : NULL;

		len += is_in[key] != 0;
		if (hashmap_get(map, &key) != value)
			return false;
	}
	return map->len == len;
}

START_TEST(hashmap_agrees_with_an_array)
{
	static char values[KEYS], is_in[KEYS];
	struct seed seed = seed_start();
	struct hashmap map;

	hashmap_init(&map, sizeof(uint32_t), secret);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t key = (uint32_t)seed_below(&seed, KEYS);
		void *value = &values[key];

		if (seed_below(&seed, 2)) {
			ck_assert_int_eq(hashmap_insert(&map, &key, value),
			    is_in[key] ? -EEXIST : 0);
			is_in[key] = 1;
		} else {
			ck_assert_ptr_eq(hashmap_remove(&map, &key),
			    is_in[key] ? value : NULL);
			is_in[key] = 0;
		}
		if (i % 100 == 0)
			ck_assert(is_same(&map, values, is_in));
	}
	ck_assert(is_same(&map, values, is_in));
	hashmap_clear(&map);
}
END_TEST

START_TEST(hashmap_may_be_empty)
{
	struct hashmap map;
	int value;

	hashmap_init(&map, 32, secret);
	ck_assert_ptr_null(
	    hashmap_get(&map, "0123456789abcdef0123456789abcdef"));
	ck_assert_ptr_null(
	    hashmap_remove(&map, "0123456789abcdef0123456789abcdef"));
	ck_assert_int_eq(
	    hashmap_insert(&map, "0123456789abcdef0123456789abcdef", &value),
	    0);
	ck_assert_ptr_null(
	    hashmap_get(&map, "0123456789abcdef0123456789abcdeg"));
	hashmap_clear(&map);
	ck_assert_ptr_null(
	    hashmap_get(&map, "0123456789abcdef0123456789abcdef"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("containers");
	TCase *tcase = tcase_create("containers");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, heap_always_has_the_earliest_first);
	tcase_add_test(tcase, heap_gives_entries_in_order);
	tcase_add_test(tcase, heap_grows_and_keeps_its_entries);
	tcase_add_test(tcase, hashmap_agrees_with_an_array);
	tcase_add_test(tcase, hashmap_may_be_empty);
	return suite;
}
