/* SPDX-License-Identifier: ISC */
/* T5: our classic BPF against the running kernel's, on random programs. */
#include "unit.h"

#include <errno.h>
#include <linux/filter.h>

#include "bpf_kernel.h"
#include "bpf_naive.h"
#include "bpf_random.h"

#define RUNS_WANTED	    60000
#define REFUSALS_WANTED	    5000
#define PACKETS_PER_PROGRAM 10
#define TIMEOUT_S	    120

struct tally {
	size_t accepted, refused, refused_by_us, too_large;
	size_t runs, rejected, cut, relative;
};

static bool is_absolute(uint16_t code)
{
	return code == (BPF_LD | BPF_W | BPF_ABS) ||
	       code == (BPF_LD | BPF_H | BPF_ABS) ||
	       code == (BPF_LD | BPF_B | BPF_ABS);
}

/* Loads that the kernel knows and we refuse become ordinary ones. */
static bool is_ours_to_refuse(struct bpf_instruction *one)
{
	uint32_t end = is_absolute(one->code) ? SKF_AD_OFF + SKF_AD_MAX : 0;

	if (!is_absolute(one->code) && one->code != (BPF_LDX | BPF_B | BPF_MSH))
		return false;
	if (one->k - (uint32_t)SKF_LL_OFF >= end - (uint32_t)SKF_LL_OFF)
		return false;
	one->k = 0;
	return true;
}

/* Both sides take the program, or both refuse it. */
static bool is_accepted(
    struct bpf_kernel *kernel, struct bpf_random *random, struct tally *tally)
{
	struct bpf_fault fault;
	bool is_good, is_ours = false;
	int ret;

	while (!(is_good = bpf_check(random->program, random->count, &fault)) &&
	       fault.instruction < random->count &&
	       is_ours_to_refuse(&random->program[fault.instruction]))
		is_ours = true;
	ret = bpf_kernel_set(kernel, random->program, random->count);
	tally->refused_by_us += is_ours;
	if (ret == -ENOMEM) {
		tally->too_large++;
		return false;
	}
	ck_assert_msg((ret == 0) == is_good, "kernel %d, we: %zu %s", ret,
	    is_good ? 0 : fault.instruction, is_good ? "" : fault.reason);
	tally->accepted += is_good;
	tally->refused += !is_good;
	return is_good;
}

static void run_once(struct bpf_kernel *kernel, const struct bpf_random *random,
    struct seed *seed, struct tally *tally)
{
	uint8_t bytes[BPF_RANDOM_PACKET_BYTES];
	struct bpf_packet pkt = {.bytes = bytes};
	struct bpf_naive naive;
	uint32_t returned;
	int got;

	pkt.len = pkt.wire_len = bpf_random_packet(bytes, seed);
	returned = bpf_run(random->program, &pkt);
	naive = bpf_naive_run(random->program, random->count, &pkt);
	ck_assert_uint_eq(returned, naive.returned);
	if (naive.has_relative_offset) {
		tally->relative++;
		return;
	}
	got = bpf_kernel_run(kernel, bytes, pkt.len);
	ck_assert_int_eq(got, bpf_kernel_expects(returned, pkt.len));
	tally->runs++;
	tally->rejected += !returned;
	tally->cut += returned && returned < pkt.len;
}

static void report(const struct tally *tally)
{
	printf("# programs: %zu accepted, %zu refused, %zu refused by us "
	       "only, %zu too large for a socket\n",
	    tally->accepted, tally->refused, tally->refused_by_us,
	    tally->too_large);
	printf("# runs: %zu equal, of them %zu rejected and %zu cut; "
	       "%zu not compared\n",
	    tally->runs, tally->rejected, tally->cut, tally->relative);
}

START_TEST(random_programs_do_here_what_they_do_in_the_kernel)
{
	static struct bpf_random random;
	struct seed seed = seed_start();
	struct bpf_kernel kernel;
	struct tally tally = {0};

	ck_assert_int_eq(bpf_kernel_open(&kernel), 0);
	while (tally.runs < RUNS_WANTED || tally.refused < REFUSALS_WANTED) {
		bpf_random_make(&random, &seed);
		if (seed_below(&seed, 2))
			bpf_random_spoil(&random, &seed);
		if (!is_accepted(&kernel, &random, &tally))
			continue;
		for (size_t i = 0; i < PACKETS_PER_PROGRAM; i++)
			run_once(&kernel, &random, &seed, &tally);
	}
	bpf_kernel_close(&kernel);
	report(&tally);
	ck_assert_uint_ge(tally.cut, RUNS_WANTED / 10);
	ck_assert_uint_ge(tally.rejected, RUNS_WANTED / 10);
	ck_assert_uint_ge(tally.refused_by_us, 1);
	ck_assert_uint_le(tally.relative, tally.runs / 100);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("bpf_kernel");
	TCase *tcase = tcase_create("random");

	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_test(
	    tcase, random_programs_do_here_what_they_do_in_the_kernel);
	suite_add_tcase(suite, tcase);
	return suite;
}
