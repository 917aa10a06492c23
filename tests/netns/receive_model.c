/* SPDX-License-Identifier: ISC */
/*
 * usage: receive_model INSTANCE 4|6 PACKETS SEEDS: the same random packets into
 * a tun device of the kernel and into our tables: see receive_lab.h.
 *
 * Writes lines "ok SENTENCE" and "not ok SENTENCE"; others are for people. To
 * be run in a fresh network namespace. Environment: SEED, the first of them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "packet/ip.h"
#include "receive_lab.h"

#define BATCH	    256
#define CLASSES	    128
#define CLASS_BYTES 320
/* Of so many packets, one at least has each of the verdicts. */
#define PACKETS_PER_HIT 4000
#define EXCLUDED_MAX	2 /* percent */

struct tally {
	char text[CLASS_BYTES];
	uint64_t count;
};

static struct {
	struct record *records;
	uint32_t begun; /* number of the first record of the batch */
	struct tally classes[CLASSES], exclusions[CLASSES],
	    differences[CLASSES];
	uint64_t packets, compared, different;
	bool has_failed;
} run;

/* True the first time. */
static bool count(struct tally *tallies, const char *text)
{
	size_t i = 0;

	while (tallies[i].count && strcmp(tallies[i].text, text) != 0)
		if (++i == CLASSES)
			abort();
	snprintf(tallies[i].text, CLASS_BYTES, "%s", text);
	return tallies[i].count++ == 0;
}

static struct kernel_outcome *outcome_of(uint32_t number)
{
	uint32_t i = number - run.begun;

	return i < BATCH ? &run.records[i].kernel : NULL;
}

/* The first one of each kind is shown whole. */
static void complain(const struct record *record, const char *difference)
{
	char text[CLASS_BYTES], kernel[128], ours[128];

	judge_describe_kernel(record, kernel, sizeof(kernel));
	judge_describe_ours(record, ours, sizeof(ours));
	snprintf(text, sizeof(text), "%s: kernel %s, ours %s", difference,
	    kernel, ours);
	run.different++;
	if (!count(run.differences, text))
		return;
	printf("%s\n  ", text);
	for (size_t i = 0; i < record->packet.len; i++)
		printf("%02x", record->packet.bytes[i]);
	printf("\n");
}

static void judge(const struct record *record)
{
	const char *exclusion = judge_exclusion(record);
	const char *difference;
	char text[CLASS_BYTES];

	run.packets++;
	if (exclusion) {
		count(run.exclusions, exclusion);
		return;
	}
	run.compared++;
	judge_verdict(record, text, sizeof(text));
	count(run.classes, text);
	difference = judge_difference(record);
	if (difference)
		complain(record, difference);
}

static void run_batch(struct seed *seed, int family, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		struct record *record = &run.records[i];

		packets_make(seed, family, &record->packet);
		ours_receive(
		    record->packet.bytes, record->packet.len, &record->ours);
		kernel_send(run.begun + i, record->packet.bytes,
		    record->packet.len, &record->kernel);
	}
	kernel_read_drops(outcome_of);
	for (uint32_t i = 0; i < size; i++)
		judge(&run.records[i]);
	run.begun += size;
}

static void run_seed(struct seed seed, int family, uint32_t packets)
{
	for (uint32_t done = 0; done < packets;) {
		uint32_t size = packets - done;

		size = size < BATCH ? size : BATCH;
		run_batch(&seed, family, size);
		done += size;
	}
}

/* ---- what came of it ---- */

