/* SPDX-License-Identifier: ISC */
/* The loader process with programs that behave badly. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/loader.h"
#include "unit.h"

const int unit_is_apart = 1;

static char dir[] = "/tmp/vpnd-test-loader.XXXXXX";
static char program[64];
static struct loader *loader;
static struct loader_answer answer;

/* $1 is the configuration file's name. */
static void start(const char *script)
{
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(program, sizeof(program), "%s/conf", dir);
	fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	dprintf(fd, "#!/bin/sh\n%s\n", script);
	close(fd);
	setenv("VPND_CONF", program, 1);
	ck_assert_int_eq(loader_start(&loader, "/the/file.conf"), 0);
}

static void stop(void)
{
	loader_answer_clear(&answer);
	loader_stop(loader);
	unlink(program);
	rmdir(dir);
}

START_TEST(loader_returns_text_messages_and_status)
{
	start("echo \"text of $1\"; echo said >&2; exit 78");
	ck_assert_int_eq(loader_load(loader, &answer), 0);
	ck_assert_int_eq(answer.status, 78);
	ck_assert_str_eq(answer.text, "text of /the/file.conf\n");
	ck_assert_uint_eq(answer.text_len, strlen(answer.text));
	ck_assert_str_eq(answer.messages, "said\n");
}
END_TEST

START_TEST(loader_answers_again_and_again)
{
	start("echo x");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(loader_load(loader, &answer), 0);
		ck_assert_int_eq(answer.status, 0);
		ck_assert_str_eq(answer.text, "x\n");
		loader_answer_clear(&answer);
	}
}
END_TEST

START_TEST(loader_takes_a_large_text)
{
	start("yes 0123456789abcdef | head -c 5000000");
	ck_assert_int_eq(loader_load(loader, &answer), 0);
	ck_assert_uint_eq(answer.text_len, 5000000);
	ck_assert_int_eq(answer.status, 0);
}
END_TEST

START_TEST(loader_survives_a_crash_of_the_parser)
{
	start("kill -SEGV $$");
	ck_assert_int_eq(loader_load(loader, &answer), 0);
	ck_assert_int_eq(answer.status, 255);
	loader_answer_clear(&answer);
	ck_assert_int_eq(loader_load(loader, &answer), 0);
}
END_TEST

START_TEST(loader_says_that_the_program_is_missing)
{
	start("true");
	unlink(program);
	ck_assert_int_eq(loader_load(loader, &answer), 0);
	ck_assert_int_eq(answer.status, 255);
	ck_assert_ptr_nonnull(strstr(answer.messages, "can not run"));
}
END_TEST

START_TEST(loader_gives_the_parser_no_rights_and_no_secrets)
{
	setenv("SECRET", "hunter2", 1);
	start("grep -E '^(CapEff|NoNewPrivs)' /proc/self/status; env;"
	      "ulimit -c; ls /proc/self/fd | wc -l");
	ck_assert_int_eq(loader_load(loader, &answer), 0);
	ck_assert_ptr_nonnull(strstr(answer.text, "CapEff:\t0000000000000000"));
	ck_assert_ptr_nonnull(strstr(answer.text, "NoNewPrivs:\t1"));
	ck_assert_ptr_null(strstr(answer.text, "hunter2"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/loader");
	TCase *tcase = tcase_create("loader");

	tcase_add_checked_fixture(tcase, NULL, stop);
	tcase_add_test(tcase, loader_returns_text_messages_and_status);
	tcase_add_test(tcase, loader_answers_again_and_again);
	tcase_add_test(tcase, loader_takes_a_large_text);
	tcase_add_test(tcase, loader_survives_a_crash_of_the_parser);
	tcase_add_test(tcase, loader_says_that_the_program_is_missing);
	tcase_add_test(tcase, loader_gives_the_parser_no_rights_and_no_secrets);
	suite_add_tcase(suite, tcase);
	return suite;
}
