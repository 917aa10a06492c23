/* SPDX-License-Identifier: ISC */
/* The command line of vpnd. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/options.h"
#include "unit.h"

static struct options options;
static char error[256];

static int parse(char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return options_parse(&options, argc, argv, error, sizeof(error));
}

#define PARSE(...) parse((char *[]){(char *)"vpnd", __VA_ARGS__, NULL})

static void clean_environment(void)
{
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("STATE_DIRECTORY");
}

START_TEST(options_take_a_name)
{
	ck_assert_int_eq(PARSE((char *)"site"), 0);
	ck_assert_int_eq(options.action, OPTIONS_RUN);
	ck_assert_str_eq(options.name, "site");
	ck_assert_str_eq(options.file, "/etc/vpnd/site.conf");
	ck_assert_str_eq(options.socket, "/run/vpnd/site/ctl.sock");
	ck_assert_str_eq(options.read_socket, "/run/vpnd/site/ro.sock");
	ck_assert_str_eq(options.state_dir, "/var/lib/vpnd");
	ck_assert(!options.has_log_level);
}
END_TEST

START_TEST(options_take_a_file)
{
	ck_assert_int_eq(PARSE((char *)"/tmp/x/lab.conf"), 0);
	ck_assert_str_eq(options.name, "lab");
	ck_assert_str_eq(options.file, "/tmp/x/lab.conf");
	ck_assert_int_eq(PARSE((char *)"./lab"), 0);
	ck_assert_str_eq(options.name, "lab");
	ck_assert_int_eq(options.file[0], '/');
	ck_assert_int_eq(PARSE((char *)"lab.conf"), 0);
	ck_assert_str_eq(options.name, "lab");
	ck_assert_int_eq(strncmp(options.file, "/etc/", 5) == 0, 0);
}
END_TEST

START_TEST(options_put_the_other_socket_beside_the_given_one)
{
	ck_assert_int_eq(PARSE((char *)"--socket", (char *)"/tmp/q/c",
			     (char *)"--state-dir=/tmp/s", (char *)"site"),
	    0);
	ck_assert_str_eq(options.socket, "/tmp/q/c");
	ck_assert_str_eq(options.read_socket, "/tmp/q/ro.sock");
	ck_assert_str_eq(options.state_dir, "/tmp/s");
	ck_assert_int_eq(PARSE((char *)"-s", (char *)"c", (char *)"site"), 0);
	ck_assert_str_eq(options.read_socket, "./ro.sock");
}
END_TEST

START_TEST(options_use_what_systemd_made)
{
	setenv("RUNTIME_DIRECTORY", "/run/vpnd/other", 1);
	setenv("STATE_DIRECTORY", "/var/lib/private/vpnd", 1);
	ck_assert_int_eq(PARSE((char *)"site"), 0);
	ck_assert_str_eq(options.socket, "/run/vpnd/other/ctl.sock");
	ck_assert_str_eq(options.state_dir, "/var/lib/private/vpnd");
	setenv("RUNTIME_DIRECTORY", "relative", 1);
	ck_assert_int_eq(PARSE((char *)"site"), 0);
	ck_assert_str_eq(options.socket, "/run/vpnd/site/ctl.sock");
}
END_TEST

START_TEST(options_know_the_actions_and_the_level)
{
	ck_assert_int_eq(PARSE((char *)"-c", (char *)"site"), 0);
	ck_assert_int_eq(options.action, OPTIONS_CHECK);
	ck_assert_int_eq(PARSE((char *)"--help"), 0);
	ck_assert_int_eq(options.action, OPTIONS_HELP);
	ck_assert_int_eq(PARSE((char *)"-V"), 0);
	ck_assert_int_eq(options.action, OPTIONS_VERSION);
	ck_assert_int_eq(PARSE((char *)"--log-level=debug", (char *)"site"), 0);
	ck_assert(options.has_log_level);
	ck_assert_int_eq(options.log_level, LOG_LEVEL_DEBUG);
}
END_TEST

START_TEST(options_refuse_what_they_do_not_know)
{
	ck_assert_int_eq(PARSE((char *)"--no-such", (char *)"x"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "--no-such"));
	ck_assert_int_eq(PARSE((char *)"-x", (char *)"site"), -EINVAL);
	ck_assert_int_eq(PARSE((char *)"--socket"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "needs an argument"));
	ck_assert_int_eq(PARSE((char *)"-s", (char *)"", (char *)"a"), -EINVAL);
	ck_assert_int_eq(PARSE((char *)"-S", (char *)"", (char *)"a"), -EINVAL);
	ck_assert_int_eq(
	    PARSE((char *)"-l", (char *)"loud", (char *)"a"), -EINVAL);
	ck_assert_int_eq(PARSE((char *)"a", (char *)"b"), -EINVAL);
	ck_assert_int_eq(parse((char *[]){(char *)"vpnd", NULL}), -EINVAL);
}
END_TEST

START_TEST(options_refuse_names_that_can_not_be_paths)
{
	static char long_name[100];

	memset(long_name, 'a', sizeof(long_name) - 1);
	ck_assert_int_eq(PARSE((char *)""), -EINVAL);
	ck_assert_int_eq(PARSE((char *)".."), -EINVAL);
	ck_assert_int_eq(PARSE((char *)"/"), -EINVAL);
	ck_assert_int_eq(PARSE((char *)"/etc/.conf"), -EINVAL);
	ck_assert_int_eq(PARSE((char *)"si te"), -EINVAL);
	ck_assert_int_eq(PARSE((char *)"/tmp/-x.conf"), -EINVAL);
	ck_assert_int_eq(PARSE((char *)"sit\n"), -EINVAL);
	ck_assert_int_eq(PARSE(long_name), -EINVAL);
}
END_TEST

START_TEST(options_help_names_each_option)
{
	char text[2048];

	options_help(text, sizeof(text));
	for (size_t i = 0; i < options_lines_count; i++)
		ck_assert_ptr_nonnull(strstr(text, options_lines[i].name));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/options");
	TCase *tcase = tcase_create("options");

	tcase_add_checked_fixture(tcase, clean_environment, NULL);
	tcase_add_test(tcase, options_take_a_name);
	tcase_add_test(tcase, options_take_a_file);
	tcase_add_test(
	    tcase, options_put_the_other_socket_beside_the_given_one);
	tcase_add_test(tcase, options_use_what_systemd_made);
	tcase_add_test(tcase, options_know_the_actions_and_the_level);
	tcase_add_test(tcase, options_refuse_what_they_do_not_know);
	tcase_add_test(tcase, options_refuse_names_that_can_not_be_paths);
	tcase_add_test(tcase, options_help_names_each_option);
	suite_add_tcase(suite, tcase);
	return suite;
}
