/* SPDX-License-Identifier: ISC */
/*
 * The counters of /proc/net/snmp, netstat and snmp6, moved where the kernel
 * moves its own.
 *
 * How it works: what a drop moves is one table of stage, reason and family;
 * what moves without a drop is counted by the stages. Counters that the model
 * has no use for are not there. All count segments, as the kernel does behind
 * its receive offload. Frames of a tap move none: a bridge is no IP host.
 */
#ifndef PATH_SNMP_H
#define PATH_SNMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/packet.h"
#include "net/icmp.h"

struct path;
struct stage;

/* file, group, name */
#define SNMP_LIST(X)                                                           \
	X(SNMP, Ip, InReceives)                                                \
	X(SNMP, Ip, InHdrErrors)                                               \
	X(SNMP, Ip, InAddrErrors)                                              \
	X(SNMP, Ip, ForwDatagrams)                                             \
	X(SNMP, Ip, InUnknownProtos)                                           \
	X(SNMP, Ip, InDiscards)                                                \
	X(SNMP, Ip, InDelivers)                                                \
	X(SNMP, Ip, OutRequests)                                               \
	X(SNMP, Ip, OutDiscards)                                               \
	X(SNMP, Ip, OutNoRoutes)                                               \
	X(SNMP, Ip, FragOKs)                                                   \
	X(SNMP, Ip, FragFails)                                                 \
	X(SNMP, Ip, FragCreates)                                               \
	X(SNMP, Ip, OutTransmits)                                              \
	X(SNMP, Icmp, OutMsgs)                                                 \
	X(SNMP, Icmp, OutRateLimitGlobal)                                      \
	X(SNMP, Icmp, OutDestUnreachs)                                         \
	X(SNMP, Icmp, OutTimeExcds)                                            \
	X(SNMP, Icmp, OutParmProbs)                                            \
	X(SNMP, Udp, InDatagrams)                                              \
	X(SNMP, Udp, NoPorts)                                                  \
	X(SNMP, Udp, InErrors)                                                 \
	X(SNMP, Udp, OutDatagrams)                                             \
	X(SNMP, Udp, RcvbufErrors)                                             \
	X(SNMP, Udp, SndbufErrors)                                             \
	X(SNMP, Udp, InCsumErrors)                                             \
	X(SNMP, Udp, MemErrors)                                                \
	X(NETSTAT, TcpExt, IPReversePathFilter)                                \
	X(NETSTAT, IpExt, InNoRoutes)                                          \
	X(NETSTAT, IpExt, InTruncatedPkts)                                     \
	X(NETSTAT, IpExt, InOctets)                                            \
	X(NETSTAT, IpExt, OutOctets)                                           \
	X(NETSTAT, IpExt, InCsumErrors)                                        \
	X(NETSTAT, IpExt, InNoECTPkts)                                         \
	X(NETSTAT, IpExt, InECT1Pkts)                                          \
	X(NETSTAT, IpExt, InECT0Pkts)                                          \
	X(NETSTAT, IpExt, InCEPkts)                                            \
	X(SNMP6, Ip6, InReceives)                                              \
	X(SNMP6, Ip6, InHdrErrors)                                             \
	X(SNMP6, Ip6, InTooBigErrors)                                          \
	X(SNMP6, Ip6, InNoRoutes)                                              \
	X(SNMP6, Ip6, InAddrErrors)                                            \
	X(SNMP6, Ip6, InUnknownProtos)                                         \
	X(SNMP6, Ip6, InTruncatedPkts)                                         \
	X(SNMP6, Ip6, InDiscards)                                              \
	X(SNMP6, Ip6, InDelivers)                                              \
	X(SNMP6, Ip6, OutForwDatagrams)                                        \
	X(SNMP6, Ip6, OutRequests)                                             \
	X(SNMP6, Ip6, OutDiscards)                                             \
	X(SNMP6, Ip6, OutNoRoutes)                                             \
	X(SNMP6, Ip6, FragFails)                                               \
	X(SNMP6, Ip6, InMcastPkts)                                             \
	X(SNMP6, Ip6, InOctets)                                                \
	X(SNMP6, Ip6, OutOctets)                                               \
	X(SNMP6, Ip6, InNoECTPkts)                                             \
	X(SNMP6, Ip6, InECT1Pkts)                                              \
	X(SNMP6, Ip6, InECT0Pkts)                                              \
	X(SNMP6, Ip6, InCEPkts)                                                \
	X(SNMP6, Ip6, OutTransmits)                                            \
	X(SNMP6, Icmp6, OutMsgs)                                               \
	X(SNMP6, Icmp6, OutDestUnreachs)                                       \
	X(SNMP6, Icmp6, OutPktTooBigs)                                         \
	X(SNMP6, Icmp6, OutTimeExcds)                                          \
	X(SNMP6, Icmp6, OutParmProblems)                                       \
	X(SNMP6, Udp6, InDatagrams)                                            \
	X(SNMP6, Udp6, NoPorts)                                                \
	X(SNMP6, Udp6, InErrors)                                               \
	X(SNMP6, Udp6, OutDatagrams)                                           \
	X(SNMP6, Udp6, RcvbufErrors)                                           \
	X(SNMP6, Udp6, SndbufErrors)                                           \
	X(SNMP6, Udp6, InCsumErrors)                                           \
	X(SNMP6, Udp6, MemErrors)

enum snmp_id {
	SNMP_NONE,
#define SNMP_ENUM(file, group, name) SNMP_##group##name,
	SNMP_LIST(SNMP_ENUM)
#undef SNMP_ENUM
	SNMP_COUNT
};

struct snmp {
	uint64_t counts[SNMP_COUNT];
};

/* The first is of IPv4, the second of IPv6: moves that of the packet's. */
void snmp_count(struct path *path, const struct packet *pkt, enum snmp_id ipv4,
    enum snmp_id ipv6);
void snmp_count_several(struct path *path, const struct packet *pkt,
    enum snmp_id ipv4, enum snmp_id ipv6, uint64_t count);

/* It is at ip_rcv, not parsed yet: packets, octets, marks. */
void snmp_received(struct path *path, const struct packet *pkt);
/* It is handed to the peer's link: packets and octets. */
void snmp_transmitted(struct path *path, const struct packet *pkt);
/* An error of this kind was made about the packet; or none for the limit. */
void snmp_answered(
    struct path *path, const struct packet *about, enum icmp_kind kind);
void snmp_unanswered(struct path *path, const struct packet *about);
/* pkt->drop at that stage. */
void snmp_dropped(
    struct path *path, const struct stage *stage, const struct packet *pkt);

#endif
