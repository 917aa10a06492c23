/* SPDX-License-Identifier: ISC */
/*
 * The tun or tap device: IP packets or Ethernet frames that the kernel sends
 * into it, and back.
 *
 * How it works: each read(2) takes one packet and each write(2) gives one; the
 * kernel has nothing that does more at once. But with a virtio-net header
 * before it (struct virtio_net_hdr) one may be a super-packet: many packets of
 * a flow, to be cut after reading (TSO, USO), and put together before writing
 * (GRO), which io/tun_offload.h does. A device that was deleted never
 * heals: its descriptor must be closed and the device opened again.
 *
 * A device with offloads has several queues, each a descriptor and a ring of
 * its own. What is written through one of them makes the kernel put the answers
 * there, too (Documentation/networking/tuntap); flows without answers are
 * spread over all. So what is written goes through the one that its flow's hash
 * says, or through another one while that one is flooded (daemon/queues.h), and
 * what floods one queue fills no other, nor delays what a flood would harm,
 * TCP's acknowledgements for instance: each is read in its turn. Such a device
 * would let a second program in, so it is made only where nobody has it.
 */
#ifndef IO_TUN_H
#define IO_TUN_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/packet.h"

#define TUN_NAME_BYTES 16
/* A flood meets another flow in its queue: one time of about so many. */
#define TUN_QUEUES 8

enum tun_type {
	TUN_TYPE_TUN, /* IP packets */
	TUN_TYPE_TAP, /* Ethernet frames */
};

enum tun_result {
	TUN_DONE,
	TUN_EMPTY,   /* nothing to read now */
	TUN_DROPPED, /* pkt->drop says why; the caller keeps pkt */
	TUN_GONE,    /* the device was deleted */
};

/* What the kernel does for the device's packets. */
struct tun_offload {
	bool has_header; /* a virtio-net header is before each packet */
	bool has_tso;	 /* it hands over and takes TCP super-packets */
	bool has_uso;	 /* and UDP ones */
	bool has_queues; /* tun_open_queue may add some */
	int error;	 /* errno of what it refused, 0: nothing */
};

/*
 * Opens or creates device `name`, non-blocking. With ret_offload, with all the
 * offloads that the kernel has; NULL: without any. Returns the descriptor and
 * fills *ret_name, or a negative errno with a sentence for people in `error`.
 */
must_check int tun_open(enum tun_type type, const char *name,
    struct tun_offload *ret_offload, char ret_name[TUN_NAME_BYTES], char *error,
    size_t room);

/* What tun_open says of an errno for the device; returns it, negative. */
must_check int tun_explain(
    int code, enum tun_type type, const char *name, char *error, size_t room);

/* One more queue of the device that tun_open opened, if it has queues: its
 * descriptor, which is for reading, or negative errno. */
must_check int tun_open_queue(enum tun_type type, const char *name);

/* Of a device without offloads: reads one packet behind the head room of an
 * empty pkt. */
must_check enum tun_result tun_read(int fd, struct packet *pkt);

/* Likewise: writes one packet; never TUN_EMPTY. */
must_check enum tun_result tun_write(int fd, struct packet *pkt);

/* Reads and forgets up to `most` packets; returns how many. */
size_t tun_discard(int fd, size_t most);

/* The device's present name, which the host's users may change. 0 or negative
 * errno. */
must_check int tun_name(int fd, char ret_name[TUN_NAME_BYTES]);

/* Why a write was refused. */
enum drop tun_drop_of_error(int error);

#endif
