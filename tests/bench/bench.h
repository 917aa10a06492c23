/* SPDX-License-Identifier: ISC */
/*
 * How the programs here measure: time per packet in ns, for people, and as a
 * ratio to a loop of dependent multiplications, for comparing machines.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define BENCH_ROUNDS 7 /* the best one counts */

static inline double bench_now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* What keeps the compiler from leaving work out. */
static volatile uint64_t bench_sink;

/* 100 dependent multiplications: the unit of the ratios. */
static inline double bench_calibrate(void)
{
	double best = 1e9;

	for (int round = 0; round < BENCH_ROUNDS; round++) {
		double time = bench_now_ns();
		uint64_t x = bench_sink + 1;

		for (int i = 0; i < 1000000; i++)
			x = x * UINT64_C(0x9e3779b97f4a7c15) + 1;
		bench_sink = x;
		time = (bench_now_ns() - time) / 1e4;
		best = time < best ? time : best;
	}
	return best;
}

/* Runs `work`, which handles so many packets; ns for each of them. */
static inline double bench_time(
    void (*work)(void *context), void *context, unsigned packets)
{
	double best = 1e18;

	work(context); /* warms up */
	for (int round = 0; round < BENCH_ROUNDS; round++) {
		double from = bench_now_ns(), time;

		work(context);
		time = (bench_now_ns() - from) / packets;
		best = time < best ? time : best;
	}
	return best;
}

/* With what it makes of `bytes` a packet, in GB/s. */
static inline void bench_tell_bytes(
    const char *what, double ns, size_t bytes, double unit)
{
	printf("%-40s %7.1f ns  %6.3f  %7.2f GB/s\n", what, ns, ns / unit,
	    (double)bytes / ns);
}

static inline void bench_tell(const char *what, double ns, double unit)
{
	printf("%-40s %7.1f ns  %6.3f\n", what, ns, ns / unit);
}

/* The same beside what was asked for. */
static inline void bench_ask(
    const char *what, double ns, double unit, double asked)
{
	printf("%-40s %7.1f ns  %6.3f  %s %.0f ns\n", what, ns, ns / unit,
	    ns <= asked ? "within" : "MORE THAN", asked);
}

#endif
