/* SPDX-License-Identifier: ISC */
/* The classic-BPF machine, instruction by instruction. */
#include "unit.h"

#include "base/attributes.h"
#include "bpf_naive.h"
#include "bpf_random.h"
#include "bpf_write.h"

#define RANDOM_PROGRAMS 3000

#define PACKET_BYTES 32
#define WIRE_BYTES   1500

static const struct run {
	const char *name;
	uint32_t returned;
	struct bpf_instruction program[PROGRAM_MAX];
} runs[] = {
    {"return a constant", 0xffffffff, {RETURN(0xffffffff)}},
    {"A begins with 0", 0, {RETURN_A}},
    {"X begins with 0", 0, {SET_A(7), TXA, RETURN_A}},
    {"ld #k", 7, {SET_A(7), RETURN_A}},
    {"ld #len", WIRE_BYTES, {LOAD(BPF_W | BPF_LEN, 1), RETURN_A}},
    {"ldx #len", WIRE_BYTES,
	{BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 1), TXA, RETURN_A}},
    {"ld [k]", 0x45010203, {LOAD(BPF_W | BPF_ABS, 0), RETURN_A}},
    {"ldh [k]", 0x1011, {LOAD(BPF_H | BPF_ABS, 16), RETURN_A}},
    {"ldb [k]", 0x45, {LOAD(BPF_B | BPF_ABS, 0), RETURN_A}},
    {"ld [k] at the end", 0x1c1d1e1f, {LOAD(BPF_W | BPF_ABS, 28), RETURN_A}},
    {"ldh [k] at the end", 0x1e1f, {LOAD(BPF_H | BPF_ABS, 30), RETURN_A}},
    {"ldb [k] at the end", 0x1f, {LOAD(BPF_B | BPF_ABS, 31), RETURN_A}},
    {"ld [k] over the end", 0, {LOAD(BPF_W | BPF_ABS, 29), RETURN(1)}},
    {"ldh [k] over the end", 0, {LOAD(BPF_H | BPF_ABS, 31), RETURN(1)}},
    {"ldb [k] over the end", 0, {LOAD(BPF_B | BPF_ABS, 32), RETURN(1)}},
    {"ld [k] far away", 0, {LOAD(BPF_W | BPF_ABS, 0x80000000), RETURN(1)}},
    {"ld [x + k]", 0x08090a0b, {SET_X(5), LOAD(BPF_W | BPF_IND, 3), RETURN_A}},
    {"ldh [x + k]", 0x0809, {SET_X(5), LOAD(BPF_H | BPF_IND, 3), RETURN_A}},
    {"ldb [x + k]", 0x08, {SET_X(5), LOAD(BPF_B | BPF_IND, 3), RETURN_A}},
    {"ldb [x - 4]", 1,
	{SET_X(5), LOAD(BPF_B | BPF_IND, (uint32_t)-4), RETURN_A}},
    {"ldb [x - 6] of 5", 0,
	{SET_X(5), LOAD(BPF_B | BPF_IND, (uint32_t)-6), RETURN(1)}},
    {"ldh [x + k] over the end", 0,
	{SET_X(1), LOAD(BPF_H | BPF_IND, 30), RETURN(1)}},
    {"ld [x + k] that comes to the protocol", 0,
	{SET_X(0xfffff000), LOAD(BPF_W | BPF_IND, 0), RETURN(1)}},
    {"ld [x + k] that comes to the IP header", 0,
	{SET_X((uint32_t)SKF_NET_OFF), LOAD(BPF_W | BPF_IND, 0), RETURN(1)}},
    {"the protocol", 0x86dd,
	{LOAD(BPF_H | BPF_ABS, BESIDE(SKF_AD_PROTOCOL)), RETURN_A}},
    {"the packet type", PACKET_BYTES + BPF_OUTGOING,
	{LOAD(BPF_B | BPF_ABS, BESIDE(SKF_AD_PKTTYPE)),
	    ALU(BPF_ADD, PACKET_BYTES), RETURN_A}},
    {"ldx 4*([k]&0xf)", 20,
	{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), TXA, RETURN_A}},
    {"ldx 4*([k]&0xf) leaves A", 9,
	{SET_A(9), BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 31), RETURN_A}},
    {"ldx 4*([k]&0xf) over the end", 0,
	{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 32), RETURN(1)}},
    {"st and ld M", 8,
	{SET_A(8), BPF_STMT(BPF_ST, 3), SET_A(0), LOAD(BPF_MEM, 3), RETURN_A}},
    {"stx and ldx M", 8,
	{SET_X(8), BPF_STMT(BPF_STX, 15), SET_X(0),
	    BPF_STMT(BPF_LDX | BPF_MEM, 15), TXA, RETURN_A}},
    {"words are apart", 8,
	{SET_A(8), BPF_STMT(BPF_ST, 3), SET_A(9), BPF_STMT(BPF_ST, 4),
	    LOAD(BPF_MEM, 3), RETURN_A}},
    {"tax", 8,
	{SET_A(8), BPF_STMT(BPF_MISC | BPF_TAX, 0), SET_A(0), TXA, RETURN_A}},
    {"jump", 2, {BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(1), RETURN(2)}},
};

