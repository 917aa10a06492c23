/* SPDX-License-Identifier: ISC */
/* F14: addresses, prefixes, endpoints and keys as text; what was read is
 * written so that it reads the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"
#include "base/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_all(const char *text)
{
	char again[ENDPOINT_TEXT_BYTES];
	struct endpoint endpoint, endpoint_2;
	struct address address, address_2;
	struct prefix prefix, prefix_2;
	uint8_t key[CONFIG_KEY_BYTES];

	if (!address_parse(&address, text))
		assert(!address_parse(&address_2,
			   address_format(&address, again, sizeof(again))) &&
		       address_is_equal(&address, &address_2));
	if (!prefix_parse(&prefix, text))
		assert(!prefix_parse(&prefix_2,
			   prefix_format(&prefix, again, sizeof(again))) &&
		       prefix_is_equal(&prefix, &prefix_2));
	if (!endpoint_parse(&endpoint, text))
		assert(!endpoint_parse(&endpoint_2,
			   endpoint_format(&endpoint, again, sizeof(again))) &&
		       endpoint_is_equal(&endpoint, &endpoint_2));
	if (!key_parse(key, text))
		assert(!strcmp(key_format(key, again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	assert(text);
	memcpy(text, data, len);
	text[len] = '\0';
	read_all(text);
	free(text);
	return 0;
}
