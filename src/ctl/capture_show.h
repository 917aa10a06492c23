/* SPDX-License-Identifier: ISC */
/* The records of a capture, as lines for people and as blocks of pcapng. */
#ifndef CTL_CAPTURE_SHOW_H
#define CTL_CAPTURE_SHOW_H

#include "api/capture.h"
#include "ctl/paper.h"

/* A block of pcapng with all that a part of the stream can have in it. */
#define CAPTURE_BLOCK_BYTES (65536 + 1024)

/* "12:03:22.123456 in branch udp 10.9.0.7:4000 > 10.9.0.1:53 len 80", with the
 * end of the line. */
void capture_print(const struct paper *paper,
    const struct capture_record *record, bool is_ethernet);

/* Section and interface. */
must_check size_t capture_write_begin(
    uint8_t *to, size_t room, const char *tunnel, bool is_ethernet);
/* `lost`: packets, before this one. */
must_check size_t capture_write_packet(uint8_t *to, size_t room,
    const struct capture_record *record, uint64_t lost);

#endif
