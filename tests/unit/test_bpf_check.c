/* SPDX-License-Identifier: ISC */
/* The classic-BPF checker: what it refuses, for which reason, and what not. */
#include "unit.h"

#include <string.h>

#include "base/attributes.h"
#include "bpf_write.h"
#include "packet/bpf.h"

static const struct refusal {
	const char *name;
	size_t count, instruction;
	const char *reason;
	struct bpf_instruction program[PROGRAM_MAX];
} refusals[] = {
    {"no instruction", 0, 0, "1 to 4096", {RETURN(0)}},
    {"a code that is none", 2, 0, "does not exist", {{8, 0, 0, 0}, RETURN(0)}},
    {"a code above 255", 2, 0, "does not exist", {{256, 0, 0, 0}, RETURN(0)}},
    {"a good code and a high bit", 1, 0, "does not exist", {{0x8006, 0, 0, 0}}},
    {"a return of X", 1, 0, "does not exist", {{BPF_RET | BPF_X, 0, 0, 0}}},
    {"a negation of X", 2, 0, "does not exist", {ALU_X(BPF_NEG), RETURN_A}},
    {"the extended end of eBPF", 1, 0, "does not exist", {{0x95, 0, 0, 0}}},
    {"no return at the end", 1, 0, "returns nothing", {SET_A(1)}},
    {"a return before the end only", 2, 1, "returns nothing",
	{RETURN(1), SET_A(1)}},
    {"a division by zero", 2, 0, "divides by zero",
	{ALU(BPF_DIV, 0), RETURN_A}},
    {"a modulo by zero", 2, 0, "divides by zero", {ALU(BPF_MOD, 0), RETURN_A}},
    {"a left shift by 32", 2, 0, "shifts by 32", {ALU(BPF_LSH, 32), RETURN_A}},
    {"a right shift by 2^31", 2, 0, "shifts by 32",
	{ALU(BPF_RSH, 0x80000000), RETURN_A}},
    {"a jump behind the end", 2, 0, "out of the program",
	{BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(0)}},
    {"a jump back", 3, 1, "out of the program",
	{RETURN(0), BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)-2), RETURN(0)}},
    {"a branch behind the end when true", 2, 0, "out of the program",
	{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), RETURN(0)}},
    {"a branch behind the end when false", 2, 0, "out of the program",
	{BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 1), RETURN(0)}},
    {"a branch far behind the end", 2, 0, "out of the program",
	{BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0, 255, 0), RETURN(0)}},
    {"a branch at the end", 1, 0, "out of the program",
	{BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0, 0, 0)}},
    {"a store to word 16", 2, 0, "above 15", {BPF_STMT(BPF_ST, 16), RETURN(0)}},
    {"a store of X to word 2^31", 2, 0, "above 15",
	{BPF_STMT(BPF_STX, 0x80000000), RETURN(0)}},
    {"a load of word 16", 2, 0, "above 15", {LOAD(BPF_MEM, 16), RETURN_A}},
    {"a load of a word into X without a store", 2, 0, "not written",
	{BPF_STMT(BPF_LDX | BPF_MEM, 0), RETURN(0)}},
    {"a load of another word", 3, 1, "not written",
	{BPF_STMT(BPF_ST, 3), LOAD(BPF_MEM, 4), RETURN_A}},
    {"a store on the way of true only", 4, 2, "not written",
	{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_ST, 0),
	    LOAD(BPF_MEM, 0), RETURN_A}},
    {"a store on the way of false only", 4, 2, "not written",
	{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_ST, 0),
	    LOAD(BPF_MEM, 0), RETURN_A}},
    {"a store that is jumped over", 4, 2, "not written",
	{BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_STX, 0), LOAD(BPF_MEM, 0),
	    RETURN_A}},
    {"a store behind a return, read there", 3, 1, "not written",
	{RETURN(0), LOAD(BPF_MEM, 0), RETURN_A}},
    {"the number of the interface", 2, 0, "interface",
	{LOAD(BPF_W | BPF_ABS, BESIDE(SKF_AD_IFINDEX)), RETURN_A}},
    {"the VLAN tag", 2, 0, "VLAN",
	{LOAD(BPF_H | BPF_ABS, BESIDE(SKF_AD_VLAN_TAG)), RETURN_A}},
    {"whether there is a VLAN tag", 2, 0, "VLAN",
	{LOAD(BPF_B | BPF_ABS, BESIDE(SKF_AD_VLAN_TAG_PRESENT)), RETURN_A}},
    {"the protocol of the VLAN tag", 2, 0, "VLAN",
	{LOAD(BPF_H | BPF_ABS, BESIDE(SKF_AD_VLAN_TPID)), RETURN_A}},
    {"a netlink attribute", 2, 0, "SKF_AD_OFF",
	{LOAD(BPF_W | BPF_ABS, BESIDE(SKF_AD_NLATTR)), RETURN_A}},
    {"a random number", 2, 0, "SKF_AD_OFF",
	{LOAD(BPF_W | BPF_ABS, BESIDE(SKF_AD_RANDOM)), RETURN_A}},
    {"the byte behind the protocol", 2, 0, "SKF_AD_OFF",
	{LOAD(BPF_B | BPF_ABS, BESIDE(1)), RETURN_A}},
    {"what nobody knows", 2, 0, "SKF_AD_OFF",
	{LOAD(BPF_W | BPF_ABS, 0xffffffff), RETURN_A}},
    {"an offset in the IP header", 2, 0, "relative to a header",
	{LOAD(BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF + 9), RETURN_A}},
    {"the first offset in a frame", 2, 0, "relative to a header",
	{LOAD(BPF_H | BPF_ABS, (uint32_t)SKF_LL_OFF), RETURN_A}},
    {"a header length in the IP header", 2, 0, "relative to a header",
	{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, (uint32_t)SKF_NET_OFF),
	    RETURN(0)}},
    {"a header length beside the packet", 2, 0, "relative to a header",
	{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, BESIDE(SKF_AD_PROTOCOL)),
	    RETURN(0)}},
};

