/* SPDX-License-Identifier: ISC */
/*
 * Whether this is the only busy vpnd of the host: two that each had both CPUs
 * for its directions (daemon/placement.h) would be in each other's way.
 *
 * How it works: who is busy has one of two abstract Unix sockets, which are
 * bound and nothing else. So they are of this network namespace, which is what
 * a host is to a tunnel, and go back with the process, however that ends. Who
 * has one and finds the other one free is alone.
 */
#ifndef DAEMON_ALONE_H
#define DAEMON_ALONE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/instant.h"

struct alone {
	const char *name; /* of the two, to which a number is appended */
	int fd;		  /* -1: it is not busy, or is a third one */
	unsigned number;
	struct instant until; /* it counts as busy */
};

/* The name stays the caller's. */
void alone_init(struct alone *alone, const char *name);
/* It is no longer busy. */
void alone_leave(struct alone *alone);
/* True: no other one is busy. It counts for a second. */
must_check bool alone_note(
    struct alone *alone, bool is_busy, struct instant now);
/* When it has to be noted again; INSTANT_NEVER: when it is busy. */
struct instant alone_deadline(const struct alone *alone);

#endif
