/* SPDX-License-Identifier: ISC */
/* The MAC address of a tap whose configuration names none. */
#include "daemon/hwaddr.h"

#include <sodium.h>
#include <string.h>

/* Unicast and locally administered. A bridge takes the lowest address of its
 * ports for itself: this one is never the lowest beside that of a real card. */
#define FIRST_BYTE 0xfe

void hwaddr_derive(struct mac *ret, const uint8_t public_key[CONFIG_KEY_BYTES],
    const char *tunnel)
{
	static const uint8_t label[crypto_generichash_blake2b_PERSONALBYTES] =
	    "vpnd tap address";
	uint8_t hash[crypto_generichash_blake2b_BYTES_MIN];
	uint8_t bytes[CONFIG_KEY_BYTES + CONFIG_NAME_BYTES] = {0};

	memcpy(bytes, public_key, CONFIG_KEY_BYTES);
	memcpy(bytes + CONFIG_KEY_BYTES, tunnel,
	    strnlen(tunnel, CONFIG_NAME_BYTES));
	crypto_generichash_blake2b_salt_personal(
	    hash, sizeof(hash), bytes, sizeof(bytes), NULL, 0, NULL, label);
	ret->bytes[0] = FIRST_BYTE;
	memcpy(ret->bytes + 1, hash, MAC_BYTES - 1);
}