START_TEST(a_bad_program_is_refused_for_its_first_fault)
{
	const struct refusal *bad = &refusals[_i];
	struct bpf_fault fault = {99, ""};

	ck_assert_msg(
	    !bpf_check(bad->program, bad->count, &fault), "%s", bad->name);
	ck_assert_msg(fault.instruction == bad->instruction, "%s: %zu",
	    bad->name, fault.instruction);
	ck_assert_msg(strstr(fault.reason, bad->reason), "%s: %s", bad->name,
	    fault.reason);
}
END_TEST

START_TEST(one_instruction_too_many_is_refused)
{
	static struct bpf_instruction program[BPF_INSTRUCTIONS_MAX + 1];
	struct bpf_fault fault;

	for (size_t i = 0; i < ARRAY_SIZE(program); i++)
		program[i] = (struct bpf_instruction)RETURN(1);
	ck_assert(bpf_check(program, BPF_INSTRUCTIONS_MAX, &fault));
	ck_assert(!bpf_check(program, BPF_INSTRUCTIONS_MAX + 1, &fault));
	ck_assert_uint_eq(fault.instruction, BPF_INSTRUCTIONS_MAX);
	ck_assert(!bpf_check(program, SIZE_MAX, &fault));
}
END_TEST

START_TEST(each_code_without_a_meaning_is_refused)
{
	struct bpf_instruction program[] = {
	    BPF_STMT(BPF_ST, 1), BPF_JUMP(0, 1, 0, 0), RETURN(0), RETURN(0)};
	struct bpf_fault fault;
	size_t known = 0;

	for (uint32_t code = 0; code <= UINT16_MAX; code++) {
		program[1].code = (uint16_t)code;
		if (bpf_check(program, ARRAY_SIZE(program), &fault))
			known++;
		else
			ck_assert_uint_eq(fault.instruction, 1);
	}
	ck_assert_uint_eq(known, 49);
}
END_TEST

static const struct {
	const char *name;
	size_t count;
	struct bpf_instruction program[PROGRAM_MAX];
} allowed[] = {
    {"one return", 1, {RETURN(0)}},
    {"a shift by 31", 2, {ALU(BPF_LSH, 31), RETURN_A}},
    {"a jump to the next one", 2, {BPF_STMT(BPF_JMP | BPF_JA, 0), RETURN(0)}},
    {"branches to the last one", 3,
	{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 1), RETURN(0), RETURN(0)}},
    {"word 15", 3, {BPF_STMT(BPF_ST, 15), LOAD(BPF_MEM, 15), RETURN_A}},
    {"a word that both ways store", 6,
	{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), BPF_STMT(BPF_ST, 0),
	    BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_STX, 0),
	    LOAD(BPF_MEM, 0), RETURN_A}},
    {"a word that is stored before a branch over a return", 5,
	{BPF_STMT(BPF_ST, 7), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
	    RETURN(0), LOAD(BPF_MEM, 7), RETURN_A}},
    {"a word that the instruction before does not store", 7,
	{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), BPF_STMT(BPF_ST, 0),
	    BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_JMP | BPF_JA, 2),
	    LOAD(BPF_MEM, 0), RETURN_A, RETURN(0)}},
    {"an offset behind each packet", 2,
	{LOAD(BPF_W | BPF_ABS, 0xffdfffff), RETURN_A}},
    {"a header length behind each packet", 2,
	{BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0xffdfffff), RETURN(0)}},
    {"an offset before X", 2, {LOAD(BPF_W | BPF_IND, 0xffffffff), RETURN_A}},
};

START_TEST(a_good_program_is_accepted)
{
	struct bpf_fault fault = {0, ""};

	ck_assert_msg(bpf_check(allowed[_i].program, allowed[_i].count, &fault),
	    "%s: %zu %s", allowed[_i].name, fault.instruction, fault.reason);
}
END_TEST

static TCase *cases(void)
{
	TCase *tcase = tcase_create("checker");

	tcase_add_loop_test(tcase, a_bad_program_is_refused_for_its_first_fault,
	    0, ARRAY_SIZE(refusals));
	tcase_add_test(tcase, one_instruction_too_many_is_refused);
	tcase_add_test(tcase, each_code_without_a_meaning_is_refused);
	tcase_add_loop_test(
	    tcase, a_good_program_is_accepted, 0, ARRAY_SIZE(allowed));
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("bpf_check");

	suite_add_tcase(suite, cases());
	return suite;
}
