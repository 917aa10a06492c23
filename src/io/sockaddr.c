/* SPDX-License-Identifier: ISC */
/* Between our addresses and the kernel's socket addresses. */
#include "io/sockaddr.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static socklen_t write_v4(
    union sockaddr_any *to, const struct endpoint *endpoint)
{
	to->v4.sin_family = AF_INET;
	to->v4.sin_port = htons(endpoint->port);
	memcpy(&to->v4.sin_addr, endpoint->address.bytes, 4);
	return sizeof(to->v4);
}

static socklen_t write_v6(
    union sockaddr_any *to, const struct endpoint *endpoint)
{
	uint8_t *bytes = to->v6.sin6_addr.s6_addr;

	to->v6.sin6_family = AF_INET6;
	to->v6.sin6_port = htons(endpoint->port);
	to->v6.sin6_scope_id = endpoint->scope_id;
	if (endpoint->address.family == FAMILY_IPV4) {
		memcpy(bytes, mapped, sizeof(mapped));
		memcpy(bytes + sizeof(mapped), endpoint->address.bytes, 4);
	} else {
		memcpy(bytes, endpoint->address.bytes, 16);
	}
	return sizeof(to->v6);
}

socklen_t sockaddr_write(
    union sockaddr_any *to, int family, const struct endpoint *endpoint)
{
	memset(to, 0, sizeof(*to));
	if (endpoint->address.family == FAMILY_NONE)
		return 0;
	if (family == AF_INET6)
		return write_v6(to, endpoint);
	if (endpoint->address.family == FAMILY_IPV6)
		return 0;
	return write_v4(to, endpoint);
}

struct address address_of_in(const struct in_addr *from)
{
	struct address address = {.family = FAMILY_IPV4};

	memcpy(address.bytes, from, 4);
	return address;
}

struct address address_of_in6(const struct in6_addr *from)
{
	struct address address = {.family = FAMILY_IPV6};
	struct in_addr v4;

	if (memcmp(from, mapped, sizeof(mapped)) == 0) {
		memcpy(&v4, from->s6_addr + sizeof(mapped), sizeof(v4));
		return address_of_in(&v4);
	}
	memcpy(address.bytes, from, 16);
	return address;
}

void sockaddr_read(struct endpoint *ret, const union sockaddr_any *from)
{
	ret->address = (struct address){.family = FAMILY_NONE};
	ret->port = 0;
	ret->scope_id = 0;
	if (from->any.sa_family == AF_INET) {
		ret->address = address_of_in(&from->v4.sin_addr);
		ret->port = ntohs(from->v4.sin_port);
	} else if (from->any.sa_family == AF_INET6) {
		ret->address = address_of_in6(&from->v6.sin6_addr);
		ret->port = ntohs(from->v6.sin6_port);
		ret->scope_id = from->v6.sin6_scope_id;
	}
}
