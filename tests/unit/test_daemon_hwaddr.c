/* SPDX-License-Identifier: ISC */
/* The derived MAC address of a tap. */
#include <string.h>

#include "daemon/hwaddr.h"
#include "unit.h"

/* hashlib.blake2b(key + name padded to 64, digest_size=16,
 * person=b"vpnd tap address") gives 87ed0a0214 */
static const uint8_t key[CONFIG_KEY_BYTES] = {1, 2, 3};

static struct mac derive(const uint8_t *public_key, const char *tunnel)
{
	struct mac mac;

	hwaddr_derive(&mac, public_key, tunnel);
	return mac;
}

START_TEST(hwaddr_is_locally_administered_and_unicast)
{
	struct mac mac = derive(key, "site");

	ck_assert(!mac_is_group(&mac));
	ck_assert_uint_eq(mac.bytes[0] & 2, 2);
}
END_TEST

START_TEST(hwaddr_is_the_same_in_every_release)
{
	struct mac mac = derive(key, "site");
	char text[MAC_TEXT_BYTES];

	ck_assert_str_eq(
	    mac_format(&mac, text, sizeof(text)), "fe:87:ed:0a:02:14");
}
END_TEST

START_TEST(hwaddr_differs_between_tunnels_and_keys)
{
	uint8_t other[CONFIG_KEY_BYTES] = {1, 2, 4};
	struct mac mac = derive(key, "site");
	struct mac tunnel = derive(key, "sitf"), peer = derive(other, "site");

	ck_assert(!mac_is_equal(&mac, &tunnel));
	ck_assert(!mac_is_equal(&mac, &peer));
}
END_TEST

START_TEST(hwaddr_takes_a_name_of_full_length)
{
	char name[CONFIG_NAME_BYTES];
	struct mac x, y;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	x = derive(key, name);
	name[sizeof(name) - 2] = 'y';
	y = derive(key, name);
	ck_assert(!mac_is_equal(&x, &y));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/hwaddr");
	TCase *tcase = tcase_create("hwaddr");

	tcase_add_test(tcase, hwaddr_is_locally_administered_and_unicast);
	tcase_add_test(tcase, hwaddr_is_the_same_in_every_release);
	tcase_add_test(tcase, hwaddr_differs_between_tunnels_and_keys);
	tcase_add_test(tcase, hwaddr_takes_a_name_of_full_length);
	suite_add_tcase(suite, tcase);
	return suite;
}