static const struct verdict_class {
	int family; /* 0: both */
	const char *text;
} classes[] = {
    {0, "host"},
    {0, "forward"},
    {0, "socket"},
    {0, "UNHANDLED_PROTO ip_rcv"},
    {0, "PKT_TOO_SMALL ip_rcv"},
    {0, "IP_INHDR ip_rcv"},
    {4, "IP_CSUM ip_rcv"},
    {6, "IP_INHDR ip_rcv, icmp 4/0"},
    {6, "UNHANDLED_PROTO ip_rcv, icmp 4/2"},
    {4, "IP_RPFILTER rcv_finish"},
    {4, "IP_INVALID_SOURCE rcv_finish"},
    {4, "IP_INVALID_DEST rcv_finish"},
    {4, "IP_LOCALNET rcv_finish"},
    {4, "IP_LOCAL_SOURCE rcv_finish"},
    {4, "IP_INHDR rcv_finish"},
    {4, "IP_INHDR rcv_finish, icmp 12/0"},
    {0, "IP_INNOROUTES rcv_finish"},
    {4, "IP_INNOROUTES rcv_finish, icmp 3/0"},
    {6, "IP_INNOROUTES rcv_finish, icmp 1/0"},
    {0, "IP_INHDR forward"},
    {4, "IP_INHDR forward, icmp 11/0"},
    {6, "IP_INHDR forward, icmp 3/0"},
    {6, "IP_INADDRERRORS forward"},
    {0, "PKT_TOO_BIG forward"},
    {4, "PKT_TOO_BIG forward, icmp 3/4"},
    {6, "PKT_TOO_BIG forward, icmp 2/0"},
    {0, "PKT_TOO_SMALL udp_rcv"},
    {0, "UDP_CSUM udp_rcv"},
    {4, "IP_NOPROTO udp_rcv, icmp 3/2"},
    {6, "IP_NOPROTO udp_rcv, icmp 4/1"},
    {6, "IP_NOPROTO udp_rcv"},
    {0, "UDP_CSUM lookup"},
    {6, "NO_SOCKET lookup"},
    {4, "NO_SOCKET lookup, icmp 3/3"},
    {6, "NO_SOCKET lookup, icmp 1/4"},
    {0, "SOCKET_FILTER sock_queue"},
    {0, "SOCKET_RCVBUFF sock_queue"},
    {0, "UDP_CSUM sock_queue"},
};

static uint64_t count_of(const char *text)
{
	for (size_t i = 0; i < CLASSES && run.classes[i].count; i++)
		if (!strcmp(run.classes[i].text, text))
			return run.classes[i].count;
	return 0;
}

static void print_tallies(const struct tally *tallies, const char *what)
{
	for (size_t i = 0; i < CLASSES && tallies[i].count; i++)
		printf("%9" PRIu64 "%s %s\n", tallies[i].count, what,
		    tallies[i].text);
}

static void say(bool is_ok, const char *sentence)
{
	printf("%s %s\n", is_ok ? "ok" : "not ok", sentence);
	run.has_failed |= !is_ok;
}

static bool are_all_met(int family)
{
	uint64_t wanted = run.packets / PACKETS_PER_HIT;
	bool are_met = true;

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		const char *text = classes[i].text;
		uint64_t got = count_of(text);

		if (classes[i].family == 6 - family + 4)
			continue;
		if (got && got >= wanted)
			continue;
		printf("only %" PRIu64 " of \"%s\"\n", got, text);
		are_met = false;
	}
	return are_met;
}

static void report(int family)
{
	char sentence[128];
	uint64_t excluded = run.packets - run.compared;

	print_tallies(run.classes, "");
	print_tallies(run.exclusions, " not compared:");
	print_tallies(run.differences, " differ:");
	snprintf(sentence, sizeof(sentence),
	    "of %" PRIu64 " IPv%d packets, %" PRIu64 " compared, %" PRIu64
	    " have another fate",
	    run.packets, family, run.compared, run.different);
	say(!run.different, sentence);
	say(are_all_met(family), "each verdict was met");
	say(excluded * 100 < run.packets * EXCLUDED_MAX,
	    "nearly all were compared");
}

int main(int argc, char **argv)
{
	struct seed seed;
	int family = argc > 2 ? atoi(argv[2]) : 0;

	if (argc < 5 || (family != 4 && family != 6))
		return 2;
	run.records = calloc(BATCH, sizeof(*run.records));
	if (!run.records)
		abort();
	seed = seed_start();
	kernel_open(argv[1]);
	ours_open();
	for (int i = 0; i < atoi(argv[4]); i++, seed.state++)
		run_seed(seed, family, (uint32_t)atoi(argv[3]));
	report(family);
	ours_close();
	kernel_close();
	free(run.records);
	return run.has_failed;
}
