/* SPDX-License-Identifier: ISC */
/* A socket's receive buffer, charged as the kernel charges it. */
#include "net/rcvbuf.h"

#include <assert.h>
#include <stddef.h>

#define PAGE_BYTES	 4096
#define DESCRIPTOR_BYTES 256 /* struct sk_buff, aligned */
#define SHARED_BYTES	 320 /* struct skb_shared_info, aligned */
#define PAD_BYTES	 64  /* NET_SKB_PAD, before the packet */
#define SMALL_BYTES	 576 /* skb_small_head_cache */

/* Sizes of memory that the kernel takes the head from. */
static const uint32_t heads[] = {SMALL_BYTES, 1024, 2048, PAGE_BYTES};

uint32_t rcvbuf_true_bytes(uint32_t ip_bytes)
{
	uint32_t whole = PAD_BYTES + ip_bytes + SHARED_BYTES;

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (whole <= heads[i])
			return heads[i] + DESCRIPTOR_BYTES;
	return (whole + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES +
	       DESCRIPTOR_BYTES;
}

bool rcvbuf_has_room(const struct rcvbuf *buffer, uint32_t true_bytes)
{
	return !buffer->used_bytes ||
	       (uint64_t)buffer->used_bytes + true_bytes <= buffer->limit_bytes;
}

void rcvbuf_charge(struct rcvbuf *buffer, uint32_t true_bytes)
{
	buffer->used_bytes += true_bytes;
}

void rcvbuf_release(struct rcvbuf *buffer, uint32_t true_bytes)
{
	assert(buffer->used_bytes >= true_bytes);
	buffer->used_bytes -= true_bytes;
}
