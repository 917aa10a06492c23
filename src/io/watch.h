/* SPDX-License-Identifier: ISC */
/* News of the host's network: links, addresses, routes, rules, settings
 * (rtnetlink groups). */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "io/netlink.h"

struct watch;

enum watch_kind {
	WATCH_NOTHING,	 /* is never told */
	WATCH_LINK,	 /* `link` is how it is now */
	WATCH_LINK_GONE, /* `link.ifindex` was deleted */
	WATCH_ADDRESS,	 /* one came or went at `link.ifindex` */
	WATCH_ROUTE,	 /* one came or went at `link.ifindex` */
	WATCH_RULE,	 /* one came or went */
	WATCH_SETTINGS,	 /* of all links: whether they forward, as an example */
	WATCH_LOST,	 /* there were too many: anything may have changed */
};

struct watch_news {
	enum watch_kind kind;
	struct netlink_link link;
	bool is_gone;	 /* address, route or rule */
	bool is_default; /* WATCH_ROUTE: a default route of a main table */
	/* WATCH_ROUTE: it took the place of one to the same prefix, whose
	 * device is not told */
	bool has_replaced;
	struct netlink_route route;
};

typedef void watch_fn(void *context, const struct watch_news *news);

/* 0 or negative errno. */
must_check int watch_open(struct watch **ret);
void watch_close(struct watch *watch); /* NULL is fine */
int watch_fd(const struct watch *watch);

/* Reads what is there now and calls back with each piece. */
void watch_read(struct watch *watch, watch_fn *found, void *context);

#endif
