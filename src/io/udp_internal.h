/* SPDX-License-Identifier: ISC */
/* What the three files of the UDP socket share. */
#ifndef IO_UDP_INTERNAL_H
#define IO_UDP_INTERNAL_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "io/sockaddr.h"
#include "io/udp.h"

/* Room for the source address, the ECN bits, the time, the overflow counter and
 * the segment size, of both families, as a mapped datagram brings the options
 * of both. */
#define UDP_CONTROL_BYTES                                                      \
	(CMSG_SPACE(sizeof(struct in6_pktinfo)) +                              \
	    CMSG_SPACE(sizeof(struct in_pktinfo)) +                            \
	    CMSG_SPACE(sizeof(struct timespec)) + 4 * CMSG_SPACE(sizeof(int)))

/* With UDP_GRO each buffer takes what the kernel has put together: at most 64
 * datagrams of one size, but for a shorter last one. */
#define UDP_GRO_SLOTS 4
#define UDP_GRO_BYTES 65536

struct udp_slot {
	union sockaddr_any name;
	struct iovec bytes;
	_Alignas(struct cmsghdr) uint8_t control[UDP_CONTROL_BYTES];
	struct packet *pkt; /* borrowed, or being sent */
};

struct udp {
	int fd;
	bool is_twin; /* the descriptor is another one's */
	int family;   /* AF_INET or AF_INET6 */
	uint16_t port;
	struct pool *pool;
	uint32_t overflow; /* as the kernel counts it */
	struct udp_slot rx[PACKET_BATCH], tx[PACKET_BATCH];
	struct mmsghdr rx_headers[PACKET_BATCH], tx_headers[PACKET_BATCH];
	uint8_t *gro_bytes; /* UDP_GRO_SLOTS buffers; NULL: no UDP_GRO */
	/* what is sent at once, see udp_send.c */
	bool has_gso;
	uint64_t failures; /* of single datagrams */
	struct mmsghdr runs[PACKET_BATCH];
	struct iovec run_bytes[PACKET_BATCH];
	size_t run_first[PACKET_BATCH + 1];
	/* a train whose datagrams go one by one */
	struct mmsghdr train[PACKET_BATCH];
	struct iovec train_bytes[PACKET_BATCH];
};

/* ---- udp_receive.c ---- */

/* Receives into the first `count` slots; returns how many it filled. */
size_t udp_receive_some(struct udp *udp, size_t count);
/* Endpoint, ECN and segment size (segment_bytes) of the datagram in a slot. */
void udp_describe_received(
    struct udp *udp, size_t idx, struct packet *pkt, struct udp_received *ret);

/* ---- udp_gro.c ---- */

/* Switches UDP_GRO on where the kernel has it. */
void udp_gro_begin(struct udp *udp);
void udp_gro_receive(
    struct udp *udp, struct packet_list *to, struct udp_received *ret);
void udp_gro_receive_one(
    struct udp *udp, struct packet_list *to, struct udp_received *ret);

#endif
