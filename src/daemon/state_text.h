/* SPDX-License-Identifier: ISC */
/*
 * The text in which endpoints outlive the daemon; no I/O here.
 *
 *	vpnd-endpoints 1
 *	KEY ENDPOINT
 *	...
 *	end
 */
#ifndef DAEMON_STATE_TEXT_H
#define DAEMON_STATE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "api/config.h"
#include "base/attributes.h"
#include "base/endpoint.h"

#define STATE_ENTRIES	 65536
#define STATE_LINE_BYTES (KEY_TEXT_BYTES + ENDPOINT_TEXT_BYTES + 1)

struct state_entry {
	uint8_t public_key[CONFIG_KEY_BYTES];
	struct endpoint endpoint;
};

struct state {
	struct state_entry *entries;
	size_t count, room;
};

void state_clear(struct state *state);
/* 0 or -ENOMEM. */
must_check int state_add(struct state *state, const struct state_entry *entry);

/* All of it or nothing: 0, -EINVAL (not such a text), -ENOMEM. */
must_check int state_parse(struct state *ret, const char *text, size_t len);
/* A NUL-terminated text that the caller frees, or NULL. */
char *state_format(const struct state *state);

#endif
