/* SPDX-License-Identifier: ISC */
/*
 * Names to addresses, without waiting (c-ares).
 *
 * How it works: the resolver opens its own sockets and tells through `watch`
 * which of them it wants to read or write; the loop calls dns_ready when one
 * is, and dns_turn when dns_deadline has come.
 */
#ifndef IO_DNS_H
#define IO_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/instant.h"

#define DNS_ADDRESSES 16

struct dns;

struct dns_setup {
	/* Both false: the descriptor is no longer wanted and gets closed. */
	void (*watch)(void *context, int fd, bool wants_read, bool wants_write);
	void *context;
	uint32_t fwmark; /* on the queries, so that they stay outside */
};

struct dns_answer {
	const char *error; /* NULL: it went well */
	struct address addresses[DNS_ADDRESSES];
	size_t count;
	uint32_t ttl_s; /* the smallest */
};

typedef void dns_fn(void *context, const struct dns_answer *answer);

/* 0 or negative errno. */
must_check int dns_open(struct dns **ret, const struct dns_setup *setup);
/* Asks the queries under way to end with an error; NULL is fine. */
void dns_close(struct dns *dns);

/* Calls back once, perhaps at once (addresses, /etc/hosts). */
void dns_resolve(
    struct dns *dns, const char *name, dns_fn *done, void *context);

void dns_ready(struct dns *dns, int fd, bool can_read, bool can_write);
void dns_turn(struct dns *dns);
/* Nanoseconds from now; INT64_MAX: never. */
int64_t dns_timeout_ns(struct dns *dns);

#endif
