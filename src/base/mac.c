/* SPDX-License-Identifier: ISC */
/* MAC addresses: classes and text. */
#include "base/mac.h"

#include <assert.h>
#include <errno.h>

static const char hex_digits[] = "0123456789abcdef";

bool mac_is_zero(const struct mac *mac)
{
	static const struct mac zero;

	return mac_is_equal(mac, &zero);
}

bool mac_is_broadcast(const struct mac *mac)
{
	static const struct mac broadcast = {
	    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

	return mac_is_equal(mac, &broadcast);
}

bool mac_is_link_local(const struct mac *mac)
{
	static const uint8_t reserved[] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return memcmp(mac->bytes, reserved, sizeof(reserved)) == 0 &&
	       mac->bytes[5] < 0x10;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int mac_parse(struct mac *ret, const char *text)
{
	struct mac mac;

	if (strlen(text) != MAC_TEXT_BYTES - 1)
		return -EINVAL;
	for (size_t i = 0; i < MAC_BYTES; i++, text += 3) {
		int high = digit_of(text[0]), low = digit_of(text[1]);

		if (high < 0 || low < 0 ||
		    text[2] != (i < MAC_BYTES - 1 ? ':' : '\0'))
			return -EINVAL;
		mac.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = mac;
	return 0;
}

const char *mac_format(const struct mac *mac, char *text, size_t room)
{
	char *at = text;

	assert(room >= MAC_TEXT_BYTES);
	for (size_t i = 0; i < MAC_BYTES; i++) {
		*at++ = hex_digits[mac->bytes[i] >> 4];
		*at++ = hex_digits[mac->bytes[i] & 0xf];
		*at++ = i < MAC_BYTES - 1 ? ':' : '\0';
	}
	return text;
}
