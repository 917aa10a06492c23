/* SPDX-License-Identifier: ISC */
/* The set of vpnd's own sockets: made, taken over, freed. */
#include "core/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/rcvbuf.h"

/* Of the packet buffers, all queues together hold at most this part. */
#define POOL_SHARE 4

static_assert(
    sizeof(struct config_instruction) == sizeof(struct bpf_instruction),
    "a program is copied as a whole");

static uint32_t memory_of(const struct core *core)
{
	return (uint32_t)(pool_count(core->pool) / POOL_SHARE) *
	       rcvbuf_true_bytes(0);
}

static void note_ready(void *context, struct socket *socket)
{
	struct core_sockets *set = context;
	struct core_socket *one = socket_setup(socket)->user;

	one->is_ready = true;
	set->is_any_ready = true;
}

/* ---- one socket ---- */

/* From the indices of peers to their numbers. NULL: no memory. */
static uint32_t *ids_of(
    const struct config_ends *ends, struct core_peer *const *peers)
{
	uint32_t *ids = calloc(ends->peers_count + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < ends->peers_count; i++)
		ids[i] = tunnel_peer_id(peers[ends->peers[i]]->peer);
	return ids;
}

static void fill_setup(struct socket_setup *setup,
    const struct config_socket *conf, const uint32_t *ids)
{
	*setup = (struct socket_setup){.port = conf->port,
	    .rcvbuf_bytes = conf->rcvbuf,
	    .filter = (const void *)conf->filter.list,
	    .filter_count = conf->filter.count,
	    .view = SOCKET_VIEW_IP};
	if (conf->type == CONFIG_SOCKET_PING)
		setup->protocol = SOCKET_ECHO;
	if (conf->has_address)
		setup->address = conf->address;
	setup->from = (struct socket_from){.is_limited = conf->from.text,
	    .prefixes = conf->from.prefixes,
	    .prefixes_count = conf->from.prefixes_count,
	    .peers = ids,
	    .peers_count = conf->from.peers_count};
}

static int refuse(const struct config *config, const struct config_socket *conf,
    int err, char *error, size_t room)
{
	if (err == -ENOMEM)
		return check_out_of_memory(config, error, room);
	return check_refuse(config, &conf->place, error, room,
	    err == -EADDRINUSE
		? "sockets: another one has that address and port"
		: "sockets: the program of its filter is not valid");
}

static int add(struct core_sockets *set, const struct config *config,
    size_t idx, struct core_peer *const *peers, char *error, size_t room)
{
	const struct config_socket *conf = &config->sockets[idx];
	struct core_socket *one = &set->list[idx];
	struct socket_setup setup;
	uint32_t *ids = ids_of(&conf->from, peers);
	int err = ids ? 0 : -ENOMEM;

	if (!err) {
		fill_setup(&setup, conf, ids);
		setup.user = one;
		err = socket_add(set->table, &one->socket, &setup);
	}
	free(ids);
	if (err)
		return refuse(config, conf, err, error, room);
	one->conf = conf;
	one->number = ++set->core->last_socket;
	if (conf->type == CONFIG_SOCKET_CLIENT)
		socket_set_open(set->table, one->socket, false);
	return 0;
}

/* ---- the set ---- */

void sockets_clear(struct core_sockets *set)
{
	if (!set)
		return;
	sockets_free(set->table);
	free(set->list);
	free(set);
}

static int alloc(struct core_sockets *set, const struct config *config)
{
	struct sockets_setup how = {.pool = set->core->pool,
	    .memory_bytes = memory_of(set->core),
	    .ready = note_ready,
	    .context = set};

	if (config->socket_order == CONFIG_SOCKET_ORDER_KERNEL)
		how.order = SOCKET_KERNEL;
	set->list = calloc(config->sockets_count + 1, sizeof(*set->list));
	return set->list ? sockets_new(&set->table, &how) : -ENOMEM;
}

int sockets_make(struct core *core, struct core_sockets **ret,
    const struct config *config, struct core_peer **peers, char *error,
    size_t room)
{
	struct core_sockets *set = calloc(1, sizeof(*set));
	int err = -ENOMEM;

	if (set) {
		set->core = core;
		err = alloc(set, config);
	}
	if (err)
		err = check_out_of_memory(config, error, room);
	for (; !err && set->count < config->sockets_count; set->count++)
		err = add(set, config, set->count, peers, error, room);
	if (err)
		sockets_clear(set);
	else
		*ret = set;
	return err;
}

static bool is_same_place(
    const struct config_socket *a, const struct config_socket *b)
{
	return a->type == b->type && a->port == b->port &&
	       a->has_address == b->has_address &&
	       (!a->has_address || address_is_equal(&a->address, &b->address));
}

static struct core_socket *find_place(
    struct core_sockets *set, const struct config_socket *conf)
{
	for (size_t i = 0; set && i < set->count; i++)
		if (is_same_place(set->list[i].conf, conf))
			return &set->list[i];
	return NULL;
}

static void inherit(struct core_sockets *next, struct core_socket *heir,
    struct core_sockets *set, struct core_socket *old)
{
	struct core_socket kept = *heir;

	*heir = *old;
	heir->socket = kept.socket;
	heir->conf = kept.conf;
	socket_inherit(next->table, heir->socket, set->table, old->socket);
	next->is_any_ready |= heir->is_ready;
}

void sockets_take_over(struct core *core, struct core_sockets *next)
{
	struct core_sockets *set = core->sockets;

	for (size_t i = 0; i < next->count; i++) {
		struct core_socket *heir = &next->list[i];
		struct core_socket *old = find_place(set, heir->conf);

		if (old)
			inherit(next, heir, set, old);
	}
	core->sockets = next;
	sockets_clear(set);
}

void sockets_forget_peer(struct core *core, const struct core_peer *peer)
{
	if (core->sockets)
		sockets_forget_id(
		    core->sockets->table, tunnel_peer_id(peer->peer));
}
