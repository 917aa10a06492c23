/* SPDX-License-Identifier: ISC */
/* tcpdump expressions as programs of our classic-BPF machine. */
#include "conf/expression.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an accepting program returns: all of the packet, as in tcpdump. */
#define SNAP_BYTES 262144

static_assert(
    sizeof(struct bpf_insn) == sizeof(struct bpf_instruction) &&
	offsetof(struct bpf_insn, code) ==
	    offsetof(struct bpf_instruction, code) &&
	offsetof(struct bpf_insn, jt) ==
	    offsetof(struct bpf_instruction, if_true) &&
	offsetof(struct bpf_insn, jf) ==
	    offsetof(struct bpf_instruction, if_false) &&
	offsetof(struct bpf_insn, k) == offsetof(struct bpf_instruction, k),
    "libpcap's instructions are ours");

static int out_of_memory(char *error, size_t room)
{
	snprintf(error, room, "out of memory");
	return -ENOMEM;
}

static int take(struct bpf_instruction **ret, size_t *count,
    const struct bpf_program *program, char *error, size_t room)
{
	const struct bpf_instruction *instructions =
	    (const struct bpf_instruction *)program->bf_insns;
	size_t bytes = program->bf_len * sizeof(*instructions);
	struct bpf_fault fault;
	struct bpf_instruction *copy;

	if (!bpf_check(instructions, program->bf_len, &fault)) {
		snprintf(error, room, "instruction %zu of its program %s",
		    fault.instruction, fault.reason);
		return -EINVAL;
	}
	copy = malloc(bytes);
	if (!copy)
		return out_of_memory(error, room);
	memcpy(copy, instructions, bytes);
	*ret = copy;
	*count = program->bf_len;
	return 0;
}

int expression_compile(struct bpf_instruction **ret, size_t *count,
    const char *text, bool is_ethernet, char *error, size_t room)
{
	pcap_t *pcap =
	    pcap_open_dead(is_ethernet ? DLT_EN10MB : DLT_RAW, SNAP_BYTES);
	struct bpf_program program;
	int code = -EINVAL;

	if (!pcap)
		return out_of_memory(error, room);
	if (pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(error, room, "%s", pcap_geterr(pcap));
	} else {
		code = take(ret, count, &program, error, room);
		pcap_freecode(&program);
	}
	pcap_close(pcap);
	return code;
}
