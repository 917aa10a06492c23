/* SPDX-License-Identifier: ISC */
/* The way into vpnd's own sockets. */
#include "path/local.h"

#include "net/rcvbuf.h"
#include "net/socket.h"
#include "packet/ip.h"
#include "packet/udp.h"
#include "path/answer.h"
#include "path/run.h"

/* ---- whose packet is it? ---- */

static bool is_among(
    const struct prefix *list, size_t count, const struct address *address)
{
	for (size_t i = 0; i < count; i++)
		if (address_is_equal(&list[i].address, address))
			return true;
	return false;
}

bool local_is_ours(const struct path *path, const struct packet *pkt)
{
	size_t shared = path->device_addresses_count;

	if (!path->sockets)
		return false;
	if (is_among(path->addresses + shared, path->addresses_count - shared,
		&pkt->destination))
		return true;
	return sockets_lookup(path->sockets, pkt) &&
	       is_among(path->addresses, shared, &pkt->destination);
}

/* ---- udp_rcv ---- */

static bool is_icmp(const struct packet *pkt)
{
	return pkt->l4_protocol == (pkt->family == FAMILY_IPV4
					   ? IP_PROTOCOL_ICMP
					   : IP_PROTOCOL_ICMPV6);
}

/* Behind IPv6 headers there may be nothing (RFC 8200, 4.7). */
static enum drop refuse_protocol(struct path *path, const struct packet *pkt)
{
	if (pkt->family == FAMILY_IPV4 || pkt->l4_protocol != IP_PROTOCOL_NONE)
		answer_error(path, pkt, ICMP_PROTOCOL_UNREACHABLE, 0);
	return DROP_IP_NOPROTO;
}

static enum drop check(struct path *path, struct packet *pkt)
{
	bool is_udp = pkt->l4_protocol == IP_PROTOCOL_UDP;

	if (pkt->is_fragment)
		return DROP_VPN_FRAG_LOCAL;
	if (!is_udp && !is_icmp(pkt))
		return refuse_protocol(path, pkt);
	snmp_count(path, pkt, SNMP_IpInDelivers, SNMP_Ip6InDelivers);
	return is_udp ? packet_check_udp(pkt) : DROP_NONE;
}

/* The whole packet is what the socket is charged, before it is trimmed. */
enum verdict local_udp_rcv(struct path *path, struct packet *pkt)
{
	pkt->true_bytes = rcvbuf_true_bytes(pkt->ip_bytes);
	return verdict_of(pkt, check(path, pkt));
}

/* ---- lookup ---- */

/* Of IPv6 the kernel names the other reason, and counts what it is. */
static enum drop refuse_damaged(struct path *path, const struct packet *pkt)
{
	if (pkt->family == FAMILY_IPV4)
		return DROP_UDP_CSUM;
	snmp_count(path, pkt, SNMP_NONE, SNMP_Udp6InErrors);
	snmp_count(path, pkt, SNMP_NONE, SNMP_Udp6InCsumErrors);
	return DROP_NO_SOCKET;
}

/* A damaged datagram is not answered: who knows who sent it. */
static enum drop refuse_port(struct path *path, struct packet *pkt)
{
	if (pkt->l4_protocol != IP_PROTOCOL_UDP)
		return DROP_NO_SOCKET;
	if (!packet_verify_l4(pkt))
		return refuse_damaged(path, pkt);
	snmp_count(path, pkt, SNMP_UdpNoPorts, SNMP_Udp6NoPorts);
	answer_error(path, pkt, ICMP_PORT_UNREACHABLE, 0);
	return DROP_NO_SOCKET;
}

enum verdict local_lookup(struct path *path, struct packet *pkt)
{
	pkt->socket = sockets_lookup(path->sockets, pkt);
	if (!pkt->socket)
		return verdict_of(pkt, refuse_port(path, pkt));
	return verdict_of(
	    pkt, packet_lacks_checksum(pkt) ? DROP_UDP_CSUM : DROP_NONE);
}

/* ---- sock_queue, data_ready ---- */

enum verdict local_sock_queue(struct path *path, struct packet *pkt)
{
	return verdict_of(pkt, socket_admit(path->sockets, pkt->socket, pkt));
}

enum verdict local_judge(struct path *path, struct packet *pkt)
{
	return verdict_of(pkt, socket_judge(path->sockets, pkt->socket, pkt));
}

enum verdict local_data_ready(struct path *path, struct packet *pkt)
{
	if (pkt->is_dry)
		return VERDICT_TAKEN;
	path->totals.rx_consumed++;
	socket_enqueue(path->sockets, pkt->socket, pkt);
	return VERDICT_TAKEN;
}
