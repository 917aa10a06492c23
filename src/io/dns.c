/* SPDX-License-Identifier: ISC */
/* Names to addresses, without waiting (c-ares). */
#include "io/dns.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "io/sockaddr.h"

#define TIMEOUT_MS 2000
#define TRIES	   3

struct dns {
	ares_channel channel;
	struct dns_setup setup;
};

struct query {
	dns_fn *done;
	void *context;
};

static void watch_socket(
    void *context, ares_socket_t fd, int wants_read, int wants_write)
{
	struct dns *dns = context;

	dns->setup.watch(
	    dns->setup.context, fd, wants_read != 0, wants_write != 0);
}

static int mark_socket(ares_socket_t fd, int type, void *context)
{
	struct dns *dns = context;
	uint32_t mark = dns->setup.fwmark;

	(void)type;
	if (mark)
		(void)setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	return 0;
}

int dns_open(struct dns **ret, const struct dns_setup *setup)
{
	struct ares_options options = {
	    .timeout = TIMEOUT_MS,
	    .tries = TRIES,
	    .sock_state_cb = watch_socket,
	};
	struct dns *dns = calloc(1, sizeof(*dns));

	if (!dns)
		return -ENOMEM;
	dns->setup = *setup;
	options.sock_state_cb_data = dns;
	if (ares_library_init(ARES_LIB_INIT_ALL) ||
	    ares_init_options(&dns->channel, &options,
		ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB)) {
		free(dns);
		return -ENOMEM;
	}
	ares_set_socket_configure_callback(dns->channel, mark_socket, dns);
	*ret = dns;
	return 0;
}

void dns_close(struct dns *dns)
{
	if (!dns)
		return;
	ares_destroy(dns->channel);
	ares_library_cleanup();
	free(dns);
}

static void take_node(
    struct dns_answer *answer, const struct ares_addrinfo_node *node)
{
	union sockaddr_any name = {0};
	struct endpoint endpoint = {0};

	if (node->ai_addrlen > sizeof(name) ||
	    answer->count == ARRAY_SIZE(answer->addresses))
		return;
	memcpy(&name, node->ai_addr, node->ai_addrlen);
	sockaddr_read(&endpoint, &name);
	if (endpoint.address.family == FAMILY_NONE)
		return;
	answer->addresses[answer->count++] = endpoint.address;
	if (node->ai_ttl >= 0 && (uint32_t)node->ai_ttl < answer->ttl_s)
		answer->ttl_s = (uint32_t)node->ai_ttl;
}

static void finish(
    void *context, int status, int timeouts, struct ares_addrinfo *result)
{
	struct query *query = context;
	struct dns_answer answer = {.ttl_s = UINT32_MAX};
	struct ares_addrinfo_node *node = result ? result->nodes : NULL;

	(void)timeouts;
	for (; node; node = node->ai_next)
		take_node(&answer, node);
	if (status != ARES_SUCCESS)
		answer.error = ares_strerror(status);
	else if (!answer.count)
		answer.error = "the name has no address";
	query->done(query->context, &answer);
	if (result)
		ares_freeaddrinfo(result);
	free(query);
}

/* c-ares 1.18 asks the servers even for an IPv4 address. */
static bool answer_literal(const char *name, dns_fn *done, void *context)
{
	struct dns_answer answer = {.count = 1, .ttl_s = UINT32_MAX};

	if (address_parse(&answer.addresses[0], name))
		return false;
	done(context, &answer);
	return true;
}

void dns_resolve(struct dns *dns, const char *name, dns_fn *done, void *context)
{
	static const struct dns_answer no_memory = {.error = "no memory"};
	struct ares_addrinfo_hints hints = {
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
	struct query *query;

	if (answer_literal(name, done, context))
		return;
	query = malloc(sizeof(*query));
	if (!query) {
		done(context, &no_memory);
		return;
	}
	*query = (struct query){.done = done, .context = context};
	ares_getaddrinfo(dns->channel, name, NULL, &hints, finish, query);
}

void dns_ready(struct dns *dns, int fd, bool can_read, bool can_write)
{
	ares_process_fd(dns->channel, can_read ? fd : ARES_SOCKET_BAD,
	    can_write ? fd : ARES_SOCKET_BAD);
}

void dns_turn(struct dns *dns)
{
	ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

int64_t dns_timeout_ns(struct dns *dns)
{
	struct timeval left;

	if (!ares_timeout(dns->channel, NULL, &left))
		return INT64_MAX;
	return left.tv_sec * NS_PER_S + left.tv_usec * INT64_C(1000);
}
