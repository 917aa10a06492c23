/* SPDX-License-Identifier: ISC */
/*
 * usage: receive_corpus INSTANCE: reads the packets of tests/corpus/receive.txt
 * and writes the file anew, with what the kernel says of each. Fails when our
 * tables say something else. To be run in a fresh network namespace.
 *
 * How it works: one packet at a time, so that the counters which moved are its
 * own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "receive_lab.h"
#include "receive_text.h"

static struct record record;

static struct kernel_outcome *outcome_of(uint32_t number)
{
	(void)number;
	return &record.kernel;
}

static void run(const struct receive_line *line, uint32_t number)
{
	memcpy(record.packet.bytes, line->bytes, line->len);
	record.packet.len = line->len;
	ours_receive(line->bytes, line->len, &record.ours);
	kernel_send(number, line->bytes, line->len, &record.kernel);
	kernel_read_drops(outcome_of);
}

static void write_line(const struct receive_line *line, const char *counters)
{
	const struct kernel_outcome *kernel = &record.kernel;
	char verdict[RECEIVE_VERDICT_BYTES];
	struct result result;

	judge_kernel(&record, &result);
	judge_verdict(&record, verdict, sizeof(verdict));
	printf("%s|%s|%s|%s%s%s%s%s|%s\n", line->name, line->hex, verdict,
	    kernel->reason[0] ? kernel->reason : "-",
	    kernel->reason[0] ? " " : "", kernel->function,
	    result.answer[0] ? ", answered by " : "", result.answer, counters);
}

/* False: they differ, and not by design. */
static bool agree(const struct receive_line *line)
{
	char ours[128], kernel[128];

	if (judge_exclusion(&record) || !judge_difference(&record))
		return true;
	judge_describe_ours(&record, ours, sizeof(ours));
	judge_describe_kernel(&record, kernel, sizeof(kernel));
	fprintf(
	    stderr, "%s: ours %s, the kernel's %s\n", line->name, ours, kernel);
	return false;
}

/* What the host counts is not ours; nor is what has no name. */
static bool count_alike(
    const struct receive_line *line, const char *ours, const char *kernel)
{
	struct result result;

	judge_ours(&record, &result);
	if (result.fate == FATE_HOST || judge_exclusion(&record) ||
	    !strcmp(record.kernel.reason, "NOT_SPECIFIED") ||
	    !strcmp(ours, kernel))
		return true;
	fprintf(stderr, "%s: ours counts %s, the kernel %s\n", line->name, ours,
	    kernel);
	return false;
}

int main(int argc, char **argv)
{
	char text[RECEIVE_LINE_BYTES];
	char kernel[KERNEL_COUNTERS_TEXT], ours[OURS_COUNTERS_TEXT];
	uint32_t number = 0;
	bool has_failed = false;

	if (argc < 2)
		return 2;
	kernel_open(argv[1]);
	ours_open();
	ours_counters(ours);
	while (fgets(text, sizeof(text), stdin)) {
		struct receive_line line;

		if (!receive_read(&line, text)) {
			fputs(text, stdout);
			continue;
		}
		run(&line, number++);
		kernel_counters(kernel);
		ours_counters(ours);
		write_line(&line, kernel);
		has_failed |= !agree(&line);
		has_failed |= !count_alike(&line, ours, kernel);
	}
	ours_close();
	kernel_close();
	return has_failed;
}
