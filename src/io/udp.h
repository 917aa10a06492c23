/* SPDX-License-Identifier: ISC */
/*
 * The one UDP socket: batches of datagrams in and out.
 *
 * How it works: one dual-stack socket serves both families; where the kernel
 * has no IPv6, or the configured address is IPv4, it is an IPv4 socket.
 * recvmmsg fills packets borrowed from the pool beforehand; with UDP_GRO, large
 * buffers, where the datagrams stay (struct packet, away) until they are
 * opened. Path MTU discovery is off in the form that neither sets DF nor
 * believes what ICMP says.
 */
#ifndef IO_UDP_H
#define IO_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/packet.h"

struct udp;

struct udp_setup {
	struct address listen; /* "::" serves both families */
	uint16_t port;	       /* 0: the kernel chooses */
	struct pool *pool;
	bool wants_gso; /* UDP_SEGMENT where the kernel has it */
	bool wants_gro; /* UDP_GRO likewise */
};

/* 0, or negative errno with a sentence for people in `error`. */
must_check int udp_open(
    struct udp **ret, const struct udp_setup *setup, char *error, size_t room);
/* A second object for the same socket, for a thread that only sends; to be
 * closed before the first. 0 or -ENOMEM. */
must_check int udp_twin(struct udp **ret, const struct udp *of);
/* Gives borrowed packets back; NULL is fine. */
void udp_close(struct udp *udp);

/* UDP_SEGMENT is in use, but for what goes alone. */
bool udp_has_gso(const struct udp *udp);
/* It is not, as this kernel sends some datagrams with a wrong length: Linux 7.0
 * and 7.1, when all segments are equally long. */
bool udp_is_gso_unsound(void);
/* The same of a kernel's release, "7.1.3". */
bool udp_is_release_unsound(const char *release);
/* UDP_GRO is in use. */
bool udp_has_gro(const struct udp *udp);

int udp_fd(const struct udp *udp);
uint16_t udp_port(const struct udp *udp);
/* False where the kernel, or the configured address, knows only IPv4. */
bool udp_has_ipv6(const struct udp *udp);
/* Bytes the kernel really granted. */
size_t udp_receive_buffer_bytes(const struct udp *udp);
size_t udp_send_buffer_bytes(const struct udp *udp);
/* From now on it is no longer than that, if it may be so long. */
void udp_limit_receive_buffer(struct udp *udp, size_t bytes);
void udp_limit_send_buffer(struct udp *udp, size_t bytes);
/* Marks what is sent from now on (SO_MARK); 0 or negative errno. */
must_check int udp_set_mark(struct udp *udp, uint32_t mark);

struct udp_received {
	size_t count;	   /* datagrams appended */
	int64_t came_ns;   /* the first one, since 1970; 0: unknown */
	uint32_t overflow; /* lost since the last call: the buffer was full */
	size_t lost;	   /* received, but the pool had no packet for them */
	bool is_starved;   /* the pool had no packet; nothing was received */
	bool has_more;	   /* perhaps: all that a call takes was there */
	bool has_train;	   /* many datagrams in one packet */
};

/* Appends what there is, up to PACKET_BATCH datagrams; with UDP_GRO until there
 * are that many or more, as the kernel has put them together, many in one
 * packet (packet_is_received_train). The next call, or udp_close, takes the
 * bytes of those that are still away. */
void udp_receive(
    struct udp *udp, struct packet_list *to, struct udp_received *ret);
/* The same of the first that is there, or what the kernel has put together with
 * it, without a look for a second one. */
void udp_receive_one(
    struct udp *udp, struct packet_list *to, struct udp_received *ret);

/* Reads and forgets `most` datagrams, and those that the kernel has put
 * together with them; returns how many. */
size_t udp_discard(struct udp *udp, size_t most);

struct udp_sender {
	/* pkt, a datagram that was not sent, stays the socket's. */
	void (*failed)(void *context, enum drop reason, struct packet *pkt);
	/* The kernel refused the source address that pkt asked for; pkt goes
	 * out without it. */
	void (*source_failed)(void *context, const struct packet *pkt);
	/* The kernel refused segments on pkt's way, with this errno; datagram
	 * by datagram they went. What leaves that way with goes_alone is spared
	 * the attempt. */
	void (*segments_refused)(
	    void *context, int error, const struct packet *pkt);
	void *context;
};

/*
 * Sends the list, datagrams and trains (`segments` of `segment_bytes` each but
 * for a shorter last one, at most PACKET_TRAIN_SEGMENTS and
 * PACKET_TRAIN_BYTES), in order and releases what was sent. 0: the list is
 * empty now. -EAGAIN: the rest is still on it; call again when the socket is
 * writable. One datagram's failure does not stop those behind it.
 */
must_check int udp_send(
    struct udp *udp, struct packet_list *list, const struct udp_sender *sender);

#endif
