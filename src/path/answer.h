/* SPDX-License-Identifier: ISC */
/*
 * ICMP errors and resets about packets that go no further.
 *
 * How it works: the answer goes back where the packet came from. To a peer it
 * passes the outbound stages from `output` on, under one of the tunnel's own
 * addresses. To the host it goes through the device, under the address that
 * the packet was for: the kernel takes no packet from its own address there.
 */
#ifndef PATH_ANSWER_H
#define PATH_ANSWER_H

#include "net/icmp.h"
#include "path/path.h"

/* What became of it. */
enum answer {
	ANSWER_NONE,	/* there may be none, or no way leads back */
	ANSWER_ERROR,	/* ICMP */
	ANSWER_RESET,	/* TCP */
	ANSWER_LIMITED, /* too many already, or no buffer left */
};

/* Answers the parsed packet, which the caller then drops. A dry one has no part
 * in the limit. */
enum answer answer_error(struct path *path, const struct packet *about,
    enum icmp_kind kind, uint32_t value);

/* No way leads to its destination. On tap nobody says so: a bridge does not. */
void answer_unreachable(struct path *path, const struct packet *about);

/* As a rule that rejects does: TCP with a reset, the others with
 * ICMP_PROHIBITED, and what is damaged not at all. */
enum answer answer_reject(struct path *path, const struct packet *about);

#endif
