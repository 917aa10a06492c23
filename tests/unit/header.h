/* SPDX-License-Identifier: ISC */
/* Gives an IPv4 header that a test made or changed its right checksum. */
#ifndef HEADER_H
#define HEADER_H

#include "packet/checksum.h"
#include "packet/ip.h"

static inline void header_finish(uint8_t *header, size_t bytes)
{
	checksum_store(header + IPV4_CHECKSUM, 0);
	checksum_store(header + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, header, bytes)));
}

#endif
