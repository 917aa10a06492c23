/* SPDX-License-Identifier: ISC */
/* F15: the kernel's answers, as far as they are parsed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/io/netlink.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int (*const parsers[])(const struct nlmsghdr *message, void *context) = {
    take_link, take_oif, take_table, take_priority};

/* parser u8, and a message's payload; its header is the kernel's and right. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t context[64] = {0}; /* large enough for each */
	struct nlmsghdr *message;

	if (len < 1)
		return 0;
	/* as the kernel does, padded to a multiple of four */
	message = calloc(1, MNL_ALIGN(sizeof(*message) + len - 1));
	assert(message);
	*message = (struct nlmsghdr){
	    .nlmsg_len = (uint32_t)(sizeof(*message) + len - 1)};
	memcpy(message + 1, data + 1, len - 1);
	(void)parsers[data[0] % ARRAY_SIZE(parsers)](message, context);
	free(message);
	return 0;
}
