/* SPDX-License-Identifier: ISC */
/* The packets of a capture file, through libpcap. */
#ifndef CTL_PACKETS_H
#define CTL_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define PACKETS_ERROR_BYTES 1024

struct packets;

/* Those of `file` ("-": standard input) that the tcpdump expression matches;
 * NULL: all. The
 * caller keeps the name valid. 0, or -1 with `error`. */
must_check int packets_open(struct packets **ret, const char *file,
    const char *expression, char error[PACKETS_ERROR_BYTES]);
void packets_close(struct packets *packets); /* NULL is fine */

/* They begin with an Ethernet header, or with an IP header. */
bool packets_are_frames(const struct packets *packets);

struct packets_one {
	const uint8_t *bytes; /* until the next call */
	size_t len;
	size_t cut; /* bytes that the capture left out */
};

/* 1: *ret is the next one; 0: there is none; -1 with `error`. */
must_check int packets_next(struct packets *packets, struct packets_one *ret,
    char error[PACKETS_ERROR_BYTES]);

#endif
