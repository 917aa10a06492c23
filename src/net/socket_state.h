/* SPDX-License-Identifier: ISC */
/* The inside of sockets: what the files of net/socket*.c share. */
#ifndef NET_SOCKET_STATE_H
#define NET_SOCKET_STATE_H

#include "net/rcvbuf.h"
#include "net/socket.h"

struct socket {
	struct socket_setup setup; /* filter and `from` are our own copies */
	struct socket *next;	   /* in the order of adding */
	bool is_open;
	struct rcvbuf buffer;
	struct packet_list queue;
	uint64_t rx_packets, rx_bytes, rx_read;
	uint64_t drops[DROP_COUNT];
};

#define SOCKET_PORT_WORDS (65536 / 64)

struct sockets {
	struct sockets_setup setup;
	struct socket *first;
	uint32_t used_bytes; /* of all buffers */
	/* One bit for each port that an open socket is bound to, so that most
	 * packets need no walk. */
	uint64_t ports[SOCKET_PORT_WORDS];
};

#endif
