/* SPDX-License-Identifier: ISC */
/* Long lists of prefixes and peers, against lists that are walked. */
#include "unit.h"

#include "net/rule_side.h"
#include "seed.h"

#define PREFIXES  300
#define PEERS	  100
#define SIDES	  20
#define QUESTIONS 3000

static struct prefix prefixes[PREFIXES];
static uint32_t peers[PEERS];

/* Close together in a few bytes, so that prefixes are in one another. */
static struct address random_address(struct seed *seed)
{
	struct address address = {.family = FAMILY_IPV4, .bytes = {10, 9}};

	if (seed_below(seed, 2))
		address =
		    (struct address){.family = FAMILY_IPV6, .bytes = {0xfd, 9}};
	for (size_t i = 1; i < address_bits(address.family) / 8; i += 2)
		address.bytes[i] = (uint8_t)seed_below(seed, 6);
	return address;
}

static struct prefix random_prefix(struct seed *seed)
{
	struct prefix prefix = {.address = random_address(seed)};
	unsigned bits = address_bits(prefix.address.family);

	/* host bits stay, they mean nothing */
	prefix.bits = (uint8_t)(bits / 2 + seed_below(seed, bits / 2 + 1));
	return prefix;
}

static bool is_in_lists(
    const struct rule_side *side, uint32_t peer, const struct address *address)
{
	for (size_t i = 0; i < side->peers_count; i++)
		if (side->peers[i] == peer)
			return true;
	for (size_t i = 0; i < side->prefixes_count; i++)
		if (prefix_has(&side->prefixes[i], address))
			return true;
	return false;
}

static void ask_random(
    const struct rule_side *spec, struct seed *seed, unsigned counts[2])
{
	struct side *side;

	ck_assert_int_eq(side_new(&side, spec), 0);
	for (int i = 0; i < QUESTIONS; i++) {
		uint32_t peer = (uint32_t)seed_below(seed, 4000);
		struct address address = random_address(seed);
		bool is_in = is_in_lists(spec, peer, &address);

		ck_assert_int_eq(side_has(side, peer, &address), is_in);
		counts[is_in]++;
	}
	side_free(side);
}

START_TEST(side_has_what_its_lists_have)
{
	struct seed seed = seed_start();
	unsigned counts[2] = {0, 0};

	for (int i = 0; i < SIDES; i++) {
		struct rule_side spec = {.peers = peers,
		    .peers_count = seed_below(&seed, PEERS + 1),
		    .prefixes = prefixes,
		    .prefixes_count = seed_below(&seed, PREFIXES + 1)};

		for (size_t k = 0; k < PEERS; k++)
			peers[k] = (uint32_t)seed_below(&seed, 4000);
		for (size_t k = 0; k < PREFIXES; k++)
			prefixes[k] = random_prefix(&seed);
		ask_random(&spec, &seed, counts);
	}
	ck_assert_uint_gt(counts[0], 1000);
	ck_assert_uint_gt(counts[1], 1000);
}
END_TEST

START_TEST(side_without_anything_has_nothing)
{
	const struct rule_side spec = {0};
	const struct address none = {0};
	struct side *side;

	ck_assert_int_eq(side_new(&side, &spec), 0);
	ck_assert(!side_has(side, 0, &none));
	side_free(side);
	side_free(NULL);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("side");
	TCase *tcase = tcase_create("side");

	tcase_add_test(tcase, side_has_what_its_lists_have);
	tcase_add_test(tcase, side_without_anything_has_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