/* A = a, X = x, and then A OP k or A OP X, with k = x. */
static const struct calculation {
	uint16_t operation;
	uint32_t a, x, result;
} calculations[] = {
    {BPF_ADD, 0xffffffff, 2, 1},
    {BPF_SUB, 1, 2, 0xffffffff},
    {BPF_MUL, 0x10001, 0x10001, 0x20001},
    {BPF_DIV, 0x80000000, 3, 0x2aaaaaaa},
    {BPF_DIV, 0xffffffff, 0xffffffff, 1},
    {BPF_MOD, 0x80000000, 3, 2},
    {BPF_MOD, 5, 0x80000000, 5},
    {BPF_OR, 0xf0f0, 0xff, 0xf0ff},
    {BPF_AND, 0xf0f0, 0xff, 0xf0},
    {BPF_XOR, 0xf0f0, 0xff, 0xf00f},
    {BPF_LSH, 0x80000001, 1, 2},
    {BPF_LSH, 1, 31, 0x80000000},
    {BPF_RSH, 0x80000001, 1, 0x40000000},
    {BPF_RSH, 0x80000000, 31, 1},
};

/* A = a, X = x: does A OP k, does A OP X hold, with k = x? */
static const struct claim {
	uint16_t operation;
	uint32_t a, x;
	bool holds;
} claims[] = {
    {BPF_JEQ, 5, 5, true},
    {BPF_JEQ, 5, 6, false},
    {BPF_JGT, 5, 5, false},
    {BPF_JGT, 6, 5, true},
    {BPF_JGT, 0x80000000, 5, true},
    {BPF_JGE, 5, 5, true},
    {BPF_JGE, 4, 5, false},
    {BPF_JGE, 0xffffffff, 5, true},
    {BPF_JSET, 6, 12, true},
    {BPF_JSET, 6, 9, false},
};

/* Checks the program, runs both machines, and returns what both returned. */
static uint32_t checked_run(const struct bpf_instruction *program, size_t count)
{
	uint8_t bytes[PACKET_BYTES] = {0x45};
	struct bpf_packet pkt = {
	    bytes, PACKET_BYTES, WIRE_BYTES, 0x86dd, BPF_OUTGOING};
	struct bpf_fault fault = {0, ""};
	uint32_t returned;

	for (uint8_t i = 1; i < PACKET_BYTES; i++)
		bytes[i] = i;
	ck_assert_msg(bpf_check(program, count, &fault), "%zu %s",
	    fault.instruction, fault.reason);
	returned = bpf_run(program, &pkt);
	ck_assert_uint_eq(
	    returned, bpf_naive_run(program, count, &pkt).returned);
	return returned;
}

/* A row's program ends with its last return. */
static size_t length(const struct bpf_instruction *program)
{
	size_t count = PROGRAM_MAX;

	while (BPF_CLASS(program[count - 1].code) != BPF_RET)
		count--;
	return count;
}

START_TEST(each_instruction_does_what_it_says)
{
	const struct run *run = &runs[_i];
	uint32_t returned = checked_run(run->program, length(run->program));

	ck_assert_msg(
	    returned == run->returned, "%s: %#x", run->name, returned);
}
END_TEST

START_TEST(each_calculation_is_one_of_32_bits)
{
	const struct calculation *sum = &calculations[_i];
	struct bpf_instruction program[] = {SET_X(sum->x), SET_A(sum->a),
	    ALU(sum->operation, sum->x), RETURN_A};

	ck_assert_uint_eq(
	    checked_run(program, ARRAY_SIZE(program)), sum->result);
	program[2] = (struct bpf_instruction)ALU_X(sum->operation);
	ck_assert_uint_eq(
	    checked_run(program, ARRAY_SIZE(program)), sum->result);
}
END_TEST

START_TEST(each_branch_compares_without_a_sign)
{
	const struct claim *claim = &claims[_i];
	uint16_t code = BPF_JMP | claim->operation;
	struct bpf_instruction program[] = {SET_X(claim->x), SET_A(claim->a),
	    BPF_JUMP(code | BPF_K, claim->x, 1, 0), RETURN(10), RETURN(11)};

	ck_assert_uint_eq(
	    checked_run(program, ARRAY_SIZE(program)), 10u + claim->holds);
	program[2] = (struct bpf_instruction)BPF_JUMP(code | BPF_X, 0, 0, 1);
	ck_assert_uint_eq(
	    checked_run(program, ARRAY_SIZE(program)), 11u - claim->holds);
}
END_TEST

START_TEST(a_negation_keeps_32_bits)
{
	const struct bpf_instruction program[] = {
	    SET_A(1), ALU(BPF_NEG, 0), RETURN_A};

	ck_assert_uint_eq(
	    checked_run(program, ARRAY_SIZE(program)), UINT32_MAX);
}
END_TEST

