/* SPDX-License-Identifier: ISC */
/* Names of endpoints: asked when the core wants it, and again by their TTL. */
#include "daemon/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/dns.h"

#define TTL_MIN_S 30
#define TTL_MAX_S 86400
#define SOCKETS	  32

/* A name that was asked for, kept for the next time. */
struct question {
	struct question *next;
	struct resolve *resolve;
	char peer[CONFIG_NAME_BYTES];
	char host[CONFIG_HOST_BYTES];
	struct instant again; /* INSTANT_NEVER while it is under way */
	bool is_under_way;
};

struct socket_watch {
	struct resolve *resolve;
	int fd;
	struct loop_watch *watch; /* NULL: a free place */
};

struct resolve {
	struct resolve_setup setup;
	struct dns *dns;
	struct question *questions;
	struct socket_watch sockets[SOCKETS];
	bool is_stale; /* the resolver's configuration */
};

static void socket_ready(void *context, unsigned events)
{
	struct socket_watch *at = context;

	dns_ready(
	    at->resolve->dns, at->fd, events & LOOP_READ, events & LOOP_WRITE);
}

static struct socket_watch *find_socket(struct resolve *resolve, int fd)
{
	struct socket_watch *free_place = NULL;

	for (size_t i = 0; i < SOCKETS; i++) {
		struct socket_watch *at = &resolve->sockets[i];

		if (at->watch && at->fd == fd)
			return at;
		if (!at->watch)
			free_place = at;
	}
	return free_place;
}

static void watch_socket(
    void *context, int fd, bool wants_read, bool wants_write)
{
	struct resolve *resolve = context;
	struct socket_watch *at = find_socket(resolve, fd);
	unsigned events =
	    (wants_read ? LOOP_READ : 0u) | (wants_write ? LOOP_WRITE : 0u);

	if (!at)
		return; /* the query runs into its timeout */
	if (!events) {
		loop_unwatch(at->watch);
		at->watch = NULL;
		return;
	}
	at->resolve = resolve;
	at->fd = fd;
	if (at->watch)
		loop_change(at->watch, events);
	else
		at->watch = loop_watch(
		    resolve->setup.loop, fd, events, socket_ready, at);
}

static int open_dns(struct resolve *resolve)
{
	struct dns_setup setup = {.watch = watch_socket,
	    .context = resolve,
	    .fwmark = resolve->setup.fwmark};

	return dns_open(&resolve->dns, &setup);
}

int resolve_new(struct resolve **ret, const struct resolve_setup *setup)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));

	if (!resolve)
		return -ENOMEM;
	resolve->setup = *setup;
	if (open_dns(resolve)) {
		free(resolve);
		return -ENOMEM;
	}
	*ret = resolve;
	return 0;
}

void resolve_free(struct resolve *resolve)
{
	if (!resolve)
		return;
	resolve->setup.resolved = NULL;
	dns_close(resolve->dns);
	while (resolve->questions) {
		struct question *question = resolve->questions;

		resolve->questions = question->next;
		free(question);
	}
	free(resolve);
}

static struct instant next_time(
    const struct resolve *resolve, const struct dns_answer *answer)
{
	uint32_t ttl_s = answer->ttl_s;

	if (answer->error) /* the core decides when to ask again */
		return INSTANT_NEVER;
	if (ttl_s < TTL_MIN_S)
		ttl_s = TTL_MIN_S;
	if (ttl_s > TTL_MAX_S)
		ttl_s = TTL_MAX_S;
	return instant_after(resolve->setup.moment->now, ttl_s * NS_PER_S);
}

/* What our socket can reach. */
static size_t choose(const struct resolve *resolve,
    const struct dns_answer *answer, struct address *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->count; i++)
		if (resolve->setup.has_ipv6 ||
		    answer->addresses[i].family == FAMILY_IPV4)
			ret[count++] = answer->addresses[i];
	return count;
}

