/* SPDX-License-Identifier: ISC */
/*
 * Random programs: what is written to memory is mostly written at the
 * beginning, offsets are mostly in the packet, jumps are mostly short; so a
 * program is mostly valid, and seldom ends at once.
 */
#include "bpf_random.h"

#include <linux/filter.h>

#include "base/attributes.h"

#define WORDS_BEFORE 4 /* of memory that the beginning writes */

struct maker {
	struct bpf_random *made;
	struct seed *seed;
	size_t wanted;
};

static size_t below(struct maker *maker, size_t limit)
{
	return (size_t)seed_below(maker->seed, limit);
}

static bool is_one_in(struct maker *maker, size_t n)
{
	return below(maker, n) == 0;
}

static void add(struct maker *maker, unsigned int code, uint32_t k)
{
	struct bpf_random *made = maker->made;

	if (made->count < BPF_INSTRUCTIONS_MAX)
		made->program[made->count++] =
		    (struct bpf_instruction){(uint16_t)code, 0, 0, k};
}

/* Numbers at which things change, and others. */
static uint32_t constant(struct maker *maker)
{
	static const uint32_t special[] = {0, 1, 31, 32, 255, 256, 0xffff,
	    0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};

	switch (below(maker, 4)) {
	case 0:
		return special[below(maker, ARRAY_SIZE(special))];
	case 1:
		return (uint32_t)seed_next(maker->seed);
	default:
		return (uint32_t)below(maker, 300);
	}
}

static uint32_t offset(struct maker *maker)
{
	static const uint32_t special[] = {0x7fffffff, 0x80000000, 0xffdfffff,
	    BPF_RANDOM_PACKET_BYTES - 1, BPF_RANDOM_PACKET_BYTES};

	if (is_one_in(maker, 100))
		return special[below(maker, ARRAY_SIZE(special))];
	return (uint32_t)below(maker, is_one_in(maker, 50) ? 400 : 60);
}

static unsigned int any_of(struct maker *maker, const uint8_t *codes, size_t n)
{
	return codes[below(maker, n)];
}
#define ANY_OF(maker, ...)                                                     \
	any_of(maker, (const uint8_t[]){__VA_ARGS__},                          \
	    sizeof((const uint8_t[]){__VA_ARGS__}))

static unsigned int any_size(struct maker *maker)
{
	return ANY_OF(maker, BPF_W, BPF_H, BPF_B);
}

static void add_load(struct maker *maker)
{
	unsigned int class = ANY_OF(maker, BPF_LD, BPF_LDX);
	uint32_t word = (uint32_t)below(maker, BPF_MEMWORDS);

	switch (below(maker, 6)) {
	case 0:
		add(maker, class | BPF_W | BPF_LEN, constant(maker));
		break;
	case 1:
		add(maker, class | BPF_IMM, constant(maker));
		break;
	case 2:
		add(maker, class | BPF_MEM,
		    is_one_in(maker, 100) ? word : word % WORDS_BEFORE);
		break;
	case 3:
		add(maker, BPF_LDX | BPF_B | BPF_MSH, offset(maker));
		break;
	case 4:
		add(maker, BPF_LD | any_size(maker) | BPF_ABS,
		    (uint32_t)SKF_AD_OFF +
			ANY_OF(maker, SKF_AD_PROTOCOL, SKF_AD_PKTTYPE));
		break;
	default:
		add(maker, BPF_LD | any_size(maker) | BPF_ABS, offset(maker));
		break;
	}
}

/* X made small, and then mostly an offset that stays in the packet. */
static void add_indirect(struct maker *maker)
{
	uint32_t x = (uint32_t)below(maker, 60);
	uint32_t back = (uint32_t)below(maker, x + 2);

	if (is_one_in(maker, 2))
		add(maker, BPF_LDX | BPF_B | BPF_MSH, offset(maker));
	else
		add(maker, BPF_LDX | BPF_IMM, x);
	add(maker, BPF_LD | any_size(maker) | BPF_IND,
	    is_one_in(maker, 4) ? -back : offset(maker));
}

static void add_calculation(struct maker *maker)
{
	unsigned int operation =
	    ANY_OF(maker, BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND,
		BPF_LSH, BPF_RSH, BPF_NEG, BPF_MOD, BPF_XOR);
	uint32_t k = constant(maker);

	if (operation == BPF_LSH || operation == BPF_RSH)
		k %= 32;
	if (operation == BPF_DIV || operation == BPF_MOD)
		k += !k;
	add(maker,
	    BPF_ALU | operation |
		(operation == BPF_NEG ? BPF_K : ANY_OF(maker, BPF_K, BPF_X)),
	    k);
}

