/* SPDX-License-Identifier: ISC */
/*
 * From lookup to reader: filter, receive buffer, queue.
 *
 * How it works: the checks of socket_admit are rows of a table, in one order
 * for today's kernel and in another one for the classic one. A filter must not
 * see a datagram whose checksum is wrong; without one the kernel looks at the
 * checksum when the datagram is read, so after the buffer.
 */
#include "net/socket_state.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/udp.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

typedef enum drop check_fn(
    struct sockets *sockets, struct socket *socket, struct packet *pkt);

static enum drop check_sum(
    struct sockets *sockets, struct socket *socket, struct packet *pkt)
{
	(void)sockets;
	(void)socket;
	if (packet_verify_l4(pkt))
		return DROP_NONE;
	return pkt->l4_protocol == IP_PROTOCOL_UDP ? DROP_UDP_CSUM
						   : DROP_ICMP_CSUM;
}

/* ---- who may send ---- */

static bool is_from(const struct socket_from *from, const struct packet *pkt)
{
	if (!from->is_limited)
		return true;
	for (size_t i = 0; i < from->peers_count; i++)
		if (from->peers[i] == pkt->from_id)
			return true;
	for (size_t i = 0; i < from->prefixes_count; i++)
		if (prefix_has(&from->prefixes[i], &pkt->source))
			return true;
	return false;
}

/* ---- the filter ---- */

static struct bpf_packet seen(
    const struct socket *socket, const struct packet *pkt)
{
	bool is_l4 = socket->setup.view == SOCKET_VIEW_L4;
	struct bpf_packet ret = {
	    .bytes = is_l4 ? l4_data(pkt) : packet_l3(pkt),
	    .len = is_l4 ? l4_len(pkt) : pkt->ip_bytes,
	    .protocol =
		pkt->family == FAMILY_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6,
	    .type = BPF_TO_HOST,
	};

	ret.wire_len = ret.len;
	return ret;
}

/* As sk_filter_trim_cap: what the filter does not want is cut off, but the
 * header stays. */
static void keep(
    const struct socket *socket, struct packet *pkt, uint32_t wanted)
{
	uint32_t least = pkt->l3_bytes + UDP_BYTES;
	uint32_t bytes = wanted;

	if (bytes > pkt->ip_bytes)
		return;
	if (socket->setup.view == SOCKET_VIEW_L4)
		bytes += pkt->l3_bytes;
	if (bytes < least)
		bytes = least;
	if (bytes >= pkt->ip_bytes)
		return;
	pkt->ip_bytes = bytes;
	if (!pkt->l2_bytes)
		pkt->len = bytes;
}

static enum drop check_filter(
    struct sockets *sockets, struct socket *socket, struct packet *pkt)
{
	struct bpf_packet look;
	enum drop reason;
	uint32_t wanted;

	if (!is_from(&socket->setup.from, pkt))
		return DROP_SOCKET_FILTER;
	if (!socket->setup.filter)
		return DROP_NONE;
	reason = check_sum(sockets, socket, pkt);
	if (reason)
		return reason;
	look = seen(socket, pkt);
	wanted = bpf_run(socket->setup.filter, &look);
	if (!wanted)
		return DROP_SOCKET_FILTER;
	keep(socket, pkt, wanted);
	return DROP_NONE;
}

/* ---- the buffer ---- */

static enum drop check_buffer(
    struct sockets *sockets, struct socket *socket, struct packet *pkt)
{
	if (!rcvbuf_has_room(&socket->buffer, pkt->true_bytes))
		return DROP_SOCKET_RCVBUFF;
	if (sockets->used_bytes + pkt->true_bytes > sockets->setup.memory_bytes)
		return DROP_PROTO_MEM;
	return DROP_NONE;
}

static check_fn *const orders[][3] = {
    [SOCKET_CLASSIC] = {check_buffer, check_filter, check_sum},
    [SOCKET_KERNEL] = {check_filter, check_buffer, check_sum},
};

static void charge(
    struct sockets *sockets, struct socket *socket, const struct packet *pkt)
{
	rcvbuf_charge(&socket->buffer, pkt->true_bytes);
	sockets->used_bytes += pkt->true_bytes;
	socket->rx_packets++;
	socket->rx_bytes += pkt->ip_bytes;
}

enum drop socket_judge(
    struct sockets *sockets, struct socket *socket, struct packet *pkt)
{
	check_fn *const *checks = orders[sockets->setup.order];
	enum drop reason = DROP_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(orders[0]) && !reason; i++)
		reason = checks[i](sockets, socket, pkt);
	return reason;
}

enum drop socket_admit(
    struct sockets *sockets, struct socket *socket, struct packet *pkt)
{
	enum drop reason = socket_judge(sockets, socket, pkt);

	if (reason)
		socket->drops[reason]++;
	else
		charge(sockets, socket, pkt);
	return reason;
}

/* The peer may be gone when the packet is read. */
void socket_enqueue(
    struct sockets *sockets, struct socket *socket, struct packet *pkt)
{
	bool was_empty = !socket->queue.first;

	pkt->peer = NULL;
	packet_list_push(&socket->queue, pkt);
	if (was_empty)
		sockets->setup.ready(sockets->setup.context, socket);
}

struct packet *socket_receive(struct sockets *sockets, struct socket *socket)
{
	struct packet *pkt = packet_list_pop(&socket->queue);

	if (!pkt)
		return NULL;
	rcvbuf_release(&socket->buffer, pkt->true_bytes);
	sockets->used_bytes -= pkt->true_bytes;
	socket->rx_read++;
	return pkt;
}
