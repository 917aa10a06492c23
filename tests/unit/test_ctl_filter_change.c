/* SPDX-License-Identifier: ISC */
/* vpnctl filter test and replace: the file is checked here, and sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"
#include "base/attributes.h"
#include "ctl_lab.h"
#include "unit.h"

#define FILE_BYTES (1 << 20)

static struct lab lab;
static char path[128];

static void set_up(void)
{
	lab_open(&lab);
	snprintf(path, sizeof(path), "%s/other.conf", lab.dir);
}

static void tear_down(void)
{
	remove(path);
	lab_close(&lab);
}

static void assert_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part), "no \"%s\" in \"%s\"", part, text);
}

/* Says what came, as the daemon would of a difference. */
static void answer_change(
    const struct control_request *request, struct lab_answer *ret)
{
	static char part[4096];
	struct config *config = NULL;

	ck_assert_ptr_nonnull(request->attached);
	ck_assert_int_eq(config_decode(&config, request->attached,
			     request->attached_len),
	    0);
	snprintf(part, sizeof(part),
	    "s\tschema\tvpnd.filter_change/1\ns\tfile\t%s\n[\tsteps\n%s]\n"
	    "b\tused\t%s\n",
	    config->file,
	    config->filter.rules_count
		? "{\t\ns\tkind\tadded\ns\ttext\trule \"dns\" added\n}\n"
		: "",
	    strcmp(request->verb, "filter replace") == 0 ? "true" : "false");
	config_free(config);
	ret->part = part;
}

static void write_file(const char *rules)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file,
	    "device = { name = \"vpn0\"; };\n"
	    "private_key_file = \"/nowhere\";\n"
	    "filter = { policy = { input = \"drop\"; forward = \"drop\"; };\n"
	    "  rules = (%s); };\n",
	    rules);
	fclose(file);
}

static int run(const char *verb)
{
	char line[256];

	snprintf(line, sizeof(line), "filter %s %s", verb, path);
	return lab_run(&lab, line);
}

#define DNS                                                                    \
	"{ name = \"dns\"; hook = \"input\"; proto = \"udp\"; "                \
	"action = \"accept\"; }"

START_TEST(a_difference_is_shown)
{
	lab_start(&lab, "site", "ctl.sock", answer_change);
	write_file(DNS);
	ck_assert_int_eq(run("test"), CONTROL_OK);
	ck_assert_str_eq(
	    lab.out, "  rule \"dns\" added\nnothing was changed\n");
	ck_assert_str_eq(lab.err, "");
	ck_assert_int_eq(run("replace"), CONTROL_OK);
	ck_assert_str_eq(lab.out,
	    "  rule \"dns\" added\nthe filter was replaced; the next reload "
	    "brings that of the tunnel's file back\n");
}
END_TEST

START_TEST(no_difference_is_shown)
{
	lab_start(&lab, "site", "ctl.sock", answer_change);
	write_file("");
	ck_assert_int_eq(run("test"), CONTROL_OK);
	assert_has(
	    lab.out, "the filter is the same as that of the running tunnel\n");
}
END_TEST

START_TEST(a_file_with_an_error_is_not_sent)
{
	write_file("{ name = \"dns\"; hook = \"inptu\"; }");
	ck_assert_int_eq(run("replace"), CONTROL_FAILED);
	assert_has(lab.err, "other.conf:4:");
	assert_has(lab.err, "inptu");
	remove(path);
	ck_assert_int_eq(run("replace"), CONTROL_FAILED);
	assert_has(lab.err, "other.conf");
}
END_TEST

START_TEST(ten_thousand_rules_are_sent)
{
	char *rules = calloc(1, FILE_BYTES);
	size_t len = 0;

	for (int i = 0; i < 10000; i++)
		len += (size_t)snprintf(rules + len, FILE_BYTES - len,
		    "%s{ name = \"r%d\"; hook = \"input\"; dport = \"%d\"; "
		    "proto = \"udp\"; action = \"accept\"; }",
		    i ? ",\n" : "", i, i + 1);
	lab_start(&lab, "site", "ctl.sock", answer_change);
	write_file(rules);
	free(rules);
	ck_assert_int_eq(run("test"), CONTROL_OK);
	ck_assert_str_eq(lab.err, "");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ctl_filter_change");
	TCase *tcase = tcase_create("filter");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_difference_is_shown);
	tcase_add_test(tcase, no_difference_is_shown);
	tcase_add_test(tcase, a_file_with_an_error_is_not_sent);
	tcase_add_test(tcase, ten_thousand_rules_are_sent);
	suite_add_tcase(suite, tcase);
	return suite;
}