static void add_jump(struct maker *maker)
{
	unsigned int code = BPF_JMP |
			    ANY_OF(maker, BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET) |
			    ANY_OF(maker, BPF_K, BPF_X);
	size_t left = maker->wanted - maker->made->count;
	size_t far = is_one_in(maker, 20) ? 256 : 4;
	struct bpf_instruction *jump;

	if (left < 2)
		return;
	if (is_one_in(maker, 10)) {
		add(maker, BPF_JMP | BPF_JA,
		    (uint32_t)below(maker, left < 500 ? left / 3 + 1 : 500));
		return;
	}
	add(maker, code, constant(maker));
	far = far < left ? far : left;
	jump = &maker->made->program[maker->made->count - 1];
	jump->if_true = (uint8_t)below(maker, far);
	jump->if_false = (uint8_t)below(maker, far);
}

/* Folds A so that what is above the low byte counts as well. */
static void add_return(struct maker *maker)
{
	static const uint32_t shifts[] = {16, 8};

	if (is_one_in(maker, 8)) {
		add(maker, BPF_RET | BPF_K, constant(maker));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
		add(maker, BPF_MISC | BPF_TAX, 0);
		add(maker, BPF_ALU | BPF_RSH | BPF_K, shifts[i]);
		add(maker, BPF_ALU | BPF_XOR | BPF_X, 0);
	}
	add(maker, BPF_ALU | BPF_AND | BPF_K, 255);
	add(maker, BPF_RET | BPF_A, 0);
}

static void add_any(struct maker *maker)
{
	uint32_t word = (uint32_t)below(maker, BPF_MEMWORDS);

	switch (below(maker, 16)) {
	case 0:
		add(maker, ANY_OF(maker, BPF_ST, BPF_STX), word);
		break;
	case 1:
		add(maker, BPF_MISC | ANY_OF(maker, BPF_TAX, BPF_TXA), 0);
		break;
	case 2:
	case 3:
		add_jump(maker);
		break;
	case 4:
	case 5:
		add_indirect(maker);
		break;
	case 6:
		if (is_one_in(maker, 8))
			add_return(maker);
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		add_load(maker);
		break;
	default:
		add_calculation(maker);
		break;
	}
}

static size_t any_length(struct maker *maker)
{
	if (is_one_in(maker, 100))
		return below(maker, BPF_INSTRUCTIONS_MAX);
	return below(maker, is_one_in(maker, 6) ? 200 : 30);
}

void bpf_random_make(struct bpf_random *ret, struct seed *seed)
{
	struct maker maker = {.made = ret, .seed = seed};

	ret->count = 0;
	maker.wanted = any_length(&maker);
	for (uint32_t i = 0; i < WORDS_BEFORE; i++)
		add(&maker, ANY_OF(&maker, BPF_ST, BPF_STX), i);
	while (ret->count < maker.wanted)
		add_any(&maker);
	add_return(&maker);
	if (ret->count == BPF_INSTRUCTIONS_MAX)
		ret->program[ret->count - 1].code = BPF_RET | BPF_A;
}

static void spoil_one(struct bpf_random *program, struct seed *seed)
{
	struct bpf_instruction *one =
	    &program->program[seed_below(seed, program->count)];
	uint32_t any = (uint32_t)seed_next(seed);

	switch (seed_below(seed, 8)) {
	case 0:
		one->code = (uint16_t)any;
		break;
	case 1:
		one->code = (uint8_t)any;
		break;
	case 2:
		one->code ^= (uint16_t)(1u << any % 16);
		break;
	case 3:
		one->k = any;
		break;
	case 4:
		one->k = any % 64;
		break;
	case 5:
		one->k = (uint32_t)SKF_AD_OFF + any % 72;
		break;
	case 6:
		one->if_true = (uint8_t)any;
		break;
	default:
		one->if_false = (uint8_t)any;
		break;
	}
}

void bpf_random_spoil(struct bpf_random *program, struct seed *seed)
{
	size_t places = 1 + (size_t)seed_below(seed, 3);

	if (seed_below(seed, 20) == 0) /* without its end */
		program->count = (size_t)seed_below(seed, program->count + 1);
	else if (seed_below(seed, 200) == 0)
		program->count = BPF_INSTRUCTIONS_MAX + 1;
	for (size_t i = 0; program->count && i < places; i++)
		spoil_one(program, seed);
}

uint32_t bpf_random_packet(uint8_t *bytes, struct seed *seed)
{
	uint32_t len = (uint32_t)seed_below(
	    seed, seed_below(seed, 10) == 0 ? 20 : BPF_RANDOM_PACKET_BYTES + 1);

	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)seed_next(seed);
	return len;
}
