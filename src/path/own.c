/* SPDX-License-Identifier: ISC */
/* Which addresses are ours: the device's, and those of vpnd's own sockets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/socket.h"
#include "path/run.h"

/* The device's addresses, and behind them those that only sockets have. */
struct own {
	struct prefix *list;
	size_t count;
};

static void add_own(struct own *own, const struct address *address)
{
	for (size_t i = 0; i < own->count; i++)
		if (address_is_equal(&own->list[i].address, address))
			return;
	own->list[own->count++] =
	    (struct prefix){*address, (uint8_t)address_bits(address->family)};
}

static void add_sockets(struct own *own, const struct sockets *sockets)
{
	struct socket *at = NULL;

	while (sockets && (at = sockets_next(sockets, at)))
		if (socket_has_address(at))
			add_own(own, &socket_setup(at)->address);
}

static size_t count_sockets(const struct sockets *sockets)
{
	struct socket *at = NULL;
	size_t count = 0;

	while (sockets && (at = sockets_next(sockets, at)))
		count++;
	return count;
}

int path_set_local(struct path *path, const struct prefix *addresses,
    size_t count, struct sockets *sockets)
{
	struct own own = {.count = count};

	own.list =
	    calloc(count + count_sockets(sockets) + 1, sizeof(*own.list));
	if (!own.list)
		return -ENOMEM;
	if (count)
		memcpy(own.list, addresses, count * sizeof(*own.list));
	add_sockets(&own, sockets);
	free(path->addresses);
	path->addresses = own.list;
	path->addresses_count = own.count;
	path->device_addresses_count = count;
	path->sockets = sockets;
	return 0;
}

int path_set_addresses(
    struct path *path, const struct prefix *addresses, size_t count)
{
	return path_set_local(path, addresses, count, path->sockets);
}
