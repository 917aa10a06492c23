/* SPDX-License-Identifier: ISC */
/* The classic-BPF checker, and the machine against a second one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "packet/bpf.h"
#include "../unit/bpf_naive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct bpf_instruction program[BPF_INSTRUCTIONS_MAX + 1];

static void run(size_t count, const struct bpf_packet *pkt)
{
	struct bpf_fault fault = {0, NULL};

	if (bpf_check(program, count, &fault))
		assert(bpf_run(program, pkt) ==
		       bpf_naive_run(program, count, pkt).returned);
	else
		assert(fault.reason && fault.instruction <= count);
}

/* instructions u16, bytes cut off u16, protocol u16, type u8, a byte; the
 * instructions: code u16, if_true u8, if_false u8, k u32; and the packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_of(data, len);
	size_t count = cursor_le16(&c) % (BPF_INSTRUCTIONS_MAX + 2);
	uint16_t cut = cursor_le16(&c);
	struct bpf_packet pkt = {.protocol = cursor_le16(&c)};
	uint8_t *copy;

	pkt.type = (enum bpf_packet_type)cursor_u8(&c);
	cursor_skip(&c, 1);
	for (size_t i = 0; i < count; i++) {
		program[i].code = cursor_le16(&c);
		program[i].if_true = cursor_u8(&c);
		program[i].if_false = cursor_u8(&c);
		program[i].k = cursor_le32(&c);
	}
	/* the heap's edge is the packet's: reading past it is caught */
	copy = malloc(c.left + 1);
	assert(copy);
	pkt.bytes = memcpy(copy + 1, c.at, c.left);
	pkt.len = (uint32_t)c.left;
	pkt.wire_len = pkt.len + cut;
	if (!c.has_failed)
		run(count, &pkt);
	free(copy);
	return 0;
}
