/* SPDX-License-Identifier: ISC */
/*
 * The second classic-BPF machine. It takes an instruction apart into the
 * fields that linux/filter.h names, and assumes nothing about a program.
 */
#include "bpf_naive.h"

#include <linux/filter.h>
#include <stdlib.h>

struct machine {
	const struct bpf_packet *pkt;
	uint64_t a, x;
	uint64_t words[BPF_MEMWORDS];
	bool has_word[BPF_MEMWORDS];
	bool has_ended;
	struct bpf_naive result;
};

static void insist(bool claim)
{
	if (!claim)
		abort();
}

static uint64_t end(struct machine *m, uint64_t returned)
{
	m->has_ended = true;
	m->result.returned = (uint32_t)returned;
	return 0;
}

static uint64_t packet(struct machine *m, uint64_t offset, size_t bytes)
{
	uint64_t value = 0;

	if (offset + bytes > m->pkt->len)
		return end(m, 0);
	for (size_t i = 0; i < bytes; i++)
		value = value * 256 + m->pkt->bytes[offset + i];
	return value;
}

static uint64_t absolute(struct machine *m, uint64_t offset, size_t bytes)
{
	if (offset == (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL))
		return m->pkt->protocol;
	if (offset == (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE))
		return m->pkt->type;
	insist(offset < (uint32_t)SKF_LL_OFF);
	return packet(m, offset, bytes);
}

static uint64_t indirect(struct machine *m, uint32_t k, size_t bytes)
{
	uint64_t offset = (m->x + k) % (UINT64_C(1) << 32);
	uint64_t network = offset - (uint32_t)SKF_NET_OFF;
	uint64_t link = offset - (uint32_t)SKF_LL_OFF;

	if (network < 1 << 16 || link < 1 << 16)
		m->result.has_relative_offset = true;
	return packet(m, offset, bytes);
}

static uint64_t load(struct machine *m, const struct bpf_instruction *one)
{
	size_t bytes = BPF_SIZE(one->code) == BPF_W   ? 4
		       : BPF_SIZE(one->code) == BPF_H ? 2
						      : 1;

	switch (BPF_MODE(one->code)) {
	case BPF_IMM:
		return one->k;
	case BPF_ABS:
		return absolute(m, one->k, bytes);
	case BPF_IND:
		return indirect(m, one->k, bytes);
	case BPF_MEM:
		insist(one->k < BPF_MEMWORDS && m->has_word[one->k]);
		return m->words[one->k];
	case BPF_LEN:
		return m->pkt->wire_len;
	default:
		insist(BPF_MODE(one->code) == BPF_MSH);
		return packet(m, one->k, 1) % 16 * 4;
	}
}

static void store(struct machine *m, uint32_t k, uint64_t value)
{
	insist(k < BPF_MEMWORDS);
	m->words[k] = value;
	m->has_word[k] = true;
}

static uint64_t divide(struct machine *m, uint64_t by, bool is_modulo)
{
	if (!by)
		return end(m, 0);
	return is_modulo ? m->a % by : m->a / by;
}

static uint64_t calculate(struct machine *m, uint16_t operation, uint64_t with)
{
	switch (operation) {
	case BPF_ADD:
		return m->a + with;
	case BPF_SUB:
		return m->a - with;
	case BPF_MUL:
		return m->a * with;
	case BPF_DIV:
	case BPF_MOD:
		return divide(m, with, operation == BPF_MOD);
	case BPF_OR:
		return m->a | with;
	case BPF_AND:
		return m->a & with;
	case BPF_XOR:
		return m->a ^ with;
	case BPF_LSH:
		return m->a << with % 32;
	case BPF_RSH:
		return m->a >> with % 32;
	default:
		insist(operation == BPF_NEG);
		return 0 - m->a;
	}
}

static size_t skipped(
    const struct machine *m, const struct bpf_instruction *one, uint64_t with)
{
	bool claim = false;

	switch (BPF_OP(one->code)) {
	case BPF_JA:
		return one->k;
	case BPF_JEQ:
		claim = m->a == with;
		break;
	case BPF_JGT:
		claim = m->a > with;
		break;
	case BPF_JGE:
		claim = m->a >= with;
		break;
	default:
		insist(BPF_OP(one->code) == BPF_JSET);
		claim = (m->a & with) != 0;
		break;
	}
	return claim ? one->if_true : one->if_false;
}

/* Returns how many instructions are skipped. */
static size_t step(struct machine *m, const struct bpf_instruction *one)
{
	uint64_t with = BPF_SRC(one->code) == BPF_X ? m->x : one->k;

	switch (BPF_CLASS(one->code)) {
	case BPF_LD:
		m->a = load(m, one);
		break;
	case BPF_LDX:
		m->x = load(m, one);
		break;
	case BPF_ST:
		store(m, one->k, m->a);
		break;
	case BPF_STX:
		store(m, one->k, m->x);
		break;
	case BPF_ALU:
		m->a = (uint32_t)calculate(m, BPF_OP(one->code), with);
		break;
	case BPF_JMP:
		return skipped(m, one, with);
	case BPF_RET:
		end(m, BPF_RVAL(one->code) == BPF_A ? m->a : one->k);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(one->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		break;
	}
	return 0;
}

struct bpf_naive bpf_naive_run(const struct bpf_instruction *program,
    size_t count, const struct bpf_packet *pkt)
{
	struct machine m = {.pkt = pkt};

	for (size_t i = 0; !m.has_ended; i++) {
		insist(i < count);
		i += step(&m, &program[i]);
	}
	return m.result;
}
