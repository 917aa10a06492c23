/* SPDX-License-Identifier: ISC */
/* The flow table as an object. */
#include "net/flow.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/flow_table.h"

static_assert(
    FLOWS_SECRET_BYTES >= sizeof(struct flow_secret) + FRAGMENT_SECRET_BYTES,
    "secrets enough");

static int make_tables(
    struct flows *flows, const uint8_t secret[FLOWS_SECRET_BYTES])
{
	int err = flow_table_init(flows);

	if (!err)
		err = fragments_new(
		    &flows->fragments, secret + sizeof(flows->secret));
	if (!err)
		err = flows_set_last_peer(flows, 0);
	return err;
}

int flows_new(struct flows **ret, const struct flows_limits *limits,
    const uint8_t secret[FLOWS_SECRET_BYTES])
{
	struct flows *flows = calloc(1, sizeof(*flows));
	int err;

	if (!flows)
		return -ENOMEM;
	assert(limits->flows && limits->flows <= FLOWS_MAX);
	assert(limits->flows_per_peer);
	flows->limits = *limits;
	flows->generation = 1;
	memcpy(&flows->secret, secret, sizeof(flows->secret));
	flows->secret.multiply |= 1;
	err = make_tables(flows, secret);
	if (err)
		flows_free(flows);
	else
		*ret = flows;
	return err;
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;
	flow_table_clear(flows);
	fragments_free(flows->fragments);
	free(flows->owners);
	free(flows);
}

int flows_set_last_peer(struct flows *flows, uint32_t last_id)
{
	size_t before = flows->owners ? (size_t)flows->last_id + 1 : 0;
	size_t count = (size_t)last_id + 1;
	struct flow_owner *owners;

	if (count <= before)
		return 0;
	owners = realloc(flows->owners, count * sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	memset(owners + before, 0, (count - before) * sizeof(*owners));
	flows->owners = owners;
	flows->last_id = last_id;
	return 0;
}

void flows_set_generation(struct flows *flows, uint32_t generation)
{
	assert(generation);
	flows->generation = generation;
}

/* Looks at entries until it has found all of the peer's. */
void flows_remove_peer(struct flows *flows, uint32_t id)
{
	const struct flow_owner *peer = &flows->owners[id];

	for (uint32_t i = 1; id <= flows->last_id && peer->ends; i++) {
		struct flow *flow = &flows->entries[i];

		assert(i <= flows->touched);
		if (flow_key_family(&flow->key) &&
		    (flow->peers[0] == id || flow->peers[1] == id))
			flow_table_remove(flows, flow);
	}
	fragments_remove_peer(flows->fragments, id);
}
