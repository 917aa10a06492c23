/* SPDX-License-Identifier: ISC */
/* The header of messages between vpnd and programs on its sockets. */
#include "api/datagram.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"

#define ADDRESS_BYTES sizeof(((struct address *)0)->bytes)

void datagram_write(
    uint8_t to[DATAGRAM_HEADER_BYTES], const struct datagram_head *head)
{
	struct writer w = writer_of(to, DATAGRAM_HEADER_BYTES);

	writer_be(&w,
	    DATAGRAM_VERSION << 24 | (uint32_t)head->remote.family << 16, 4);
	writer_be(&w, head->remote_port, 2);
	writer_be(&w, head->local_port, 2);
	writer_bytes(&w, head->remote.bytes, ADDRESS_BYTES);
	writer_bytes(&w, head->local.bytes, ADDRESS_BYTES);
	writer_be(&w, head->payload_len, 4);
}

static void read_address(
    struct cursor *c, struct address *ret, enum family family)
{
	size_t bytes = address_bits(family) / 8;

	*ret = (struct address){.family = family};
	cursor_copy(c, ret->bytes, bytes);
	cursor_skip(c, ADDRESS_BYTES - bytes);
}

static bool is_zero(const struct address *address)
{
	static const uint8_t zeros[ADDRESS_BYTES];

	return memcmp(address->bytes, zeros, sizeof(zeros)) == 0;
}

int datagram_read(
    struct datagram_head *ret, const uint8_t from[DATAGRAM_HEADER_BYTES])
{
	struct cursor c = cursor_of(from, DATAGRAM_HEADER_BYTES);
	uint8_t version = cursor_u8(&c), family = cursor_u8(&c);

	if (version != DATAGRAM_VERSION ||
	    (family != FAMILY_IPV4 && family != FAMILY_IPV6))
		return -EINVAL;
	cursor_skip(&c, 2);
	ret->remote_port = cursor_be16(&c);
	ret->local_port = cursor_be16(&c);
	read_address(&c, &ret->remote, (enum family)family);
	read_address(&c, &ret->local, (enum family)family);
	if (is_zero(&ret->local))
		ret->local.family = FAMILY_NONE;
	ret->payload_len = cursor_be32(&c);
	return 0;
}
