/* SPDX-License-Identifier: ISC */
/* F15: the kernel's answers and news, as far as they are parsed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/io/netlink.c"
#include "../../src/io/netlink_route.c"
#include "../../src/io/netlink_rule.c"
#include "../../src/io/watch.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int read_prefix(const struct nlmsghdr *message, void *context)
{
	struct prefix prefix = {0};

	if (netlink_read_prefix(message, context, &prefix))
		assert(prefix.bits <= address_bits(prefix.address.family));
	return MNL_CB_OK;
}

static int read_route(const struct nlmsghdr *message, void *context)
{
	struct netlink_route route = {0};

	(void)context;
	if (netlink_read_route(message, &route))
		assert(route.to.bits <= address_bits(route.to.address.family));
	return MNL_CB_OK;
}

static void found(void *context, const struct watch_news *news)
{
	(void)context;
	assert(news->kind != WATCH_NOTHING);
	assert(memchr(news->link.name, 0, sizeof(news->link.name)));
}

/* The same bytes as each kind of news. */
static int read_news(const struct nlmsghdr *message, void *context)
{
	static struct watch watch = {.found = found};
	struct nlmsghdr *typed = (struct nlmsghdr *)message;

	(void)context;
	for (size_t i = 0; i < ARRAY_SIZE(hearers); i++) {
		typed->nlmsg_type = hearers[i].type;
		assert(hear(typed, &watch) == MNL_CB_OK);
	}
	return MNL_CB_OK;
}

static int (*const parsers[])(const struct nlmsghdr *message, void *context) = {
    take_link, take_oif, take_table, take_priority, read_prefix, read_route,
    read_news};

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
