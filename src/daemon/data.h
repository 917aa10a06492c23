/* SPDX-License-Identifier: ISC */
/*
 * The data path's two directions: device to socket, socket to device.
 *
 * How it works: a call carries a few batches to their end: read, core, write.
 * What the socket does not take stays in order on the backlog; until it is
 * empty, what the device has more waits in the path (path_set_blocked),
 * unsealed, until that is full, too. Where there are two threads, each has a
 * `struct data` with a batch and a socket object of its own.
 */
#ifndef DAEMON_DATA_H
#define DAEMON_DATA_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/packet.h"
#include "core/core.h"
#include "daemon/habit.h"
#include "daemon/queues.h"
#include "daemon/threads.h"
#include "daemon/underlay.h"
#include "io/tun_offload.h"
#include "io/udp.h"
#include "net/backlog.h"

struct data_device {
	int fd; /* -1: the device is gone */
	struct queues queues;
	/* So much may wait in the socket: what the leading one found out. */
	atomic_size_t sending_bytes;
};

struct data {
	struct data_device *device;
	size_t queue; /* the one of them that is being read */
	struct habit habits[TUN_QUEUES];
	struct habit wire;	/* of the socket, likewise */
	struct backlog waiting; /* in the UDP socket, to be read */
	struct backlog sending; /* in it, to be sent */
	struct instant blocked_since;
	struct tun_batch *batch; /* NULL: the device has no offloads */
	struct udp *udp;
	struct pool *pool;
	struct core *core;
	struct underlay *underlay;
	const struct moment *moment;	     /* of this turn */
	struct threads *threads;	     /* NULL: there is one */
	struct packet_list backlog;	     /* sealed, for the socket */
	struct packet_list received;	     /* for the device */
	bool has_told, joins_tcp, joins_udp; /* the path, of the device */
	bool has_told_blocked, has_told_slow;
	bool is_leading;   /* decides how much may wait in the socket */
	bool is_releasing; /* there is room for those who wait, but no time */
	bool holds;	   /* some wait for the socket, of either thread */
	bool is_device_gone;
	bool has_carried; /* packets, in this turn */
	bool has_more;	  /* to carry, perhaps: a batch was full */
	uint64_t tcp_segments, other_segments; /* carried in this turn */
	uint64_t out_bytes, in_bytes; /* read from the device, from the wire */
};

/* Reads from one of the device's queues. */
void data_from_device(struct data *data, size_t queue);
void data_from_wire(struct data *data);
/* What the host has answered at once to what was written in this turn. */
void data_from_answering(struct data *data);
/* What the device does for the path, which may change with each write. */
void data_tell_path(struct data *data);
/* Carries out what the core has made. */
void data_flush(struct data *data);
/* The socket has room for less than what waits; or for all of it, which is to
 * be released when it is the next one's turn. */
bool data_is_blocked(const struct data *data);
/* There is a place for what the device has, in the socket or before it. */
bool data_wants_more(struct data *data);
/* Whether there were packets since this was asked last. */
bool data_has_carried(struct data *data);
/* Whether there was a full batch since this was asked last, and more packets
 * that were not TCP than were. */
bool data_is_flooded(struct data *data);
/* Drops what waits. */
void data_clear(struct data *data);

#endif
