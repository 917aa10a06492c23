/* SPDX-License-Identifier: ISC */
/*
 * Classic BPF: checker and machine, both made from one table of instructions.
 *
 * How it works: a row of INSTRUCTIONS is a code, what the checker asks of such
 * an instruction, and what the machine does for it, in terms of the registers
 * `a` and `x`, the scratch `memory` and the constant `k`. A code without a row
 * does not exist.
 */
#include "packet/bpf.h"

/* What the checker asks. UNKNOWN has to be zero. */
enum rule {
	UNKNOWN,
	NOTHING,
	DIVISOR,  /* k is one */
	SHIFT,	  /* by k */
	READ,	  /* memory[k] */
	WRITE,	  /* memory[k] */
	ABSOLUTE, /* k is an offset in the packet, or in what is beside it */
	OFFSET,	  /* k is an offset in the packet */
	JUMP,	  /* k instructions ahead */
	BRANCH,	  /* if_true or if_false instructions ahead */
	RETURN,
};

/* The offsets that the kernel gives another meaning (linux/filter.h), and
 * what we know of SKF_AD_OFF. */
#define LL_OFFSET	   UINT32_C(0xffe00000) /* SKF_LL_OFF */
#define ANCILLARY_OFFSET   UINT32_C(0xfffff000) /* SKF_AD_OFF */
#define ANCILLARY_PROTOCOL (ANCILLARY_OFFSET + 0)
#define ANCILLARY_TYPE	   (ANCILLARY_OFFSET + 4)

#define SHIFT_MAX 31
#define REJECT	  0

/* The steps of a row that are more than an expression. */
#define REJECT_UNLESS(is_possible)                                             \
	if (!(is_possible))                                                    \
	return REJECT
