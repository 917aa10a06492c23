/* SPDX-License-Identifier: ISC */
/*
 * One packet here and there, and whether both did the same with it.
 *
 * How it works: a packet has one fate: dropped, for a socket of vpnd's, for the
 * host, or on to another network. What the host does with what it was given is
 * not ours; but where vpnd has a socket, the kernel has one that is the same.
 * Two sides agree when the fates are equal, the reasons too, what is forwarded
 * byte by byte, and the ICMP errors that come back by type and code. See
 * receive_judge.c for the one map there is.
 */
#ifndef RECEIVE_LAB_H
#define RECEIVE_LAB_H

#include <stdint.h>

#include "receive_kernel.h"
#include "receive_ours.h"
#include "receive_packets.h"

struct record {
	struct random_packet packet;
	struct our_outcome ours;
	struct kernel_outcome kernel;
};

enum fate {
	FATE_DROPPED,
	FATE_HOST,
	FATE_SOCKET,
	FATE_FORWARDED
};

/* What came out on both sides, sorted. */
struct result {
	enum fate fate;
	char reason[TRACE_REASON_BYTES]; /* of a drop */
	size_t forwarded_count;
	const uint8_t *forwarded[4];
	size_t forwarded_len[4];
	char answer[32]; /* "icmp 3/1", "" none */
};

void judge_ours(const struct record *record, struct result *result);
void judge_kernel(const struct record *record, struct result *result);

/* The kernel is not in the group (of IPv4). */
bool judge_is_for_others_group(const struct record *record);
/* Ours was dropped on the way into a socket of vpnd's. */
bool judge_is_of_socket(const struct our_outcome *ours);

/* Why this packet is not compared, or NULL: see receive_exclude.c. */
const char *judge_exclusion(const struct record *record);

/* NULL, or what differs. */
const char *judge_difference(const struct record *record);

/* Ours: "host", "forward", "IP_INHDR ip_rcv", and what is answered. */
void judge_verdict(const struct record *record, char *text, size_t room);

/* For people: fate, reason, place, answer. */
void judge_describe_kernel(
    const struct record *record, char *text, size_t room);
void judge_describe_ours(const struct record *record, char *text, size_t room);

#endif
