/* SPDX-License-Identifier: ISC */
/* Programs that attach to sockets of type "client". */
#include <errno.h>
#include <string.h>

#include "core/sockets.h"
#include "packet/udp.h"

static struct core_socket *find(const struct core *core, uint32_t number)
{
	struct core_sockets *set = core->sockets;

	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].number == number)
			return &set->list[i];
	return NULL;
}

int core_socket_attach(
    struct core *core, uint16_t port, uint32_t *ret, struct core_answer *answer)
{
	struct core_sockets *set = core->sockets;
	bool have_seen = false;

	for (size_t i = 0; i < set->count; i++) {
		struct core_socket *one = &set->list[i];

		if (one->conf->type != CONFIG_SOCKET_CLIENT ||
		    one->conf->port != port)
			continue;
		have_seen = true;
		if (socket_is_open(one->socket))
			continue;
		socket_set_open(set->table, one->socket, true);
		*ret = one->number;
		return 0;
	}
	if (have_seen)
		answer_set(answer, CONTROL_FAILED,
		    "another program has the socket of port %u", port);
	else
		answer_set(answer, CONTROL_NO_OBJECT,
		    "no socket of type \"client\" has port %u", port);
	return have_seen ? -EADDRINUSE : -ENOENT;
}

void core_socket_detach(struct core *core, uint32_t number)
{
	struct core_socket *one = find(core, number);

	if (!one)
		return;
	socket_set_open(core->sockets->table, one->socket, false);
	one->is_ready = false;
}

bool core_socket_is_there(const struct core *core, uint32_t number)
{
	return find(core, number);
}

static bool is_news(const struct core_socket *one)
{
	return one->is_ready && one->conf->type == CONFIG_SOCKET_CLIENT;
}

bool sockets_have_news(const struct core *core)
{
	const struct core_sockets *set = core->sockets;

	for (size_t i = 0; set && i < set->count; i++)
		if (is_news(&set->list[i]))
			return true;
	return false;
}

bool core_socket_take_ready(struct core *core, uint32_t *ret)
{
	struct core_sockets *set = core->sockets;

	for (size_t i = 0; i < set->count; i++) {
		struct core_socket *one = &set->list[i];

		if (!is_news(one))
			continue;
		one->is_ready = false;
		*ret = one->number;
		return true;
	}
	return false;
}

size_t core_socket_receive(
    struct core *core, uint32_t number, uint8_t *message, size_t room)
{
	struct core_socket *one = find(core, number);
	struct packet *pkt;
	struct datagram_head head;
	size_t len;

	pkt = one ? socket_receive(core->sockets->table, one->socket) : NULL;
	if (!pkt)
		return 0;
	path_note_read(core->path, pkt);
	head = (struct datagram_head){.remote = pkt->source,
	    .local = pkt->destination,
	    .remote_port = pkt->source_port,
	    .local_port = pkt->destination_port,
	    .payload_len = packet_udp_whole_len(pkt)};
	len = packet_udp_payload_len(pkt);
	if (len > room - DATAGRAM_HEADER_BYTES)
		len = room - DATAGRAM_HEADER_BYTES;
	datagram_write(message, &head);
	memcpy(message + DATAGRAM_HEADER_BYTES, packet_udp_payload(pkt), len);
	pool_put(core->pool, pkt);
	return DATAGRAM_HEADER_BYTES + len;
}

/* ---- sending ---- */

static bool is_of_device(
    const struct config *config, const struct address *address)
{
	for (size_t i = 0; i < config->addresses_count; i++)
		if (address_is_equal(&config->addresses[i].address, address))
			return true;
	return false;
}

static bool choose(
    const struct config *config, enum family family, struct address *ret)
{
	for (size_t i = 0; i < config->addresses_count; i++) {
		if (config->addresses[i].address.family != family)
			continue;
		*ret = config->addresses[i].address;
		return true;
	}
	return false;
}

/* The socket's own address, or one of the device. False: not that one. */
static bool find_source(const struct core *core, const struct core_socket *one,
    const struct datagram_head *head, struct address *ret)
{
	const struct address *bound = &one->conf->address;

	*ret = head->local;
	if (one->conf->has_address) {
		*ret = *bound;
		return bound->family == head->remote.family &&
		       (head->local.family == FAMILY_NONE ||
			   address_is_equal(bound, &head->local));
	}
	if (head->local.family != FAMILY_NONE)
		return is_of_device(core->config, ret);
	return choose(core->config, head->remote.family, ret);
}

static int send(struct core *core, struct core_socket *one,
    const struct udp_ends *ends, const uint8_t *payload, size_t len)
{
	struct packet *pkt;

	if (DATAGRAM_HEADER_BYTES + len > pool_largest(core->pool))
		return -EMSGSIZE;
	pkt = pool_get(core->pool);
	if (!pkt)
		return -ENOBUFS;
	memcpy(packet_udp_room(pkt, ends->source.family), payload, len);
	packet_build_udp(pkt, ends, (uint32_t)len);
	one->tx_packets++;
	path_send(core->path, pkt);
	return 0;
}

/* What no parser lets pass; packet_build_udp relies on it. */
static bool is_martian(const struct address *to)
{
	static const struct prefix loopback = {{FAMILY_IPV6, {[15] = 1}}, 128};

	return prefix_has(&loopback, to) ||
	       (to->family == FAMILY_IPV6 && to->bytes[0] == 0xff &&
		   (to->bytes[1] & 15) <= 1);
}

static int parse_and_send(struct core *core, struct core_socket *one,
    const uint8_t *message, size_t len)
{
	struct datagram_head head;
	struct udp_ends ends = {.source_port = one->conf->port};

	if (len < DATAGRAM_HEADER_BYTES || datagram_read(&head, message) ||
	    !head.remote_port || is_martian(&head.remote))
		return -EINVAL;
	if (!find_source(core, one, &head, &ends.source))
		return -EADDRNOTAVAIL;
	ends.destination = head.remote;
	ends.destination_port = head.remote_port;
	return send(core, one, &ends, message + DATAGRAM_HEADER_BYTES,
	    len - DATAGRAM_HEADER_BYTES);
}

void core_socket_send(struct core *core, uint32_t number,
    const uint8_t *message, size_t len, const struct moment *now)
{
	struct core_socket *one = find(core, number);

	if (!one)
		return;
	if (parse_and_send(core, one, message, len))
		one->tx_failed++;
	else
		core_settle(core, now);
}
