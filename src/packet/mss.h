/* SPDX-License-Identifier: ISC */
/* The largest segment that a TCP end says it takes (RFC 9293 3.7.1). */
#ifndef PACKET_MSS_H
#define PACKET_MSS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/packet.h"

/* Lowers the option of a parsed SYN to what a link of `mtu` bytes carries, at
 * most `most`, and keeps its checksum right. True: it was larger. */
bool mss_clamp(struct packet *pkt, size_t mtu, size_t most);

#endif
