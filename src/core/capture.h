/* SPDX-License-Identifier: ISC */
/*
 * Captures: packets copied for somebody who looks on.
 *
 * How it works: the path shows packets (captures_show is its `watch`), each
 * capture decides whether it wants them: by where they were seen, by its
 * program (before anything is copied), and by their peer. What it wants goes as
 * a record (api/capture.h) into its ring, which its client empties at leisure;
 * without room a packet is lost, and the next record says how many were. So a
 * capture never delays a packet, and never changes one.
 *
 * Datagrams are shown with the IP and UDP headers that they had: those of a
 * socket are made again (packet/envelope.h). A super-packet is one record; a
 * program sees the length of one of its segments.
 */
#ifndef CORE_CAPTURE_H
#define CORE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/capture.h"
#include "base/attributes.h"
#include "packet/bpf.h"
#include "path/path.h"

#define CAPTURES_MAX	   4 /* at once */
#define CAPTURE_RING_BYTES (1 << 20)

struct capture;

/* Of a tunnel; zero is empty but for the first members. */
struct captures {
	struct path *path;
	bool is_ethernet;  /* else packets begin with an IP header */
	uint16_t own_port; /* of our datagrams */
	/* The name of the peer that a packet is from or for, "" unknown; is
	 * asked only about packets that a program accepted. */
	const char *(*peer_name)(void *context, const struct path_sight *sight);
	void *context;
	struct capture *list[CAPTURES_MAX];
	uint8_t *scratch; /* a datagram with its headers */
	bool has_news;	  /* a record came; whoever takes them resets it */
};

struct capture_want {
	unsigned watched;		 /* bits of enum path_watched */
	const char *peer;		 /* name; NULL: all */
	struct bpf_instruction *program; /* that bpf_check accepted; it is
					    consumed. NULL: all */
	uint32_t snap_bytes; /* of each packet, at most CAPTURE_SNAP_MAX */
	uint32_t count;	     /* ends after so many packets; 0: never */
};

/* Begins one. 0, -ENOMEM, or -EBUSY: there are CAPTURES_MAX. */
must_check int captures_begin(struct captures *captures, struct capture **ret,
    const struct capture_want *want);
/* Ends all. */
void captures_clear(struct captures *captures);

/* The path's watch; `context` is the captures. */
void captures_show(void *context, const struct path_sight *sight);

/* The functions of a stream's source (daemon/stream.h). */
size_t capture_take(struct capture *capture, uint8_t *to, size_t room);
bool capture_is_over(const struct capture *capture);
void capture_stop(struct capture *capture);
/* Ends it. */
void capture_free(struct capture *capture);

#endif
