/* SPDX-License-Identifier: ISC */
/* F1: a stranger's datagram is met with silence and changes nothing. */
#include <assert.h>
#include <string.h>

#include "lab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world *world = lab_world();
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
	return 0;
}
