/* SPDX-License-Identifier: ISC */
/* Receiver indices: random numbers that name a handshake or a session. */
#include "protocol/indices.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>

void indices_init(struct indices *indices)
{
	uint8_t secret[16];

	randombytes_buf(secret, sizeof(secret));
	hashmap_init(&indices->map, sizeof(uint32_t), secret);
}

void indices_clear(struct indices *indices)
{
	hashmap_clear(&indices->map);
}

int indices_list(struct indices *indices, struct index_owner *owner)
{
	uint32_t index;
	int error;

	indices_unlist(indices, owner);
	do {
		index = randombytes_random();
		error = hashmap_insert(&indices->map, &index, owner);
	} while (error == -EEXIST);
	if (error)
		return error;
	owner->index = index;
	owner->is_listed = true;
	return 0;
}

void indices_unlist(struct indices *indices, struct index_owner *owner)
{
	if (!owner->is_listed)
		return;
	(void)hashmap_remove(&indices->map, &owner->index);
	owner->is_listed = false;
}

void indices_move(
    struct indices *indices, struct index_owner *from, struct index_owner *to)
{
	int error;

	assert(from->is_listed && !to->is_listed);
	(void)hashmap_remove(&indices->map, &from->index);
	/* the place that was just freed is free */
	error = hashmap_insert(&indices->map, &from->index, to);
	to->index = from->index;
	to->is_listed = error == 0;
	from->is_listed = false;
}

struct index_owner *indices_find(const struct indices *indices, uint32_t index)
{
	return hashmap_get(&indices->map, &index);
}
