/* SPDX-License-Identifier: ISC */
/* The table of sockets: made, changed, freed. */
#include "net/socket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/socket_state.h"

int sockets_new(struct sockets **ret, const struct sockets_setup *setup)
{
	struct sockets *sockets = calloc(1, sizeof(*sockets));

	if (!sockets)
		return -ENOMEM;
	sockets->setup = *setup;
	*ret = sockets;
	return 0;
}

void sockets_free(struct sockets *sockets)
{
	if (!sockets)
		return;
	while (sockets->first)
		socket_remove(sockets, sockets->first);
	free(sockets);
}

void sockets_set_order(struct sockets *sockets, enum socket_order order)
{
	sockets->setup.order = order;
}

/* ---- the lists that a socket has of its own ---- */

/* -ENOMEM, or *ret is a copy; NULL of nothing. */
static int copy(void *ret, const void *from, size_t count, size_t size)
{
	void *to = NULL;

	if (count) {
		to = calloc(count, size);
		if (!to)
			return -ENOMEM;
		memcpy(to, from, count * size);
	}
	memcpy(ret, &to, sizeof(to));
	return 0;
}

static void clear_lists(struct socket_setup *setup)
{
	free((void *)setup->filter);
	free((void *)setup->from.prefixes);
	free((void *)setup->from.peers);
}

static int copy_lists(struct socket_setup *to, const struct socket_setup *from)
{
	int err;

	to->filter = NULL;
	to->from.prefixes = NULL;
	to->from.peers = NULL;
	err = copy(&to->filter, from->filter, from->filter_count,
	    sizeof(*from->filter));
	if (!err)
		err = copy(&to->from.prefixes, from->from.prefixes,
		    from->from.prefixes_count, sizeof(*from->from.prefixes));
	if (!err)
		err = copy(&to->from.peers, from->from.peers,
		    from->from.peers_count, sizeof(*from->from.peers));
	if (err)
		clear_lists(to);
	return err;
}

static bool has_good_filter(const struct socket_setup *setup)
{
	struct bpf_fault fault;

	return !setup->filter_count ||
	       bpf_check(setup->filter, setup->filter_count, &fault);
}

/* ---- binding ---- */

/* "::" hears both families, as with bindv6only = 0. */
static struct address canonical(const struct address *address)
{
	static const struct address any_ipv6 = {.family = FAMILY_IPV6};

	return address_is_equal(address, &any_ipv6) ? (struct address){0}
						    : *address;
}

static bool is_same_place(
    const struct socket_setup *a, const struct socket_setup *b)
{
	return a->protocol == b->protocol && a->port == b->port &&
	       address_is_equal(&a->address, &b->address) &&
	       address_is_equal(&a->peer, &b->peer) &&
	       a->peer_port == b->peer_port;
}

static bool is_in_use(
    const struct sockets *sockets, const struct socket_setup *setup)
{
	for (struct socket *s = sockets->first; s; s = s->next)
		if (is_same_place(&s->setup, setup))
			return true;
	return false;
}

static void note_port(uint64_t *ports, uint16_t port)
{
	ports[port / 64] |= UINT64_C(1) << port % 64;
}

static void note_ports(struct sockets *sockets)
{
	memset(sockets->ports, 0, sizeof(sockets->ports));
	for (struct socket *s = sockets->first; s; s = s->next)
		if (s->is_open && s->setup.protocol == SOCKET_UDP)
			note_port(sockets->ports, s->setup.port);
}

static void append(struct sockets *sockets, struct socket *socket)
{
	struct socket **at = &sockets->first;

	while (*at)
		at = &(*at)->next;
	*at = socket;
	note_ports(sockets);
}

int socket_add(struct sockets *sockets, struct socket **ret,
    const struct socket_setup *setup)
{
	struct socket *socket;
	int err;

	if (!has_good_filter(setup))
		return -EINVAL;
	socket = calloc(1, sizeof(*socket));
	if (!socket)
		return -ENOMEM;
	socket->setup = *setup;
	socket->setup.address = canonical(&setup->address);
	err = is_in_use(sockets, &socket->setup)
		  ? -EADDRINUSE
		  : copy_lists(&socket->setup, setup);
	if (err) {
		free(socket);
		return err;
	}
	socket->buffer.limit_bytes = setup->rcvbuf_bytes;
	socket->is_open = true;
	append(sockets, socket);
	*ret = socket;
	return 0;
}

void socket_inherit(struct sockets *heirs, struct socket *heir,
    struct sockets *olds, struct socket *old)
{
	uint32_t bytes = old->buffer.used_bytes;

	assert(!heir->queue.first);
	rcvbuf_charge(&heir->buffer, bytes);
	heirs->used_bytes += bytes;
	rcvbuf_release(&old->buffer, bytes);
	olds->used_bytes -= bytes;
	packet_list_append(&heir->queue, &old->queue);
	heir->is_open = old->is_open;
	heir->rx_packets = old->rx_packets;
	heir->rx_bytes = old->rx_bytes;
	heir->rx_read = old->rx_read;
	memcpy(heir->drops, old->drops, sizeof(heir->drops));
	note_ports(heirs);
}

static void forget_queue(struct sockets *sockets, struct socket *socket)
{
	struct packet *pkt;

	while ((pkt = socket_receive(sockets, socket)))
		pool_put(sockets->setup.pool, pkt);
}

void socket_remove(struct sockets *sockets, struct socket *socket)
{
	struct socket **at = &sockets->first;

	forget_queue(sockets, socket);
	while (*at != socket)
		at = &(*at)->next;
	*at = socket->next;
	note_ports(sockets);
	clear_lists(&socket->setup);
	free(socket);
}

void socket_set_open(struct sockets *sockets, struct socket *socket, bool open)
{
	socket->is_open = open;
	if (!open)
		forget_queue(sockets, socket);
	note_ports(sockets);
}

bool socket_is_open(const struct socket *socket)
{
	return socket->is_open;
}

void sockets_forget_id(struct sockets *sockets, uint32_t peer)
{
	for (struct socket *s = sockets->first; s; s = s->next) {
		struct socket_from *from = &s->setup.from;
		uint32_t *ids = (uint32_t *)from->peers;
		size_t kept = 0;

		for (size_t i = 0; i < from->peers_count; i++)
			if (ids[i] != peer)
				ids[kept++] = ids[i];
		from->peers_count = kept;
	}
}

/* ---- reading ---- */

struct socket *sockets_next(
    const struct sockets *sockets, const struct socket *socket)
{
	return socket ? socket->next : sockets->first;
}

const struct socket_setup *socket_setup(const struct socket *socket)
{
	return &socket->setup;
}

void socket_status(const struct socket *socket, struct socket_status *ret)
{
	*ret = (struct socket_status){
	    .used_bytes = socket->buffer.used_bytes,
	    .queued = (uint32_t)socket->queue.len,
	    .rx_packets = socket->rx_packets,
	    .rx_bytes = socket->rx_bytes,
	    .rx_read = socket->rx_read,
	    .by_reason = socket->drops,
	};
	for (size_t i = 0; i < DROP_COUNT; i++)
		ret->drops += socket->drops[i];
}

uint32_t sockets_used_bytes(const struct sockets *sockets)
{
	return sockets->used_bytes;
}
