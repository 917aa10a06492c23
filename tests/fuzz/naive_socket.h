/* SPDX-License-Identifier: ISC */
/* Lookup of sockets, once more and without scores: all wishes in order. */
#ifndef NAIVE_SOCKET_H
#define NAIVE_SOCKET_H

#include "net/socket.h"

/* Of a table in which no two score the same. */
struct socket *naive_socket_find(
    const struct sockets *sockets, const struct packet *pkt);

#endif
