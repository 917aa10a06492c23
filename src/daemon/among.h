/* SPDX-License-Identifier: ISC */
/*
 * Which one of the vpnd's on this host a placed one is: each second one has its
 * two CPUs the other way round, or the busy directions of all of them would
 * share one while the other is idle.
 *
 * How it works: a number is an abstract Unix socket that is bound and nothing
 * else. So it is one's own in this network namespace, which is what a host is
 * to a tunnel, and goes back with the process, however that ends.
 */
#ifndef DAEMON_AMONG_H
#define DAEMON_AMONG_H

#include "base/attributes.h"

#define AMONG_MAX 64

/* The lowest number of that name that is free, below AMONG_MAX, and a
 * descriptor that keeps it, the caller's. -1: there is none, or no descriptor.
 */
must_check int among_take(const char *name, unsigned *ret);

#endif
