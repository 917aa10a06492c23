/* SPDX-License-Identifier: ISC */
/* Bytes as the argument of a verb: base64. */
#include "api/blob.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define VARIANT sodium_base64_VARIANT_ORIGINAL

char *blob_encode(const void *bytes, size_t len)
{
	size_t room = sodium_base64_ENCODED_LEN(len, VARIANT);
	char *text = malloc(room);

	if (text)
		sodium_bin2base64(text, room, bytes, len, VARIANT);
	return text;
}

char *blob_decode(const char *text, size_t *ret_len)
{
	size_t len = strlen(text);
	char *bytes = malloc(len + 1);

	if (!bytes || sodium_base642bin((unsigned char *)bytes, len, text, len,
			  NULL, ret_len, NULL, VARIANT)) {
		free(bytes);
		return NULL;
	}
	bytes[*ret_len] = '\0';
	return bytes;
}
