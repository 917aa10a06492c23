/* SPDX-License-Identifier: ISC */
/*
 * Sockets inside the tunnel: who gets a datagram, and whether it fits.
 *
 * How it works: a socket is bound to an address (or any) and a UDP port, or to
 * echo requests. sockets_lookup scores as the kernel's compute_score does;
 * socket_admit is sock_queue_rcv_skb: filter and receive buffer, in the order
 * of today's kernel or of the classic one; socket_enqueue puts the datagram at
 * the end of the queue and says `ready` when the queue was empty, and only
 * then: whoever is told reads until there is nothing more. What is admitted is
 * charged until it is read. Nothing here allocates but the functions that
 * make, change and free.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/endpoint.h"
#include "base/packet.h"
#include "packet/bpf.h"

struct socket;
struct sockets;

enum socket_order {
	SOCKET_CLASSIC, /* receive buffer, then filter: before Linux 4.7 */
	SOCKET_KERNEL,	/* filter, then receive buffer */
};

enum socket_protocol {
	SOCKET_UDP,
	SOCKET_ECHO, /* ICMP echo requests of both families; no port */
};

/* What a socket's filter sees. */
enum socket_view {
	SOCKET_VIEW_IP, /* the packet from its IP header on: tcpdump's */
	SOCKET_VIEW_L4, /* from its UDP header on: SO_ATTACH_FILTER's */
};

/* Who may send to a socket. */
struct socket_from {
	bool is_limited; /* false: everybody; else only those of the lists */
	const struct prefix *prefixes;
	size_t prefixes_count;
	const uint32_t *peers; /* packet's from_id */
	size_t peers_count;
};

struct socket_setup {
	enum socket_protocol protocol;
	/* FAMILY_NONE, or "::": any of both families; "0.0.0.0": any of IPv4 */
	struct address address;
	uint16_t port;
	/* A connected one hears only this one; FAMILY_NONE and 0: everybody */
	struct address peer;
	uint16_t peer_port;
	uint32_t rcvbuf_bytes;
	const struct bpf_instruction *filter; /* checked; NULL: none */
	size_t filter_count;
	enum socket_view view;
	struct socket_from from;
	void *user; /* the caller's own */
};

struct sockets_setup {
	struct pool *pool;
	enum socket_order order;
	/* True bytes that all queues together may hold. */
	uint32_t memory_bytes;
	/* The queue of this socket is no longer empty. */
	void (*ready)(void *context, struct socket *socket);
	void *context;
};

/* 0 or -ENOMEM. sockets_free frees all sockets, with what they hold. */
must_check int sockets_new(
    struct sockets **ret, const struct sockets_setup *setup);
void sockets_free(struct sockets *sockets); /* NULL is fine */
void sockets_set_order(struct sockets *sockets, enum socket_order order);

/* Copies filter and `from`. 0, -ENOMEM, -EINVAL (the filter is refused), or
 * -EADDRINUSE: another one would score the same. */
must_check int socket_add(struct sockets *sockets, struct socket **ret,
    const struct socket_setup *setup);
/* Of two tables with one pool: what `old` holds and counts, and whether it is
 * open, becomes that of `heir`, which holds nothing yet. Its own buffer and
 * filter are for what comes from now on. */
void socket_inherit(struct sockets *heirs, struct socket *heir,
    struct sockets *olds, struct socket *old);
/* Frees it and what it holds. */
void socket_remove(struct sockets *sockets, struct socket *socket);

/* A closed socket is not there for lookups, and holds nothing. New ones are
 * open. */
void socket_set_open(struct sockets *sockets, struct socket *socket, bool open);
bool socket_is_open(const struct socket *socket);

/* The socket that a parsed packet, no later fragment, is for; or NULL. */
struct socket *sockets_lookup(
    const struct sockets *sockets, const struct packet *pkt);
/* It is bound to just one address, that of its setup. */
bool socket_has_address(const struct socket *socket);

/*
 * Filter and receive buffer for a datagram (packet_check_udp has passed it)
 * or an echo request whose true_bytes are set: DROP_NONE, and it is charged
 * and perhaps trimmed by the filter; or SOCKET_FILTER, SOCKET_RCVBUFF,
 * PROTO_MEM or, as nobody may read a damaged one, UDP_CSUM or ICMP_CSUM. Counts
 * for the socket.
 */
must_check enum drop socket_admit(
    struct sockets *sockets, struct socket *socket, struct packet *pkt);
/* The same, and nothing is counted or charged. */
must_check enum drop socket_judge(
    struct sockets *sockets, struct socket *socket, struct packet *pkt);
/* Consumes pkt, which was admitted. */
void socket_enqueue(
    struct sockets *sockets, struct socket *socket, struct packet *pkt);

/* The oldest one, now the caller's and no longer charged; NULL: none. */
must_check struct packet *socket_receive(
    struct sockets *sockets, struct socket *socket);

/* No socket's `from` has that peer any more; whose had no other, lets nobody
 * in. */
void sockets_forget_id(struct sockets *sockets, uint32_t peer);

/* ---- reading ---- */

/* The next socket after `socket` (NULL: the first), or NULL. */
struct socket *sockets_next(
    const struct sockets *sockets, const struct socket *socket);
/* Its setup; filter, `from` and their counts are its own copies. */
const struct socket_setup *socket_setup(const struct socket *socket);

struct socket_status {
	uint32_t used_bytes;	   /* of the receive buffer, in true bytes */
	uint32_t queued;	   /* packets */
	uint64_t rx_packets;	   /* admitted */
	uint64_t rx_bytes;	   /* their IP packets */
	uint64_t rx_read;	   /* of them, by the reader */
	uint64_t drops;		   /* in all */
	const uint64_t *by_reason; /* DROP_COUNT of them */
};
void socket_status(const struct socket *socket, struct socket_status *ret);

/* True bytes in all queues. */
uint32_t sockets_used_bytes(const struct sockets *sockets);

#endif
