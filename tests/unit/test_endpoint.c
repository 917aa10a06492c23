/* SPDX-License-Identifier: ISC */
/* Addresses, prefixes and endpoints: text forms, comparing, masking. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/endpoint.h"

static const char *const good_addresses[] = {"0.0.0.0", "10.9.0.1",
    "255.255.255.255", "::", "::1", "fd77::2", "fe80::1:2:3:4",
    "2001:db8:1:2:3:4:5:6", "::ffff:192.0.2.1"};

START_TEST(an_address_comes_back_as_it_was_written)
{
	const char *text = good_addresses[_i];
	struct address address;
	char again[ADDRESS_TEXT_BYTES];

	ck_assert_int_eq(address_parse(&address, text), 0);
	ck_assert_str_eq(address_format(&address, again, sizeof(again)), text);
}
END_TEST

static const char *const bad_addresses[] = {"", "1", "1.2.3", "1.2.3.4.5",
    "1.2.3.256", "01.2.3.4", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "fe80::1%1",
    "fe80::1%eth0", ":::", "1::2::3", "12345::", "[::1]", "1.2.3.4/32",
    "host.example", "2001:db8:1:2:3:4:5:6:7"};

START_TEST(a_bad_address_is_refused)
{
	struct address address = {.family = FAMILY_IPV6, .bytes = {1}};
	struct address before = address;

	ck_assert_int_eq(address_parse(&address, bad_addresses[_i]), -EINVAL);
	ck_assert_mem_eq(&address, &before, sizeof(address));
}
END_TEST

START_TEST(no_address_prints_as_none)
{
	struct address address = {0};
	struct endpoint endpoint = {0};
	char text[ENDPOINT_TEXT_BYTES];

	ck_assert_str_eq(address_format(&address, text, sizeof(text)), "none");
	ck_assert_str_eq(
	    endpoint_format(&endpoint, text, sizeof(text)), "none");
	ck_assert_uint_eq(address_bits(FAMILY_NONE), 0);
}
END_TEST

static const struct {
	const char *text, *printed;
	unsigned bits;
} good_prefixes[] = {
    {"10.0.0.0/8", "10.0.0.0/8", 8},
    {"10.9.0.7", "10.9.0.7/32", 32},
    {"10.9.0.7/24", "10.9.0.7/24", 24}, /* host bits stay */
    {"0.0.0.0/0", "0.0.0.0/0", 0},
    {"::/0", "::/0", 0},
    {"fd77::2/128", "fd77::2/128", 128},
    {"fd77::2", "fd77::2/128", 128},
};

START_TEST(a_prefix_is_parsed_and_printed)
{
	struct prefix prefix;
	char text[PREFIX_TEXT_BYTES];

	ck_assert_int_eq(prefix_parse(&prefix, good_prefixes[_i].text), 0);
	ck_assert_uint_eq(prefix.bits, good_prefixes[_i].bits);
	ck_assert_str_eq(prefix_format(&prefix, text, sizeof(text)),
	    good_prefixes[_i].printed);
}
END_TEST

static const char *const bad_prefixes[] = {"", "/", "10.0.0.0/", "10.0.0.0/33",
    "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/ 8", "10.0.0.0/8 ",
    "10.0.0.0/8/8", "10.0.0.0/4294967304", "fd00::/129", "fd00::/1x", "/8",
    "10.0.0.0/255.0.0.0",
    "1111111111111111111111111111111111111111111111111111/8"};

START_TEST(a_bad_prefix_is_refused)
{
	struct prefix prefix;

	ck_assert_int_eq(prefix_parse(&prefix, bad_prefixes[_i]), -EINVAL);
}
END_TEST

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	ck_assert_int_eq(prefix_parse(&prefix, text), 0);
	return prefix;
}

static const struct {
	const char *prefix, *address;
	bool has;
} memberships[] = {
    {"10.9.0.0/24", "10.9.0.0", true},
    {"10.9.0.0/24", "10.9.0.255", true},
    {"10.9.0.0/24", "10.9.1.0", false},
    {"10.9.0.77/24", "10.9.0.1", true}, /* host bits do not count */
    {"10.9.0.0/25", "10.9.0.127", true},
    {"10.9.0.0/25", "10.9.0.128", false},
    {"10.9.0.7/32", "10.9.0.6", false},
    {"0.0.0.0/0", "255.1.2.3", true},
    {"0.0.0.0/0", "::", false},
    {"::/0", "0.0.0.0", false},
    {"::/0", "fd00::1", true},
    {"fd77::/63", "fd77:0:0:1::", true},
    {"fd77::/63", "fd77:0:0:2::", false},
    {"fd77::1/128", "fd77::1", true},
    {"fd77::1/128", "fd77::3", false},
};