/* What the host has a way to comes first. */
static size_t sort(const struct resolve *resolve, const struct address *from,
    size_t count, struct address *ret)
{
	const struct resolve_setup *setup = &resolve->setup;
	size_t at = 0;

	for (unsigned lost = 0; lost < 2; lost++)
		for (size_t i = 0; i < count; i++)
			if (setup->can_reach(setup->context, &from[i]) != lost)
				ret[at++] = from[i];
	return at;
}

static void answered(void *context, const struct dns_answer *answer)
{
	struct question *question = context;
	struct resolve *resolve = question->resolve;
	struct address usable[DNS_ADDRESSES], addresses[DNS_ADDRESSES];
	size_t count = 0;

	question->is_under_way = false;
	if (!resolve->setup.resolved)
		return;
	question->again = next_time(resolve, answer);
	if (!answer->error)
		count = sort(resolve, usable, choose(resolve, answer, usable),
		    addresses);
	if (!count)
		log_warning(resolve->setup.log, "peer %s: endpoint %s: %s",
		    question->peer, question->host,
		    answer->error ? answer->error : "no usable address");
	resolve->setup.resolved(
	    resolve->setup.context, question->peer, addresses, count);
}

static void ask(struct resolve *resolve, struct question *question)
{
	if (question->is_under_way)
		return;
	question->is_under_way = true;
	question->again = INSTANT_NEVER;
	dns_resolve(resolve->dns, question->host, answered, question);
}

void resolve_ask(struct resolve *resolve, const char *peer, const char *host)
{
	struct question *question = resolve->questions;

	while (question && (strcmp(question->peer, peer) != 0 ||
			       strcmp(question->host, host) != 0))
		question = question->next;
	if (!question) {
		question = calloc(1, sizeof(*question));
		if (!question)
			return; /* a silent peer makes the core ask again */
		question->resolve = resolve;
		snprintf(question->peer, sizeof(question->peer), "%s", peer);
		snprintf(question->host, sizeof(question->host), "%s", host);
		question->next = resolve->questions;
		resolve->questions = question;
	}
	ask(resolve, question);
}

void resolve_underlay_changed(struct resolve *resolve)
{
	resolve->is_stale = true;
}

static bool is_busy(const struct resolve *resolve)
{
	for (struct question *at = resolve->questions; at; at = at->next)
		if (at->is_under_way)
			return true;
	return false;
}

/* The resolver reads resolv.conf only when it is opened. */
static void reopen(struct resolve *resolve)
{
	struct dns *old = resolve->dns;

	if (!resolve->is_stale || is_busy(resolve))
		return;
	resolve->is_stale = false;
	if (open_dns(resolve))
		resolve->dns = old;
	else
		dns_close(old);
}

/* Forgets names that no peer has any more. */
static void sweep(struct resolve *resolve)
{
	struct question **at = &resolve->questions;

	while (*at) {
		struct question *question = *at;

		if (question->is_under_way ||
		    resolve->setup.is_wanted(resolve->setup.context,
			question->peer, question->host)) {
			at = &question->next;
			continue;
		}
		*at = question->next;
		free(question);
	}
}

void resolve_turn(struct resolve *resolve)
{
	struct instant now = resolve->setup.moment->now;
	bool is_due = false;

	dns_turn(resolve->dns);
	reopen(resolve);
	for (struct question *at = resolve->questions; at; at = at->next)
		is_due |= instant_has_come(at->again, now);
	if (!is_due)
		return;
	sweep(resolve);
	for (struct question *at = resolve->questions; at; at = at->next)
		if (instant_has_come(at->again, now))
			ask(resolve, at);
}

struct instant resolve_deadline(struct resolve *resolve)
{
	int64_t timeout_ns = dns_timeout_ns(resolve->dns);
	struct instant first = INSTANT_NEVER;

	if (timeout_ns != INT64_MAX)
		first = instant_after(resolve->setup.moment->now, timeout_ns);
	for (struct question *at = resolve->questions; at; at = at->next)
		first = instant_earlier(first, at->again);
	return first;
}
