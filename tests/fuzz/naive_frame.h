/* SPDX-License-Identifier: ISC */
/* A second, simple reading of Ethernet frames, written from the standards and
 * not from the parser: the two have to agree. */
#ifndef FUZZ_NAIVE_FRAME_H
#define FUZZ_NAIVE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct naive_frame {
	bool is_cut; /* shorter than its Ethernet header; nothing else is set */
	size_t l2;   /* bytes of Ethernet header */
	unsigned vlan, ethertype;
	unsigned version; /* 4, 6, or 0: no whole IP packet */
	size_t ip_bytes;
	bool is_hidden; /* IP that some hosts see and the parser does not */
	bool is_first_fragment, is_later_fragment;
	size_t l4; /* offset in the frame */
	unsigned l4_protocol;

	bool is_damaged; /* ARP or ND message that is not well formed */
	size_t claimed;	 /* offset of the claimed address; 0: none */
	size_t claimed_bytes;
	size_t mac; /* offset of the claimed MAC address; 0: none */
	bool is_router, is_dhcp_server;
};

struct naive_frame naive_read(const uint8_t *frame, size_t len);

#endif
