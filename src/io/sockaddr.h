/* SPDX-License-Identifier: ISC */
/* Between our addresses and the kernel's socket addresses. */
#ifndef IO_SOCKADDR_H
#define IO_SOCKADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/endpoint.h"

union sockaddr_any {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/*
 * Writes the far end of `endpoint` for a socket of `family` (AF_INET, or
 * AF_INET6, where IPv4 becomes a mapped address). Returns the length, or 0
 * when such a socket can not reach it.
 */
socklen_t sockaddr_write(
    union sockaddr_any *to, int family, const struct endpoint *endpoint);

/* Reads address, port and scope; the rest of `ret` is left alone. Mapped
 * addresses become IPv4. An unknown family gives FAMILY_NONE. */
void sockaddr_read(struct endpoint *ret, const union sockaddr_any *from);

struct address address_of_in(const struct in_addr *from);
/* A mapped address becomes IPv4. */
struct address address_of_in6(const struct in6_addr *from);

#endif