START_TEST(a_prefix_has_its_addresses_only)
{
	struct prefix prefix = prefix_of(memberships[_i].prefix);
	struct prefix address = prefix_of(memberships[_i].address);

	ck_assert_int_eq(
	    prefix_has(&prefix, &address.address), memberships[_i].has);
}
END_TEST

START_TEST(masking_clears_host_bits_and_tells)
{
	struct prefix prefix = prefix_of("10.9.0.77/26");
	struct prefix expected = prefix_of("10.9.0.64/26");

	ck_assert(prefix_mask(&prefix));
	ck_assert(prefix_is_equal(&prefix, &expected));
	ck_assert(!prefix_mask(&prefix));
	prefix = prefix_of("ffff::1/0");
	ck_assert(prefix_mask(&prefix));
	expected = prefix_of("::/0");
	ck_assert(prefix_is_equal(&prefix, &expected));
	expected = prefix_of("::/1");
	ck_assert(!prefix_is_equal(&prefix, &expected));
}
END_TEST

static const char *const good_endpoints[] = {"1.2.3.4:51820", "1.2.3.4:1",
    "255.255.255.255:65535", "[fd00::1]:51820", "[fe80::1%3]:9",
    "[2001:db8:1111:2222:3333:4444:5555:6666%4294967295]:65535"};

START_TEST(an_endpoint_comes_back_as_it_was_written)
{
	const char *text = good_endpoints[_i];
	struct endpoint endpoint;
	char again[ENDPOINT_TEXT_BYTES];

	ck_assert_int_eq(endpoint_parse(&endpoint, text), 0);
	ck_assert_str_eq(
	    endpoint_format(&endpoint, again, sizeof(again)), text);
}
END_TEST

static const char *const bad_endpoints[] = {"", ":", "1.2.3.4",
    "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:080", "1.2.3.4:+80",
    "1.2.3.4:80 ", ":80", "fd00::1:80", "[fd00::1]", "[fd00::1]80",
    "[fd00::1:80", "[]:80", "[:80", "[1.2.3.4]:80", "[fe80::1%]:80",
    "[fe80::1%01]:80", "[fe80::1%eth0]:80", "[fe80::1%4294967296]:80",
    "[fe80::1%1]]:80", "[fe80::1%11111111111111111111]:80", "[fd00::1] :80",
    "host:80", "1.2.3.4:18446744073709551696"};

START_TEST(a_bad_endpoint_is_refused)
{
	struct endpoint endpoint;

	ck_assert_int_eq(endpoint_parse(&endpoint, bad_endpoints[_i]), -EINVAL);
}
END_TEST

START_TEST(endpoints_are_compared_by_their_far_end)
{
	struct endpoint a, b;

	ck_assert_int_eq(endpoint_parse(&a, "[fe80::1%3]:9"), 0);
	b = a;
	b.source.family = FAMILY_IPV6;
	b.source_ifindex = 7;
	ck_assert(endpoint_is_equal(&a, &b));
	b.scope_id = 4;
	ck_assert(!endpoint_is_equal(&a, &b));
	b = a;
	b.port = 10;
	ck_assert(!endpoint_is_equal(&a, &b));
	b = a;
	b.address.bytes[15] = 2;
	ck_assert(!endpoint_is_equal(&a, &b));
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("endpoint");
	TCase *tcase = tcase_create("endpoint");

	suite_add_tcase(suite, tcase);
	EACH(tcase, an_address_comes_back_as_it_was_written, good_addresses);
	EACH(tcase, a_bad_address_is_refused, bad_addresses);
	tcase_add_test(tcase, no_address_prints_as_none);
	EACH(tcase, a_prefix_is_parsed_and_printed, good_prefixes);
	EACH(tcase, a_bad_prefix_is_refused, bad_prefixes);
	EACH(tcase, a_prefix_has_its_addresses_only, memberships);
	tcase_add_test(tcase, masking_clears_host_bits_and_tells);
	EACH(tcase, an_endpoint_comes_back_as_it_was_written, good_endpoints);
	EACH(tcase, a_bad_endpoint_is_refused, bad_endpoints);
	tcase_add_test(tcase, endpoints_are_compared_by_their_far_end);
	return suite;
}
