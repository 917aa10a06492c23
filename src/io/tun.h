/* SPDX-License-Identifier: ISC */
/*
 * The tun or tap device: IP packets or Ethernet frames that the kernel sends
 * into it, and back.
 *
 * How it works: each read(2) takes one packet and each write(2) gives one; the
 * kernel has nothing that does more at once. A device that was deleted never
 * heals: its descriptor must be closed and the device opened again.
 */
#ifndef IO_TUN_H
#define IO_TUN_H

#include "base/attributes.h"
#include "base/packet.h"

#define TUN_NAME_BYTES 16

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

/*
 * Opens or creates device `name`, non-blocking. Returns the descriptor and
 * fills *ret_name, or a negative errno with a sentence for people in `error`.
 */
must_check int tun_open(enum tun_type type, const char *name,
    char ret_name[TUN_NAME_BYTES], char *error, size_t room);

/* Reads one packet behind the head room of an empty pkt. */
must_check enum tun_result tun_read(int fd, struct packet *pkt);

/* Writes one packet; never TUN_EMPTY. */
must_check enum tun_result tun_write(int fd, struct packet *pkt);

/* Reads and forgets up to `most` packets; returns how many. */
size_t tun_discard(int fd, size_t most);

/* The device's present name, which the host's users may change. 0 or negative
 * errno. */
must_check int tun_name(int fd, char ret_name[TUN_NAME_BYTES]);

#endif
