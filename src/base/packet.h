/* SPDX-License-Identifier: ISC */
/*
 * A packet, the lists it travels on, and the fixed pool it comes from.
 *
 * How it works: a pool is one mapping that holds `count` packets, each with a
 * buffer of `buffer_bytes`. The packet's bytes are buffer[offset ..
 * offset+len). PACKET_HEAD_BYTES before them take the outer header,
 * PACKET_TAIL_BYTES behind them padding and tag, so that sealing and opening
 * happen in place. A packet is on one list or held by one owner at any time;
 * released packets are poisoned, and the pool counts them. A few large packets
 * beside the others take what is no packet yet, or no more: a super-packet in
 * one piece, and the datagrams that it becomes, one after the other.
 */
#ifndef BASE_PACKET_H
#define BASE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/endpoint.h"
#include "base/instant.h"
#include "base/mac.h"

struct peer;
struct socket;

/* Outer header 16, largest frame header, and room to grow. */
#define PACKET_HEAD_BYTES 64
/* Padding up to 15, tag 16. */
#define PACKET_TAIL_BYTES 32
#define PACKET_BATCH	  64 /* packets that one turn carries at most */

/* Datagrams that one call sends: kernels before 6.9 take 64, headers counted;
 * and one datagram in all, which with IPv6's and Ethernet's headers and a tag
 * has to be less than a device's 64 KiB. */
#define PACKET_TRAIN_SEGMENTS 63
#define PACKET_TRAIN_BYTES    65400

/* Of a datagram that is left where it was received (struct packet, away). */
#define PACKET_PEEK_BYTES 16

/* What is known of the L4 checksum. */
enum checksum_state {
	CHECKSUM_FULL,	   /* complete, not verified */
	CHECKSUM_PARTIAL,  /* holds the pseudo-header sum only */
	CHECKSUM_VERIFIED, /* complete and verified */
};

/* Which packet of a flow it is, in the words of the kernel's `ct state`. */
enum flow_state {
	FLOW_NONE,	  /* nobody looked */
	FLOW_NEW,	  /* of a flow that has not been answered */
	FLOW_ESTABLISHED, /* of one that has, or the answer itself */
	FLOW_RELATED,	  /* an ICMP error about a packet of a flow */
	FLOW_INVALID,	  /* can neither belong to a flow nor begin one */
	FLOW_UNTRACKED,	  /* is no business of flows: ARP, ND, MLD */
};

/* A first-in first-out list; zero is empty. */
struct packet_list {
	struct packet *first;
	struct packet *last;
	size_t len;
};

struct packet {
	struct packet *next;
	uint8_t *buffer;
	uint32_t buffer_bytes;
	uint32_t offset;
	uint32_t len;
	/* A datagram as it was received, whose bytes are to be read there and
	 * not in `buffer`, which has the first PACKET_PEEK_BYTES: until it is
	 * opened or fetched (packet_fetch). NULL: `buffer` has all. It may be
	 * many datagrams, a received train (packet_is_received_train). */
	const uint8_t *away;

	/* who and whither */
	struct peer *peer;	  /* it came from, or goes to; not owned */
	struct peer *to_peer;	  /* where it is forwarded to, from `peer` */
	uint32_t from_id, to_id;  /* tunnel_peer_id; 0: the host, or unknown */
	struct endpoint endpoint; /* outer: from (received), to (sent) */
	uint8_t outer_ecn;	  /* two bits, received or to be sent */
	bool is_data;		  /* sealed data, no handshake message */
	bool is_truncated;	  /* the socket cut it */
	bool is_sealed;		  /* a datagram, ready for the socket */
	bool goes_alone;	  /* not as a segment of a larger send */

	/* what the Ethernet parser found; l2_bytes 0: there is no frame (tun)
	 */
	uint8_t l2_bytes;   /* header with its VLAN tags */
	uint16_t vlan;	    /* of the outermost tag; 0: none, or priority */
	uint16_t ethertype; /* behind the tags */
	struct mac source_mac, destination_mac;

	/* what the inner parser found; valid after it returned DROP_NONE */
	uint8_t family;	     /* 4 or 6 */
	uint8_t l4_protocol; /* after IPv6 extension headers */
	uint8_t inner_ecn;
	bool is_fragment;	/* any fragment */
	bool is_later_fragment; /* no L4 header inside */
	uint16_t l3_bytes;	/* header with options or extensions */
	uint32_t ip_bytes;	/* the IP packet, without what is behind it */
	bool has_l4;		/* its L4 header is whole */
	uint8_t ttl;		/* hop limit */
	uint8_t tcp_flags;
	uint8_t icmp_type, icmp_code;
	uint16_t fragment_offset; /* bytes */
	uint32_t fragment_id;	  /* IPv4: always; IPv6: of a fragment */
	uint16_t source_port, destination_port;
	struct address source, destination;
	uint32_t flow_hash; /* of the 5-tuple; 0 when not parsed */

	/* what the flow table found (net/flow.h) */
	enum flow_state flow_state;
	uint32_t flow_generation; /* of the rules that accepted it; 0: none */
	uint32_t flow_peer;	  /* id of the other end, as the flow has it */
	/* of the rules that were asked before the route; 0: none were */
	uint32_t rules_generation;
	bool is_answer;		  /* of ours, about one that was refused */
	/* a trial: nothing is counted, kept, or changed, and who would take the
	 * packet leaves it where it is */
	bool is_dry;
	bool is_traced; /* each stage reports what it decided (path/trace.h) */
	uint32_t trace_id; /* of a traced one: tells it from others */

