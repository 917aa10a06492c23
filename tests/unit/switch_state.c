/* SPDX-License-Identifier: ISC */
/* All that a switch knows, as bytes that can be compared. */
#include "switch_state.h"

#include <string.h>

#include "net/state.h"
#include "unit.h"

struct copy {
	uint8_t *to;
	size_t len;
};

static void append(struct copy *copy, const void *bytes, size_t len)
{
	ck_assert_uint_le(copy->len + len, SWITCH_STATE_BYTES);
	memcpy(copy->to + copy->len, bytes, len);
	copy->len += len;
}

static void append_entry(void *context, const struct fdb_entry *entry)
{
	append(context, entry, sizeof(*entry));
}

size_t switch_state_copy(const struct bridge *bridge, struct instant when,
    uint8_t to[SWITCH_STATE_BYTES])
{
	const struct bridge_port *port = &bridge->host;
	struct copy copy = {to, 0};

	append(&copy, bridge, sizeof(*bridge));
	while ((port = port->next))
		append(&copy, port, sizeof(*port));
	fdb_each(bridge->fdb, when, append_entry, &copy);
	return copy.len;
}
