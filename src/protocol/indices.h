/* SPDX-License-Identifier: ISC */
/* Receiver indices: random numbers that name a handshake or a session. */
#ifndef PROTOCOL_INDICES_H
#define PROTOCOL_INDICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/hashmap.h"

struct peer;
struct keypair;

/* Part of a handshake or a keypair; `index` is valid while is_listed. */
struct index_owner {
	struct peer *peer;
	struct keypair *keypair; /* NULL: the peer's handshake */
	uint32_t index;
	bool is_listed;
};

struct indices {
	struct hashmap map;
};

void indices_init(struct indices *indices);
void indices_clear(struct indices *indices);

/* Gives the owner a new index, in place of the one it had. 0 or -ENOMEM. */
must_check int indices_list(struct indices *indices, struct index_owner *owner);
void indices_unlist(struct indices *indices, struct index_owner *owner);
/* The index goes on to another owner. */
void indices_move(
    struct indices *indices, struct index_owner *from, struct index_owner *to);
struct index_owner *indices_find(const struct indices *indices, uint32_t index);

#endif
