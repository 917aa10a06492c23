/* SPDX-License-Identifier: ISC */
/* F2: initiations with a right MAC1, mutated before it was made. */
#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "lab.h"
#include "protocol/cookie.h"
#include "protocol/noise.h"

/* who u8, timestamp 12, index u32, and a mask over the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world *world = lab_world(WIRE_LINK_IP);
	struct host *host = &world->hosts[1];
	struct noise_identity identity = {0};
	struct noise_handshake hs = {0};
	struct cookie_maker maker = {0};
	struct cursor c = cursor_of(data, len);
	uint8_t message[WIRE_INITIATION_BYTES] = {WIRE_INITIATION};
	uint8_t timestamp[WIRE_TIMESTAMP_BYTES], key[WIRE_KEY_BYTES];

	memset(key, cursor_u8(&c), sizeof(key));
	noise_identity_set(
	    &identity, key[0] & 1 ? key : world->hosts[0].plan.private_key);
	cursor_copy(&c, timestamp, sizeof(timestamp));
	memcpy(hs.remote_static, core_public_key(host->core), WIRE_KEY_BYTES);
	if (!noise_initiation_create(
		&hs, &identity, timestamp, cursor_le32(&c), message))
		return 0;
	for (size_t i = 0; i < WIRE_INITIATION_MAC1 && c.left; i++)
		message[i] ^= cursor_u8(&c);
	cookie_maker_init(&maker, hs.remote_static);
	cookie_stamp(&maker, message, sizeof(message), world->now);
	world->now.ns += 100 * SIM_MS;
	lab_datagram(host, message, sizeof(message));
	assert(core_to_wire(host->core)->len <= 1);
	assert(!core_to_device(host->core)->len);
	lab_drain(host);
	return 0;
}