#define LOAD(size, offset) REJECT_UNLESS(load_##size(pkt, offset, &a))
#define LOAD_ABSOLUTE(size)                                                    \
	REJECT_UNLESS(load_##size(pkt, k, &a) || load_ancillary(pkt, k, &a))
#define LOAD_HEADER_BYTES                                                      \
	REJECT_UNLESS(load_1(pkt, k, &x));                                     \
	x = (x & 0xf) * 4
#define DIVIDE(operator)                                                       \
	REJECT_UNLESS(x);                                                      \
	a = a operator x
#define SKIP_IF(condition) at += (condition) ? at->if_true : at->if_false

/* clang-format off */
#define INSTRUCTIONS(ROW)                                                     \
	/* into A: packet, its length, constant, memory */                    \
	ROW(0x20, ABSOLUTE, LOAD_ABSOLUTE(4))                                 \
	ROW(0x28, ABSOLUTE, LOAD_ABSOLUTE(2))                                 \
	ROW(0x30, ABSOLUTE, LOAD_ABSOLUTE(1))                                 \
	ROW(0x40, NOTHING,  LOAD(4, x + k))                                   \
	ROW(0x48, NOTHING,  LOAD(2, x + k))                                   \
	ROW(0x50, NOTHING,  LOAD(1, x + k))                                   \
	ROW(0x80, NOTHING,  a = pkt->wire_len)                                \
	ROW(0x00, NOTHING,  a = k)                                            \
	ROW(0x60, READ,     a = memory[k])                                    \
	/* into X: length of an IPv4 header, packet's length, the others */   \
	ROW(0xb1, OFFSET,   LOAD_HEADER_BYTES)                                \
	ROW(0x81, NOTHING,  x = pkt->wire_len)                                \
	ROW(0x01, NOTHING,  x = k)                                            \
	ROW(0x61, READ,     x = memory[k])                                    \
	/* into memory, and between A and X */                                \
	ROW(0x02, WRITE,    memory[k] = a)                                    \
	ROW(0x03, WRITE,    memory[k] = x)                                    \
	ROW(0x07, NOTHING,  x = a)                                            \
	ROW(0x87, NOTHING,  a = x)                                            \
	/* A with a constant */                                               \
	ROW(0x04, NOTHING,  a += k)                                           \
	ROW(0x14, NOTHING,  a -= k)                                           \
	ROW(0x24, NOTHING,  a *= k)                                           \
	ROW(0x34, DIVISOR,  a /= k)                                           \
	ROW(0x44, NOTHING,  a |= k)                                           \
	ROW(0x54, NOTHING,  a &= k)                                           \
	ROW(0x64, SHIFT,    a <<= k)                                          \
	ROW(0x74, SHIFT,    a >>= k)                                          \
	ROW(0x84, NOTHING,  a = -a)                                           \
	ROW(0x94, DIVISOR,  a %= k)                                           \
	ROW(0xa4, NOTHING,  a ^= k)                                           \
	/* A with X; the kernel shifts by the low five bits */                \
	ROW(0x0c, NOTHING,  a += x)                                           \
	ROW(0x1c, NOTHING,  a -= x)                                           \
	ROW(0x2c, NOTHING,  a *= x)                                           \
	ROW(0x3c, NOTHING,  DIVIDE(/))                                        \
	ROW(0x4c, NOTHING,  a |= x)                                           \
	ROW(0x5c, NOTHING,  a &= x)                                           \
	ROW(0x6c, NOTHING,  a <<= x & SHIFT_MAX)                              \
	ROW(0x7c, NOTHING,  a >>= x & SHIFT_MAX)                              \
	ROW(0x9c, NOTHING,  DIVIDE(%))                                        \
	ROW(0xac, NOTHING,  a ^= x)                                           \
	/* jumps: always; A with a constant; A with X */                      \
	ROW(0x05, JUMP,     at += k)                                          \
	ROW(0x15, BRANCH,   SKIP_IF(a == k))                                  \
	ROW(0x25, BRANCH,   SKIP_IF(a > k))                                   \
	ROW(0x35, BRANCH,   SKIP_IF(a >= k))                                  \
	ROW(0x45, BRANCH,   SKIP_IF(a & k))                                   \
	ROW(0x1d, BRANCH,   SKIP_IF(a == x))                                  \
	ROW(0x2d, BRANCH,   SKIP_IF(a > x))                                   \
	ROW(0x3d, BRANCH,   SKIP_IF(a >= x))                                  \
	ROW(0x4d, BRANCH,   SKIP_IF(a & x))                                   \
	ROW(0x06, RETURN,   return k)                                         \
	ROW(0x16, RETURN,   return a)
/* clang-format on */

#define CODES			      256
#define RULE_OF_ROW(code, rule, step) [code] = (rule),
static const uint8_t rules[CODES] = {INSTRUCTIONS(RULE_OF_ROW)};

static enum rule rule_of(const struct bpf_instruction *instruction)
{
	return instruction->code < CODES ? rules[instruction->code] : UNKNOWN;
}

/* ---- the checker ---- */

/* A walk over a program, in its order: as jumps only go forward, all that may
 * come before an instruction was seen before it. */
struct walk {
	const struct bpf_instruction *program;
	size_t count;
	size_t at;
	/* memory that is written when the walk comes here, one bit a word;
	 * and of each instruction that is jumped to, on all jumps there */
	uint16_t written;
	uint16_t jumps_wrote[BPF_INSTRUCTIONS_MAX];
};

#define ALL_WRITTEN UINT16_MAX

static const char *check_ancillary(uint32_t offset)
{
	switch (offset) {
	case ANCILLARY_PROTOCOL:
	case ANCILLARY_TYPE:
		return NULL;
	case ANCILLARY_OFFSET + 8:
		return "asks for the number of the interface, which a packet "
		       "in the tunnel does not have";
	case ANCILLARY_OFFSET + 44:
	case ANCILLARY_OFFSET + 48:
	case ANCILLARY_OFFSET + 60:
		return "asks for a VLAN tag beside the frame; here tags stay "
		       "in the frame";
	default:
		return "asks for what only the kernel knows of a packet "
		       "(SKF_AD_OFF); of that, protocol and packet type are "
		       "known here";
	}
}

static const char *check_offset(uint32_t offset)
{
	return offset < LL_OFFSET
		   ? NULL
		   : "loads relative to a header (SKF_NET_OFF, SKF_LL_OFF)";
}

static const char *check_absolute(uint32_t offset)
{
	return offset < ANCILLARY_OFFSET ? check_offset(offset)
					 : check_ancillary(offset);
}

static const char *check_memory(struct walk *walk, enum rule rule, uint32_t k)
{
	uint16_t word;

	if (k >= BPF_MEMORY_WORDS)
		return "uses a memory word above 15";
	word = (uint16_t)(1u << k);
	if (rule == WRITE)
		walk->written |= word;
	return walk->written & word ? NULL
				    : "reads a memory word that was not "
				      "written on each way to it";
}

/* A jump over `skipped` instructions; the walk goes on behind it. */
static const char *check_jump(struct walk *walk, uint32_t skipped)
{
	if (skipped >= walk->count - walk->at - 1)
		return "jumps out of the program";
	walk->jumps_wrote[walk->at + 1 + skipped] &= walk->written;
	return NULL;
}

static const char *check_jumps(
    struct walk *walk, uint32_t skipped, uint32_t or_skipped)
{
	const char *reason = check_jump(walk, skipped);

	if (!reason)
		reason = check_jump(walk, or_skipped);
	walk->written = ALL_WRITTEN;
	return reason;
}

static const char *check_one(struct walk *walk)
{
	const struct bpf_instruction *one = &walk->program[walk->at];
	enum rule rule = rule_of(one);

	switch (rule) {
	case UNKNOWN:
		return "has a code that does not exist";
	case DIVISOR:
		return one->k ? NULL : "divides by zero";
	case SHIFT:
		return one->k <= SHIFT_MAX ? NULL : "shifts by 32 or more";
	case READ:
	case WRITE:
		return check_memory(walk, rule, one->k);
	case ABSOLUTE:
		return check_absolute(one->k);
	case OFFSET:
		return check_offset(one->k);
	case JUMP:
		return check_jumps(walk, one->k, one->k);
	case BRANCH:
		return check_jumps(walk, one->if_true, one->if_false);
	case NOTHING:
	case RETURN:
		break;
	}
	return NULL;
}

/*
 * As in the kernel, what is behind a return and no jump leads there counts as
 * reached with the memory of the return: a program may be refused for code
 * that never runs.
 */
static const char *check_each(struct walk *walk)
{
	const char *reason = NULL;

	for (size_t i = 0; i < walk->count; i++)
		walk->jumps_wrote[i] = ALL_WRITTEN;
	for (; walk->at < walk->count; walk->at++) {
		walk->written &= walk->jumps_wrote[walk->at];
		reason = check_one(walk);
		if (reason)
			return reason;
	}
	walk->at--;
	return rule_of(&walk->program[walk->at]) == RETURN
		   ? NULL
		   : "is the last one and returns nothing";
}

bool bpf_check(const struct bpf_instruction *program, size_t count,
    struct bpf_fault *fault)
{
	struct walk walk;
	const char *reason = "is missing: a program has 1 to 4096";

	walk.program = program;
	walk.count = count;
	walk.at = 0;
	walk.written = 0;
	if (count > BPF_INSTRUCTIONS_MAX) {
		walk.at = BPF_INSTRUCTIONS_MAX;
		reason = "is one too many: a program has 1 to 4096";
	} else if (count) {
		reason = check_each(&walk);
	}
	if (reason)
		*fault = (struct bpf_fault){walk.at, reason};
	return !reason;
}

/* ---- the machine ---- */

static inline bool is_inside(
    const struct bpf_packet *pkt, uint32_t offset, uint32_t bytes)
{
	return pkt->len >= bytes && offset <= pkt->len - bytes;
}

static inline bool load_1(
    const struct bpf_packet *pkt, uint32_t offset, uint32_t *ret)
{
	if (!is_inside(pkt, offset, 1))
		return false;
	*ret = pkt->bytes[offset];
	return true;
}

static inline bool load_2(
    const struct bpf_packet *pkt, uint32_t offset, uint32_t *ret)
{
	const uint8_t *at;

	if (!is_inside(pkt, offset, 2))
		return false;
	at = pkt->bytes + offset;
	*ret = (uint32_t)(at[0] << 8 | at[1]);
	return true;
}

static inline bool load_4(
    const struct bpf_packet *pkt, uint32_t offset, uint32_t *ret)
{
	const uint8_t *at;

	if (!is_inside(pkt, offset, 4))
		return false;
	at = pkt->bytes + offset;
	*ret = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
	return true;
}

/* An absolute load that is not in the packet. */
static bool load_ancillary(
    const struct bpf_packet *pkt, uint32_t offset, uint32_t *ret)
{
	switch (offset) {
	case ANCILLARY_PROTOCOL:
		*ret = pkt->protocol;
		return true;
	case ANCILLARY_TYPE:
		*ret = pkt->type;
		return true;
	default:
		return false;
	}
}

#define LABEL_OF_ROW(number, rule, step) [number] = &&do_##number,
#define STEP_OF_ROW(number, rule, step)                                        \
	do_##number : step;                                                    \
	at++;                                                                  \
	k = at->k;                                                             \
	goto *steps[at->code];

/* A jump behind each step, not one for all: the processor predicts them
 * apart. */
uint32_t bpf_run(
    const struct bpf_instruction *program, const struct bpf_packet *pkt)
{
	static const void *const steps[CODES] = {INSTRUCTIONS(LABEL_OF_ROW)};
	const struct bpf_instruction *at = program;
	uint32_t memory[BPF_MEMORY_WORDS];
	uint32_t a = 0, x = 0, k = at->k;

	goto *steps[at->code];
	INSTRUCTIONS(STEP_OF_ROW)
}