START_TEST(a_division_by_an_x_of_zero_rejects)
{
	struct bpf_instruction program[] = {
	    SET_A(5), ALU_X(BPF_DIV), RETURN(1)};

	ck_assert_uint_eq(checked_run(program, ARRAY_SIZE(program)), 0);
	program[1] = (struct bpf_instruction)ALU_X(BPF_MOD);
	ck_assert_uint_eq(checked_run(program, ARRAY_SIZE(program)), 0);
}
END_TEST

START_TEST(a_shift_by_x_takes_five_bits_as_in_the_kernel)
{
	struct bpf_instruction program[] = {
	    SET_A(6), SET_X(33), ALU_X(BPF_LSH), RETURN_A};

	ck_assert_uint_eq(checked_run(program, ARRAY_SIZE(program)), 12);
	program[2] = (struct bpf_instruction)ALU_X(BPF_RSH);
	ck_assert_uint_eq(checked_run(program, ARRAY_SIZE(program)), 3);
}
END_TEST

START_TEST(each_load_from_no_packet_at_all_rejects)
{
	const struct bpf_packet pkt = {.wire_len = 9};
	struct bpf_instruction program[] = {
	    LOAD(BPF_B | BPF_ABS, 0), RETURN(1)};
	const uint16_t sizes[] = {BPF_W, BPF_H, BPF_B};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		program[0].code = BPF_LD | BPF_ABS | sizes[i];
		ck_assert_uint_eq(bpf_run(program, &pkt), 0);
		program[0].code = BPF_LD | BPF_IND | sizes[i];
		ck_assert_uint_eq(bpf_run(program, &pkt), 0);
	}
	program[0].code = BPF_LD | BPF_W | BPF_LEN;
	ck_assert_uint_eq(bpf_run(program, &pkt), 1);
}
END_TEST

START_TEST(the_largest_program_runs_to_its_end)
{
	static struct bpf_instruction program[BPF_INSTRUCTIONS_MAX];

	for (size_t i = 0; i < BPF_INSTRUCTIONS_MAX - 1; i++)
		program[i] = (struct bpf_instruction)ALU(BPF_ADD, 1);
	program[BPF_INSTRUCTIONS_MAX - 1] = (struct bpf_instruction)RETURN_A;
	ck_assert_uint_eq(checked_run(program, BPF_INSTRUCTIONS_MAX),
	    BPF_INSTRUCTIONS_MAX - 1);
	program[0] = (struct bpf_instruction)BPF_STMT(
	    BPF_JMP | BPF_JA, BPF_INSTRUCTIONS_MAX - 2);
	ck_assert_uint_eq(checked_run(program, BPF_INSTRUCTIONS_MAX), 0);
}
END_TEST

static void compare(const struct bpf_random *random, struct seed *seed)
{
	uint8_t bytes[BPF_RANDOM_PACKET_BYTES];
	struct bpf_packet pkt = {.bytes = bytes};

	pkt.len = bpf_random_packet(bytes, seed);
	pkt.wire_len = pkt.len + (uint32_t)seed_below(seed, 1000);
	pkt.protocol = (uint16_t)seed_next(seed);
	pkt.type = (enum bpf_packet_type)seed_below(seed, BPF_OUTGOING + 1);
	ck_assert_uint_eq(bpf_run(random->program, &pkt),
	    bpf_naive_run(random->program, random->count, &pkt).returned);
}

START_TEST(what_is_accepted_runs_as_in_the_naive_machine)
{
	static struct bpf_random random;
	struct seed seed = seed_start();
	struct bpf_fault fault;
	size_t accepted = 0;

	for (size_t i = 0; i < RANDOM_PROGRAMS; i++) {
		bpf_random_make(&random, &seed);
		if (i % 2)
			bpf_random_spoil(&random, &seed);
		if (!bpf_check(random.program, random.count, &fault)) {
			ck_assert_uint_le(fault.instruction, random.count);
			continue;
		}
		accepted++;
		for (size_t j = 0; j < 5; j++)
			compare(&random, &seed);
	}
	ck_assert_uint_ge(accepted, RANDOM_PROGRAMS / 3);
	ck_assert_uint_le(accepted, RANDOM_PROGRAMS * 9 / 10);
}
END_TEST

static TCase *cases(void)
{
	TCase *tcase = tcase_create("machine");

	tcase_add_loop_test(
	    tcase, each_instruction_does_what_it_says, 0, ARRAY_SIZE(runs));
	tcase_add_loop_test(tcase, each_calculation_is_one_of_32_bits, 0,
	    ARRAY_SIZE(calculations));
	tcase_add_loop_test(
	    tcase, each_branch_compares_without_a_sign, 0, ARRAY_SIZE(claims));
	tcase_add_test(tcase, a_negation_keeps_32_bits);
	tcase_add_test(tcase, a_division_by_an_x_of_zero_rejects);
	tcase_add_test(tcase, a_shift_by_x_takes_five_bits_as_in_the_kernel);
	tcase_add_test(tcase, each_load_from_no_packet_at_all_rejects);
	tcase_add_test(tcase, the_largest_program_runs_to_its_end);
	tcase_add_test(tcase, what_is_accepted_runs_as_in_the_naive_machine);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("bpf");

	suite_add_tcase(suite, cases());
	return suite;
}