	/* a super-packet: `segments` of `segment_bytes` payload each, but for a
	 * shorter last one; sealed: datagrams of `segment_bytes` */
	uint16_t segment_bytes; /* 0: an ordinary packet */
	uint16_t segments;	/* 1 for an ordinary packet */
	enum checksum_state checksum;
	/* a chain: the segments behind this one, which is the first, each whole
	 * with headers of its own (packet/coalesce.h) */
	struct packet_list rest;
	bool is_parsed; /* gro has read the headers: bytes have not changed */

	/* sealing and opening */
	uint64_t counter;
	uint64_t generation;  /* protocol's: of the keypair it came under */
	uint8_t frame;	      /* enum wire_frame of what it carries, 0: IP */
	bool is_bundled;      /* its bytes are in another one */
	bool is_ours;	      /* made by vpnd: keepalive, HELLO, ECHO ... */
	uint32_t plain_bytes; /* inner length before compression */
	enum drop drop;	      /* set by the stage that dropped it */

	struct instant waits_since; /* in a queue of net/fq.h */

	/* in vpnd's own stack */
	struct socket *socket; /* that it is for; not owned */
	uint32_t true_bytes;   /* what it is charged (net/rcvbuf.h) */
};

void packet_list_push(struct packet_list *list, struct packet *pkt);
/* The first one, now owned by the caller, or NULL. */
struct packet *packet_list_pop(struct packet_list *list);
/* Moves all of `from` behind `to`. */
void packet_list_append(struct packet_list *to, struct packet_list *from);

/* The packet of a chain behind `at`, from the first one on; NULL: it was the
 * last, or there is no chain. */
static inline struct packet *packet_behind(
    const struct packet *chain, const struct packet *at)
{
	return at == chain ? chain->rest.first : at->next;
}

/* Of a first packet, or a copy of one, that the others are taken from. */
static inline void packet_forget_chain(struct packet *pkt)
{
	if (!pkt->rest.first)
		return;
	pkt->rest = (struct packet_list){0};
	pkt->segments = 1;
	pkt->segment_bytes = 0;
}

/* Appends a chain's packets one by one, or what is no chain. */
void packet_take_apart(struct packet *chain, struct packet_list *to);

/* Two packets of one pool, both large or neither, exchange their buffers;
 * offsets stay. */
void packet_swap_buffers(struct packet *a, struct packet *b);

struct pool;

/* Threads that may use pools at a time. */
#define POOL_THREADS 2

/* The calling thread's number, which no other one that runs has; at first 0.
 * What a thread has given back, up to some dozen packets, it gets first. */
void pool_set_thread(unsigned number);

/*
 * A pool of `count` packets with room for `largest` bytes between head and
 * tail room. 0 or -ENOMEM. pool_free asserts that all packets came back.
 */
must_check int pool_new(struct pool **ret, size_t count, size_t largest);
void pool_free(struct pool *pool);
/* Adds large ones, once, which pool_available and the like do not count. 0 or
 * -ENOMEM. */
must_check int pool_add_large(struct pool *pool, size_t count, size_t largest);

/* An empty packet with offset PACKET_HEAD_BYTES, all else zero (segments 1);
 * NULL when all are in use. The caller owns it. */
must_check struct packet *pool_get(struct pool *pool);
/* The same, a large one. */
must_check struct packet *pool_get_large(struct pool *pool);
/* Consumes pkt, a chain as a whole; NULL is fine. */
void pool_put(struct pool *pool, struct packet *pkt);
void pool_put_list(struct pool *pool, struct packet_list *list);

/*
 * Another packet with the same bytes and fields, on no list, large when it has
 * to be; of a chain, of its first packet only. The caller owns it. NULL when
 * all are in use (or pkt is longer than any).
 */
must_check struct packet *packet_copy(
    struct pool *pool, const struct packet *pkt);

/* `to` gets all fields but those that say where its bytes are, and stays where
 * it is in its list. */
void packet_copy_fields(struct packet *to, const struct packet *from);

size_t pool_available(const struct pool *pool);
size_t pool_count(const struct pool *pool);
/* Largest `len` of a packet with the standard head and tail room. */
size_t pool_largest(const struct pool *pool);

static inline uint8_t *packet_data(const struct packet *pkt)
{
	return pkt->buffer + pkt->offset;
}

/* Sealed: many datagrams in one packet. */
static inline bool packet_is_train(const struct packet *pkt)
{
	return pkt->is_sealed && pkt->segments > 1 && pkt->segment_bytes;
}

/* As it was received: `segments` datagrams of one sender, of `segment_bytes`
 * each, but for a shorter last one. Its buffer is too small for them. */
static inline bool packet_is_received_train(const struct packet *pkt)
{
	return pkt->away && pkt->segments > 1;
}

/* The IP packet (or what else the frame carries) and all that is behind it. */
static inline uint8_t *packet_l3(const struct packet *pkt)
{
	return packet_data(pkt) + pkt->l2_bytes;
}

static inline uint32_t packet_l3_len(const struct packet *pkt)
{
	return pkt->len - pkt->l2_bytes;
}

/* Its bytes come from where the socket has them. */
static inline void packet_fetch(struct packet *pkt)
{
	if (!pkt->away)
		return;
	memcpy(packet_data(pkt), pkt->away, pkt->len);
	pkt->away = NULL;
}

/* What is to be read of `len` bytes there comes into the buffer. */
static inline void packet_leave(
    struct packet *pkt, const uint8_t *bytes, uint32_t len)
{
	pkt->away = bytes;
	pkt->len = len;
	memcpy(packet_data(pkt), bytes,
	    len < PACKET_PEEK_BYTES ? len : PACKET_PEEK_BYTES);
}

/* Bytes behind the data that may still be written. */
static inline size_t packet_tail_room(const struct packet *pkt)
{
	return pkt->buffer_bytes - pkt->offset - pkt->len;
}

#endif
