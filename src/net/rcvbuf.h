/* SPDX-License-Identifier: ISC */
/*
 * A socket's receive buffer, charged as the kernel charges it: not by what a
 * datagram says, but by the memory that it occupies.
 *
 * How it works: the kernel puts a packet that comes from a tun device into one
 * piece of kmalloc'd memory up to a page, and the rest into whole pages, and
 * adds its own descriptor (tun_alloc_skb, SKB_TRUESIZE). tests/netns compares
 * each size with the running kernel's. Not modelled: for one of more than a
 * page that a filter trims to less, the kernel charges less once the buffer is
 * half full (skb_condense).
 */
#ifndef NET_RCVBUF_H
#define NET_RCVBUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define RCVBUF_DEFAULT 212992 /* net.core.rmem_default */
#define RCVBUF_MIN     2304   /* the kernel's SOCK_MIN_RCVBUF */

struct rcvbuf {
	uint32_t limit_bytes;
	uint32_t used_bytes;
};

/* What the kernel charges for an IP packet of that length. */
uint32_t rcvbuf_true_bytes(uint32_t ip_bytes);

/* As __udp_enqueue_schedule_skb: an empty buffer takes any size. */
must_check bool rcvbuf_has_room(
    const struct rcvbuf *buffer, uint32_t true_bytes);

void rcvbuf_charge(struct rcvbuf *buffer, uint32_t true_bytes);
/* Gives back what was charged. */
void rcvbuf_release(struct rcvbuf *buffer, uint32_t true_bytes);

#endif
