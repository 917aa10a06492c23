/* SPDX-License-Identifier: ISC */
/* F1: a stranger's datagram is met with silence and changes nothing. */
#include <assert.h>
#include <string.h>

#include "lab.h"

static void try_link(enum wire_link link, const uint8_t *data, size_t len)
{
	struct world *world = lab_world(link);
	struct host *host = &world->hosts[1];
	struct endpoint before = *tunnel_peer_endpoint(host_peer(host, 0));
	uint64_t received = host_peer_status(host, 0).rx_packets;

	lab_datagram(host, data, len);
	assert(!core_to_wire(host->core)->len);
	assert(!core_to_device(host->core)->len);
	assert(host_peer_status(host, 0).rx_packets == received);
	assert(endpoint_is_equal(
	    tunnel_peer_endpoint(host_peer(host, 0)), &before));
	lab_drain(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	try_link(WIRE_LINK_IP, data, len);
	try_link(WIRE_LINK_ETHERNET, data, len);
	return 0;
}
