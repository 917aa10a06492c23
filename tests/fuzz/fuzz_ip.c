/* SPDX-License-Identifier: ISC */
/* F6: the parser of inner packets and all that looks at what it found. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/ecn.h"
#include "packet/ip.h"
#include "packet/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* outer ECN u8, room behind the packet u8, and the packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct option_fault fault;
	struct packet pkt = {.segments = 1};
	char text[PACKET_TEXT_BYTES];
	size_t room;

	if (len < 2)
		return 0;
	room = data[1] % 32;
	/* the heap's edge is the packet's: reading past it is caught */
	pkt.len = (uint32_t)len - 2;
	pkt.buffer_bytes = (uint32_t)(pkt.len + room);
	pkt.buffer = malloc(pkt.buffer_bytes + 1);
	assert(pkt.buffer);
	memcpy(pkt.buffer, data + 2, pkt.len);
	memset(pkt.buffer + pkt.len, 0xee, room);
	pkt.outer_ecn = data[0] & 3;
	if (packet_parse_ip(&pkt) == DROP_NONE) {
		assert(pkt.len <= len - 2 && pkt.l3_bytes <= pkt.len);
		assert(pkt.ip_bytes == pkt.len);
		assert(pkt.family == 4 || pkt.family == 6);
		assert(!pkt.is_later_fragment || !pkt.source_port);
		(void)!packet_check_options(&pkt, &fault);
		assert(fault.offset < pkt.l3_bytes || !fault.offset);
		(void)!packet_check_hop_by_hop(&pkt, &fault);
		assert(fault.offset < pkt.len || !fault.offset);
		(void)!packet_is_encrypted(&pkt);
		(void)!ecn_decapsulate(&pkt);
		pkt.checksum = data[0] & 4 ? CHECKSUM_PARTIAL : CHECKSUM_FULL;
		checksum_complete(&pkt);
	}
	assert(strlen(packet_print(&pkt, text, sizeof(text))) < sizeof(text));
	free(pkt.buffer);
	return 0;
}
