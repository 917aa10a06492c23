/* SPDX-License-Identifier: ISC */
/* What a drop moves, and the counters' names. */
#include "path/snmp.h"

#include <string.h>

#include "packet/cut.h"
#include "packet/ip.h"
#include "path/run.h"

static const struct name {
	const char *file, *group, *name;
} names[SNMP_COUNT] = {
#define FILE_SNMP    "snmp"
#define FILE_NETSTAT "netstat"
#define FILE_SNMP6   "snmp6"
#define SNMP_NAME(file, group, name)                                           \
	[SNMP_##group##name] = {FILE_##file, #group, #name},
    SNMP_LIST(SNMP_NAME)};

/* An ICMP answer's counter, of IPv4 and of IPv6. */
static const enum snmp_id answers[ICMP_KINDS][2] = {
    [ICMP_NO_ROUTE] = {SNMP_IcmpOutDestUnreachs, SNMP_Icmp6OutDestUnreachs},
    [ICMP_HOST_UNREACHABLE] = {SNMP_IcmpOutDestUnreachs,
	SNMP_Icmp6OutDestUnreachs},
    [ICMP_PROTOCOL_UNREACHABLE] = {SNMP_IcmpOutDestUnreachs,
	SNMP_Icmp6OutParmProblems},
    [ICMP_PORT_UNREACHABLE] = {SNMP_IcmpOutDestUnreachs,
	SNMP_Icmp6OutDestUnreachs},
    [ICMP_PROHIBITED] = {SNMP_IcmpOutDestUnreachs, SNMP_Icmp6OutDestUnreachs},
    [ICMP_BEYOND_SCOPE] = {SNMP_IcmpOutDestUnreachs, SNMP_Icmp6OutDestUnreachs},
    [ICMP_TOO_BIG] = {SNMP_IcmpOutDestUnreachs, SNMP_Icmp6OutPktTooBigs},
    [ICMP_TIME_EXCEEDED] = {SNMP_IcmpOutTimeExcds, SNMP_Icmp6OutTimeExcds},
    [ICMP_BAD_HEADER] = {SNMP_IcmpOutParmProbs, SNMP_Icmp6OutParmProblems},
    [ICMP_UNKNOWN_OPTION] = {SNMP_IcmpOutParmProbs, SNMP_Icmp6OutParmProblems},
};

#define MOVES 3 /* counters that one drop moves at most */

/* As the kernel function that the stage stands for does. Not here: it moves
 * none (netfilter, martians, the bridge, the protocol). */
static const struct row {
	const char *stage;
	enum drop reason;
	enum snmp_id ipv4[MOVES], ipv6[MOVES];
} rows[] = {
    {"ip_rcv", DROP_IP_INHDR, {SNMP_IpInHdrErrors}, {SNMP_Ip6InHdrErrors}},
    {"ip_rcv", DROP_IP_CSUM, {SNMP_IpInHdrErrors, SNMP_IpExtInCsumErrors}, {0}},
    {"ip_rcv", DROP_PKT_TOO_SMALL, {SNMP_IpExtInTruncatedPkts},
	{SNMP_Ip6InTruncatedPkts}},
    {"ip_rcv", DROP_IPV6_BAD_EXTHDR, {0}, {SNMP_Ip6InHdrErrors}},
    {"ip_rcv", DROP_UNHANDLED_PROTO, {0}, {SNMP_Ip6InHdrErrors}},
    {"rcv_finish", DROP_IP_INHDR, {SNMP_IpInHdrErrors}, {SNMP_Ip6InHdrErrors}},
    {"rcv_finish", DROP_IP_RPFILTER, {SNMP_TcpExtIPReversePathFilter},
	{SNMP_TcpExtIPReversePathFilter}},
    {"rcv_finish", DROP_IP_INNOROUTES, {SNMP_IpExtInNoRoutes},
	{SNMP_Ip6InNoRoutes}},
    {"udp_rcv", DROP_IP_NOPROTO, {SNMP_IpInUnknownProtos},
	{SNMP_Ip6InUnknownProtos}},
    {"udp_rcv", DROP_PKT_TOO_SMALL, {SNMP_UdpInErrors}, {SNMP_Udp6InErrors}},
    {"udp_rcv", DROP_UDP_CSUM, {SNMP_UdpInErrors, SNMP_UdpInCsumErrors},
	{SNMP_Udp6InErrors, SNMP_Udp6InCsumErrors}},
    {"lookup", DROP_UDP_CSUM, {SNMP_UdpInErrors, SNMP_UdpInCsumErrors},
	{SNMP_Udp6InErrors, SNMP_Udp6InCsumErrors}},
    {"sock_queue", DROP_UDP_CSUM, {SNMP_UdpInErrors, SNMP_UdpInCsumErrors},
	{SNMP_Udp6InErrors, SNMP_Udp6InCsumErrors}},
    {"sock_queue", DROP_SOCKET_FILTER, {SNMP_UdpInErrors}, {SNMP_Udp6InErrors}},
    {"sock_queue", DROP_SOCKET_RCVBUFF,
	{SNMP_UdpInErrors, SNMP_UdpRcvbufErrors},
	{SNMP_Udp6InErrors, SNMP_Udp6RcvbufErrors}},
    {"sock_queue", DROP_PROTO_MEM, {SNMP_UdpInErrors, SNMP_UdpMemErrors},
	{SNMP_Udp6InErrors, SNMP_Udp6MemErrors}},
    {"forward", DROP_IP_INHDR, {SNMP_IpInHdrErrors}, {SNMP_Ip6InHdrErrors}},
    {"forward", DROP_IP_INADDRERRORS, {0}, {SNMP_Ip6InAddrErrors}},
    {"forward", DROP_PKT_TOO_BIG, {SNMP_IpForwDatagrams, SNMP_IpFragFails},
	{SNMP_Ip6OutForwDatagrams, SNMP_Ip6InTooBigErrors, SNMP_Ip6FragFails}},
    {"forward", DROP_NOMEM, {SNMP_IpInDiscards}, {SNMP_Ip6InDiscards}},
    {"output", DROP_NETFILTER_DROP, {SNMP_IpOutDiscards},
	{SNMP_Ip6OutDiscards}},
    {"route", DROP_IP_OUTNOROUTES, {SNMP_IpOutNoRoutes}, {SNMP_Ip6OutNoRoutes}},
    {"mtu", DROP_PKT_TOO_BIG, {SNMP_IpFragFails}, {SNMP_Ip6FragFails}},
    {"mtu", DROP_NOMEM, {SNMP_IpFragFails}, {0}},
    {"qdisc", DROP_QDISC_DROP, {SNMP_IpOutDiscards}, {SNMP_Ip6OutDiscards}},
    {"qdisc", DROP_QDISC_OVERLIMIT, {SNMP_IpOutDiscards},
	{SNMP_Ip6OutDiscards}},
    {"qdisc", DROP_QDISC_CONGESTED, {SNMP_IpOutDiscards},
	{SNMP_Ip6OutDiscards}},
    {"encap", DROP_NOMEM, {SNMP_IpOutDiscards}, {SNMP_Ip6OutDiscards}},
};

/* Also of a packet that the parser refused, or has not seen. */
static uint8_t family_of(const struct packet *pkt)
{
	if (pkt->l2_bytes || !pkt->len)
		return FAMILY_NONE;
	return packet_data(pkt)[0] >> 4;
}

void snmp_count_several(struct path *path, const struct packet *pkt,
    enum snmp_id ipv4, enum snmp_id ipv6, uint64_t count)
{
	uint8_t family = family_of(pkt);

	if (pkt->is_dry)
		return;
	if (family == FAMILY_IPV4 && ipv4)
		path->snmp.counts[ipv4] += count;
	if (family == FAMILY_IPV6 && ipv6)
		path->snmp.counts[ipv6] += count;
}

void snmp_count(struct path *path, const struct packet *pkt, enum snmp_id ipv4,
    enum snmp_id ipv6)
{
	snmp_count_several(path, pkt, ipv4, ipv6, pkt->segments);
}

/* The fixed header is there, and may be one. */
static bool has_mark(const struct packet *pkt)
{
	const uint8_t *header = packet_data(pkt);

	if (family_of(pkt) == FAMILY_IPV4)
		return pkt->len >= IPV4_BYTES &&
		       (header[0] & 15) * 4 >= IPV4_BYTES;
	return pkt->len >= IPV6_BYTES;
}

static unsigned mark_of(const struct packet *pkt)
{
	const uint8_t *header = packet_data(pkt);

	return family_of(pkt) == FAMILY_IPV4 ? header[1] & 3
					     : header[1] >> 4 & 3;
}

static uint64_t octets(const struct packet *chain)
{
	uint64_t bytes = 0;

	if (chain->segments > 1 && !chain->rest.first)
		return chain->plain_bytes;
	for (const struct packet *pkt = chain; pkt;
	     pkt = packet_behind(chain, pkt))
		bytes += pkt->len;
	return bytes;
}

/* The counters of the marks are in the order of these. */
void snmp_received(struct path *path, const struct packet *pkt)
{
	snmp_count(path, pkt, SNMP_IpInReceives, SNMP_Ip6InReceives);
	snmp_count_several(
	    path, pkt, SNMP_IpExtInOctets, SNMP_Ip6InOctets, octets(pkt));
	if (has_mark(pkt))
		snmp_count(path, pkt,
		    (enum snmp_id)(SNMP_IpExtInNoECTPkts + mark_of(pkt)),
		    (enum snmp_id)(SNMP_Ip6InNoECTPkts + mark_of(pkt)));
}

void snmp_transmitted(struct path *path, const struct packet *pkt)
{
	snmp_count(path, pkt, SNMP_IpOutTransmits, SNMP_Ip6OutTransmits);
	snmp_count_several(path, pkt, SNMP_IpExtOutOctets, SNMP_Ip6OutOctets,
	    packet_all_bytes(pkt));
}

void snmp_answered(
    struct path *path, const struct packet *about, enum icmp_kind kind)
{
	snmp_count_several(path, about, SNMP_IcmpOutMsgs, SNMP_Icmp6OutMsgs, 1);
	snmp_count_several(path, about, answers[kind][0], answers[kind][1], 1);
}

void snmp_unanswered(struct path *path, const struct packet *about)
{
	snmp_count_several(path, about, SNMP_IcmpOutRateLimitGlobal,
	    SNMP_IcmpOutRateLimitGlobal, 1);
}

void snmp_dropped(
    struct path *path, const struct stage *stage, const struct packet *pkt)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];

		if (row->reason != pkt->drop ||
		    strcmp(row->stage, stage->name) != 0)
			continue;
		for (size_t at = 0; at < MOVES; at++)
			snmp_count(path, pkt, row->ipv4[at], row->ipv6[at]);
	}
}

void path_each_snmp(const struct path *path,
    void (*found)(void *context, const struct snmp_counter *counter),
    void *context)
{
	for (size_t i = SNMP_NONE + 1; i < SNMP_COUNT; i++) {
		struct snmp_counter counter = {names[i].file, names[i].group,
		    names[i].name, path->snmp.counts[i]};

		found(context, &counter);
	}
}
