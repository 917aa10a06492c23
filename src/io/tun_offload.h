/* SPDX-License-Identifier: ISC */
/*
 * Many packets a call: a tun or tap device with virtio-net headers.
 *
 * How it works: what is read is a packet of the pool, its TCP or UDP checksum
 * as the kernel leaves it (CHECKSUM_PARTIAL); a whole stays one while the pool
 * has large packets, and is cut without. A chain (packet/coalesce.h) is written
 * as the whole that it is. One that the kernel refuses (EINVAL) goes out packet
 * by packet, as all of that kind then do.
 */
#ifndef IO_TUN_OFFLOAD_H
#define IO_TUN_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/packet.h"
#include "io/tun.h"

/* The largest IP packet, and an Ethernet header with its tags. */
#define TUN_WHOLE_BYTES (65535 + 64)

struct tun_batch;

struct tun_batch_setup {
	enum tun_type type;
	const struct tun_offload *offload; /* of tun_open */
	struct pool *pool;
};

/* 0 or -ENOMEM. */
must_check int tun_batch_new(
    struct tun_batch **ret, const struct tun_batch_setup *setup);
void tun_batch_free(struct tun_batch *batch);

/* What a read was. */
struct tun_taken {
	size_t lost;	/* packets that the pool had none for */
	size_t refused; /* wholes that can not be cut */
	enum drop drop; /* why */
};

/* Reads one packet or whole, and appends it, or what it is cut into, to `to`,
 * a super-packet parsed: its segments fit pool_largest. TUN_DONE,
 * TUN_EMPTY or TUN_GONE. */
must_check enum tun_result tun_batch_read(struct tun_batch *batch, int fd,
    struct packet_list *to, struct tun_taken *ret);

struct tun_writer {
	/* Consumes pkt, which was not written; pkt->drop says why. */
	void (*failed)(void *context, struct packet *pkt);
	void *context;
};

/* Chains of TCP, of UDP are written in one piece. */
must_check bool tun_batch_joins_tcp(const struct tun_batch *batch);
must_check bool tun_batch_joins_udp(const struct tun_batch *batch);

/* Writes the list, which is empty then, and releases what was written. TUN_DONE
 * or TUN_GONE. */
must_check enum tun_result tun_batch_write(struct tun_batch *batch, int fd,
    struct packet_list *list, const struct tun_writer *writer);

/* What was switched off since: errno, 0 nothing. */
int tun_batch_tcp_error(const struct tun_batch *batch);
int tun_batch_udp_error(const struct tun_batch *batch);
/* What another one of the same device has found out. */
void tun_batch_learn(struct tun_batch *batch, const struct tun_batch *other);

#endif
