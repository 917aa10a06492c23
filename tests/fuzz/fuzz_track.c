/* SPDX-License-Identifier: ISC */
/* F27: any packet, and what ICMP errors quote, into the flow table; a dry one
 * says the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/flow.h"
#include "packet/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct packet packet_of(uint8_t *bytes, size_t len)
{
	return (struct packet){
	    .buffer = bytes,
	    .buffer_bytes = (uint32_t)len,
	    .len = (uint32_t)len,
	    .segments = 1,
	};
}

static void run(struct flows *flows, uint8_t *bytes, size_t len, uint32_t from)
{
	static const struct instant now = {NS_PER_S};
	struct packet pkt = packet_of(bytes, len), dry;
	enum drop reason;

	if (packet_parse_ip(&pkt))
		return;
	pkt.from_id = from;
	dry = pkt;
	dry.is_dry = true;
	reason = flows_track(flows, &dry, now);
	assert(flows_track(flows, &pkt, now) == reason);
	assert(pkt.flow_state == dry.flow_state);
	pkt.to_id = !from;
	if (!reason)
		(void)!flows_confirm(flows, &pkt, now);
}

/* Packets of one length each, in turn from the peer and from the host. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct flows_limits limits = {16, 16};
	static const uint8_t secret[FLOWS_SECRET_BYTES] = {3, 1, 4, 1, 5, 9};
	struct flows *flows;

	if (flows_new(&flows, &limits, secret) || flows_set_last_peer(flows, 1))
		abort();
	for (uint32_t i = 0; len > 1; i++) {
		size_t part = data[0] < len - 1 ? data[0] : len - 1;
		uint8_t *bytes = malloc(part ? part : 1);

		memcpy(bytes, data + 1, part);
		run(flows, bytes, part, i & 1);
		free(bytes);
		data += 1 + part;
		len -= 1 + part;
	}
	flows_free(flows);
	return 0;
}
