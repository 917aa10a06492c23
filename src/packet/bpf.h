/* SPDX-License-Identifier: ISC */
/*
 * Classic BPF: the checker and the machine that run tcpdump's filters.
 *
 * How it works: the contract is that of SO_ATTACH_FILTER. Who wants a filter
 * compiles it (pcap_compile, never in this process) and hands over
 * instructions; bpf_check accepts what the kernel accepts, and bpf_run
 * computes what the kernel computes. A checked program only jumps forward, so
 * each run ends after at most BPF_INSTRUCTIONS_MAX steps; it reads nothing
 * outside of the packet and no memory that it has not written.
 *
 * Where it differs from the kernel, on purpose: of the loads that ask for what
 * is beside the packet (at SKF_AD_OFF) it knows two, SKF_AD_PROTOCOL and
 * SKF_AD_PKTTYPE (libpcap's `inbound` and `outbound`). The others are refused:
 * a VLAN tag is still in the frame, where a filter for files looks for it; the
 * number of the interface, mark, queue, hash and CPU are the host's; random
 * numbers would make verdicts that nobody can repeat. Loads relative to a
 * header (SKF_NET_OFF, SKF_LL_OFF) are refused too; where only the run can
 * tell, such an offset is one beyond the packet.
 */
#ifndef PACKET_BPF_H
#define PACKET_BPF_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define BPF_INSTRUCTIONS_MAX 4096
#define BPF_MEMORY_WORDS     16

/* Laid out as the kernel's struct sock_filter. */
struct bpf_instruction {
	uint16_t code;
	uint8_t if_true, if_false; /* instructions that a jump skips */
	uint32_t k;
};
static_assert(sizeof(struct bpf_instruction) == 8, "as struct sock_filter");

/* What SKF_AD_PKTTYPE loads; the kernel's PACKET_HOST and so on. */
enum bpf_packet_type {
	BPF_TO_HOST = 0,
	BPF_TO_ALL = 1,
	BPF_TO_GROUP = 2,
	BPF_TO_ANOTHER = 3, /* a frame for someone else's address */
	BPF_OUTGOING = 4,
};

/* What a program looks at. */
struct bpf_packet {
	const uint8_t *bytes;
	uint32_t len;	   /* bytes that are there to be loaded */
	uint32_t wire_len; /* what `len` of a program is; len or more */
	uint16_t protocol; /* ethertype, for SKF_AD_PROTOCOL */
	enum bpf_packet_type type;
};

/* Why a program was refused. */
struct bpf_fault {
	size_t instruction; /* the first one is 0, as tcpdump -d counts */
	const char *reason; /* a constant, the end of a sentence */
};

/* Whether bpf_run may run the program; when not, `fault` is filled. */
must_check bool bpf_check(const struct bpf_instruction *program, size_t count,
    struct bpf_fault *fault);

/*
 * Runs a program that bpf_check accepted. Returns what it returned: 0 rejects
 * the packet, anything else is how many bytes of it are wanted. A load beyond
 * the packet and a division by an X of zero reject.
 */
must_check uint32_t bpf_run(
    const struct bpf_instruction *program, const struct bpf_packet *pkt);

#endif
