/* SPDX-License-Identifier: ISC */
/* F15: the kernel's answers, as far as they are parsed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/io/netlink.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int (*const parsers[])(const struct nlmsghdr *message, void *context) = {
    take_link, take_oif, take_table, take_priority};

/* parser u8, and messages. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t context[64] = {0}; /* large enough for each */
	uint8_t *copy;

	if (len < 1)
		return 0;
	copy = malloc(len);
	assert(copy);
	memcpy(copy, data + 1, len - 1);
	(void)mnl_cb_run(copy, len - 1, 0, 0,
	    parsers[data[0] % ARRAY_SIZE(parsers)], context);
	free(copy);
	return 0;
}
