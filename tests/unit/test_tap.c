/* SPDX-License-Identifier: ISC */
/* Frames with the answers of a kernel's bridge: tests/corpus/tap.txt, which
 * tests/netns/bridge_model.sh asks the kernel for. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../netns/tap_text.h"

#define LINES_MIN 25

static void check_line(const struct tap_line *line)
{
	char verdict[TAP_WORD_BYTES];
	struct tap_outcome outcome;

	tap_ours_send(line->from, line->bytes, line->len, &outcome);
	tap_tell_ours(&outcome, verdict, sizeof(verdict));
	ck_assert_msg(!strcmp(verdict, line->verdict), "%s: %s, not %s",
	    line->name, verdict, line->verdict);
	ck_assert_msg(tap_is_same(line) == !line->why[0],
	    "%s: %s, the kernel's %s", line->name, line->verdict, line->kernel);
}

static FILE *open_corpus(void)
{
	const char *top = getenv("srcdir");
	char path[4096];

	snprintf(
	    path, sizeof(path), "%s/tests/corpus/tap.txt", top ? top : ".");
	return fopen(path, "re");
}

/* In this order: the switch learns. */
START_TEST(each_frame_has_the_fate_that_a_bridge_gave_it)
{
	FILE *file = open_corpus();
	char text[TAP_LINE_BYTES];
	static struct tap_line line;
	int lines = 0;

	ck_assert_ptr_nonnull(file);
	tap_ours_open();
	while (fgets(text, sizeof(text), file)) {
		if (!tap_read(&line, text))
			continue;
		check_line(&line);
		lines++;
	}
	ck_assert_int_ge(lines, LINES_MIN);
	tap_ours_close();
	fclose(file);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("tap");
	TCase *tcase = tcase_create("tap");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, each_frame_has_the_fate_that_a_bridge_gave_it);
	return suite;
}
