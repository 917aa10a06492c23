/* SPDX-License-Identifier: ISC */
/* Files that vpnd-conf reads or looks at, and those that it refuses. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/keyfile.h"
#include "conf_text.h"

static char place[] = "/tmp/vpnd-conf.XXXXXX";

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(place));
	ck_assert_int_eq(chdir(place), 0);
}

static void teardown(void)
{
	unlink("file");
	rmdir("file");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(place), 0);
	memset(place + sizeof(place) - 7, 'X', 6);
}

static void make_file(const char *text, size_t len, mode_t mode)
{
	int fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* Reading `path` gives no text but this message. */
static void expect_refusal(const char *path, const char *text)
{
	struct conf_messages messages = {0};

	ck_assert_ptr_null(conf_file_read(&messages, path));
	ck_assert_uint_eq(messages.count, 1);
	ck_assert_msg(strstr(messages.list[0]->text, text) != NULL, "%s",
	    messages.list[0]->text);
	conf_messages_clear(&messages);
}

START_TEST(a_regular_file_is_read_as_it_is)
{
	struct conf_messages messages = {0};
	char *text;

	make_file("a = 1;\r\n", 8, 0644);
	text = conf_file_read(&messages, "file");
	ck_assert_str_eq(text, "a = 1;\r\n");
	free(text);
}
END_TEST

START_TEST(a_missing_file_is_refused)
{
	expect_refusal("file", "No such file or directory");
}
END_TEST

START_TEST(a_fifo_is_refused_at_once)
{
	ck_assert_int_eq(mkfifo("file", 0600), 0);
	expect_refusal("file", "is a FIFO, not a file");
}
END_TEST

START_TEST(a_directory_is_refused)
{
	ck_assert_int_eq(mkdir("file", 0700), 0);
	expect_refusal("file", "is a directory, not a file");
}
END_TEST

START_TEST(a_device_is_refused)
{
	expect_refusal("/dev/zero", "is a device, not a file");
}
END_TEST

START_TEST(a_file_over_16_mib_is_refused)
{
	make_file("", 0, 0600);
	ck_assert_int_eq(truncate("file", CONF_FILE_BYTES + 1), 0);
	expect_refusal("file", "is larger than 16 MiB");
}
END_TEST

START_TEST(a_file_with_a_nul_byte_is_refused)
{
	make_file("a = 1;\0", 7, 0600);
	expect_refusal("file", "there is a NUL byte in the file");
}
END_TEST

/* Looking at the key file `path` gives this message; NULL: none. */
static void expect_key(const char *path, const char *text, const char *hint)
{
	struct conf_messages messages = {0};

	conf_keyfile_check(&messages, (struct config_place){3, 1},
	    "private_key_file", path, "genkey");
	ck_assert_uint_eq(messages.errors, text != NULL);
	if (text) {
		ck_assert_str_eq(messages.list[0]->text, text);
		ck_assert_str_eq(messages.list[0]->hint, hint);
	}
	conf_messages_clear(&messages);
}

#define REMEDY "chown root:vpnd file; chmod 0640 file"

static const struct {
	mode_t mode;
	const char *text;
} modes[] = {
    {0600, NULL},
    {0400, NULL},
    {0640, NULL}, /* the group is our own */
    {0644, "file: can be used by everybody"},
    {0604, "file: can be used by everybody"},
    {0602, "file: can be used by everybody"},
    {0601, "file: can be used by everybody"},
    {0660, "file: can be written by its group"},
};

START_TEST(a_key_file_is_taken_by_its_mode)
{
	make_file("x", 1, modes[_i].mode);
	expect_key("file", modes[_i].text, REMEDY);
}
END_TEST

START_TEST(a_missing_key_file_is_told_how_to_make)
{
	expect_key("file", "file: No such file or directory",
	    "make one: (umask 077; vpnctl genkey > file); chown root:vpnd "
	    "file; chmod 0640 file");
}
END_TEST

START_TEST(a_key_file_that_is_none_is_refused)
{
	ck_assert_int_eq(mkfifo("file", 0600), 0);
	expect_key("file", "file: is not a file", REMEDY);
	expect_key("/dev/null", "/dev/null: is not a file",
	    "chown root:vpnd /dev/null; chmod 0640 /dev/null");
}
END_TEST

/* Only root can give a file away. */
START_TEST(a_key_file_of_strangers_is_refused)
{
	make_file("x", 1, 0640);
	if (chown("file", 0, 12345))
		return;
	expect_key("file", "file: can be read by a foreign group", REMEDY);
	ck_assert_int_eq(chmod("file", 0600), 0);
	expect_key("file", NULL, NULL);
	ck_assert_int_eq(chown("file", 12345, 0), 0);
	expect_key("file", "file: belongs to a foreign user", REMEDY);
}
END_TEST

START_TEST(key_files_are_told_together_with_other_errors)
{
	struct conf_messages messages = {0};
	struct conf_source source = {
	    .text = "private_key_file = \"/nonexistent/k\";\nzz = 1;\n"
		    "peers = ( { name = \"a\"; public_key = \"" KEY_A "\";\n"
		    "preshared_key_file = \"/nonexistent/p\"; } );",
	    .name = "site",
	    .path = "/x/site.conf",
	    .checks_key_files = true};

	ck_assert_ptr_null(conf_parse(&messages, &source));
	ck_assert_uint_eq(messages.errors, 3);
	conf_messages_clear(&messages);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("conf_files");
	TCase *tcase = tcase_create("files");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_regular_file_is_read_as_it_is);
	tcase_add_test(tcase, a_missing_file_is_refused);
	tcase_add_test(tcase, a_fifo_is_refused_at_once);
	tcase_add_test(tcase, a_directory_is_refused);
	tcase_add_test(tcase, a_device_is_refused);
	tcase_add_test(tcase, a_file_over_16_mib_is_refused);
	tcase_add_test(tcase, a_file_with_a_nul_byte_is_refused);
	tcase_add_loop_test(
	    tcase, a_key_file_is_taken_by_its_mode, 0, (int)ARRAY_SIZE(modes));
	tcase_add_test(tcase, a_missing_key_file_is_told_how_to_make);
	tcase_add_test(tcase, a_key_file_that_is_none_is_refused);
	tcase_add_test(tcase, a_key_file_of_strangers_is_refused);
	tcase_add_test(tcase, key_files_are_told_together_with_other_errors);
	return suite;
}
