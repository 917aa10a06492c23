/* SPDX-License-Identifier: ISC */
/* F4: any plaintext under a session's keys, over either link: frames of the
 * extension and of Ethernet, IP packets, padding. */
#include <assert.h>
#include <string.h>

#include "lab.h"

/* ECN u8, cipher and link u8 (bits 0 and 1), and the plaintext. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t empty[2];
	struct world *world;
	struct host *from, *to;
	struct moment now;
	struct packet *pkt;

	if (len < 2 || len > 1500)
		len = sizeof(empty), data = empty;
	world = lab_world(data[1] & 2 ? WIRE_LINK_ETHERNET : WIRE_LINK_IP);
	from = &world->hosts[0];
	to = &world->hosts[1];
	now = world_moment(world, from);
	pkt = pool_get(from->pool);
	assert(pkt);
	pkt->len = (uint32_t)len - 2;
	memcpy(packet_data(pkt), data + 2, len - 2);
	pkt->peer = host_peer(from, 1);
	pkt->is_ours = true;
	/* what tells of ciphers goes under the first one */
	pkt->frame = data[1] & 1 ? WIRE_FRAME_HELLO : WIRE_FRAME_IP;
	tunnel_seal(core_tunnel(from->core), &pkt, 1, &now);
	assert(!pkt->drop);
	lab_datagram(to, packet_data(pkt), pkt->len);
	pool_put(from->pool, pkt);
	assert(core_to_wire(to->core)->len <= 2);
	assert(core_to_device(to->core)->len <= 1);
	lab_drain(to);
	return 0;
}
