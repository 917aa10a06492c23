/* SPDX-License-Identifier: ISC */
/* Packets with the kernel's answers: tests/corpus/receive.txt, which
 * tests/netns/receive.sh asks the kernel for. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../netns/receive_lab.h"
#include "../netns/receive_text.h"

#define LINES_MIN 100

static struct record record;

static void check_line(const struct receive_line *line)
{
	char verdict[RECEIVE_VERDICT_BYTES];

	memcpy(record.packet.bytes, line->bytes, line->len);
	record.packet.len = line->len;
	ours_receive(line->bytes, line->len, &record.ours);
	judge_verdict(&record, verdict, sizeof(verdict));
	ck_assert_msg(!strcmp(verdict, line->verdict), "%s: %s, not %s",
	    line->name, verdict, line->verdict);
}

static FILE *open_corpus(void)
{
	const char *top = getenv("srcdir");
	char path[4096];

	snprintf(
	    path, sizeof(path), "%s/tests/corpus/receive.txt", top ? top : ".");
	return fopen(path, "re");
}

START_TEST(each_packet_has_the_fate_that_the_kernel_gave_it)
{
	FILE *file = open_corpus();
	char text[RECEIVE_LINE_BYTES];
	struct receive_line line;
	int lines = 0;

	ck_assert_ptr_nonnull(file);
	ours_open();
	while (fgets(text, sizeof(text), file)) {
		if (!receive_read(&line, text))
			continue;
		check_line(&line);
		lines++;
	}
	ck_assert_int_ge(lines, LINES_MIN);
	ours_close();
	fclose(file);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("receive");
	TCase *tcase = tcase_create("receive");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, each_packet_has_the_fate_that_the_kernel_gave_it);
	return suite;
}
