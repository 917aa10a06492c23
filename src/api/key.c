/* SPDX-License-Identifier: ISC */
/* Keys as base64, in the one way that WireGuard's tools write them. */
#include "api/config.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

_Static_assert(KEY_TEXT_BYTES == sodium_base64_ENCODED_LEN(CONFIG_KEY_BYTES,
				     sodium_base64_VARIANT_ORIGINAL),
    "a key with its padding and a NUL");

/* libsodium checks the padding and that the spare bits are zero, but takes
 * some bytes above 127 for letters: so what was read has to be written alike.
 */
static bool is_written_so(const uint8_t key[CONFIG_KEY_BYTES], const char *text)
{
	char again[KEY_TEXT_BYTES];
	bool is_same;

	key_format(key, again);
	is_same = sodium_memcmp(again, text, KEY_TEXT_BYTES) == 0;
	sodium_memzero(again, sizeof(again));
	return is_same;
}

int key_parse(uint8_t ret[CONFIG_KEY_BYTES], const char *text)
{
	uint8_t key[CONFIG_KEY_BYTES];
	size_t len = 0;
	int error = 0;

	if (strlen(text) != KEY_TEXT_BYTES - 1 ||
	    sodium_base642bin(key, sizeof(key), text, KEY_TEXT_BYTES - 1, NULL,
		&len, NULL, sodium_base64_VARIANT_ORIGINAL) ||
	    len != sizeof(key) || !is_written_so(key, text))
		error = -EINVAL;
	else
		memcpy(ret, key, sizeof(key));
	sodium_memzero(key, sizeof(key));
	return error;
}

const char *key_format(
    const uint8_t key[CONFIG_KEY_BYTES], char text[KEY_TEXT_BYTES])
{
	return sodium_bin2base64(text, KEY_TEXT_BYTES, key, CONFIG_KEY_BYTES,
	    sodium_base64_VARIANT_ORIGINAL);
}
