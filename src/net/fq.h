/* SPDX-License-Identifier: ISC */
/*
 * A queue that is fair to flows and controls their delay, as fq_codel
 * (RFC 8290).
 *
 * How it works: flows are told apart by their hash, and have a queue each, under
 * CoDel (net/codel.h). They take turns of about one packet's bytes; one that
 * comes new has its first turn before all that have had theirs, so that what
 * sends little hardly waits. Who gets notice is marked, where its sender
 * understands that (ECN), or dropped. When all together is too much, the first
 * packet of the longest queue goes, so that no flow can push another out.
 */
#ifndef NET_FQ_H
#define NET_FQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/packet.h"
#include "net/codel.h"

struct fq;

/* What a packet is charged at least: small ones hold buffers, too. */
#define FQ_CHARGE_MIN 512

/* Beside the packets that were taken; counts are added to. */
struct fq_news {
	struct packet_list dropped; /* the caller's, with their reasons */
	uint64_t marked;	    /* packets, segments counted */
};

/* For that many flows, or fewer when they meet. 0 or -ENOMEM. */
must_check int fq_new(struct fq **ret, size_t flows);
/* It is empty; NULL is fine. */
void fq_free(struct fq *fq);

/* At most so many bytes wait, as they are charged (one packet of any size always
 * may); a full packet takes that long to leave. */
void fq_set_limits(struct fq *fq, size_t bytes_max, int64_t packet_ns);

/* The packet, parsed, waits: or it is on the list of those dropped. */
void fq_put(struct fq *fq, struct packet *pkt, struct instant now,
    struct fq_news *news);
/* The first packet of the longest queue, if there is one, is dropped. */
void fq_drop_one(struct fq *fq, struct fq_news *news);
/* Whose turn it is, or NULL: it is empty. */
must_check struct packet *fq_take(
    struct fq *fq, struct instant now, struct fq_news *news);
/* All for this peer, by its number; the others keep their order. */
void fq_take_out(struct fq *fq, uint32_t to_id, struct packet_list *ret);
/* Any one, or NULL. */
must_check struct packet *fq_give_up(struct fq *fq);

bool fq_is_empty(const struct fq *fq);
bool fq_is_full(const struct fq *fq);
size_t fq_bytes(const struct fq *fq);

#endif
