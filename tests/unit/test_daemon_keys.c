/* SPDX-License-Identifier: ISC */
/* Key files: what is taken, and what is said of what is not. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/keymem.h"
#include "daemon/keys.h"
#include "unit.h"

const int unit_is_apart = 1;

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static char dir[] = "/tmp/vpnd-test-keys.XXXXXX";
static char path[64], error[512];
static uint8_t key[CONFIG_KEY_BYTES];

static void begin(void)
{
	ck_assert_int_eq(keymem_init(error, sizeof(error)), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
}

static void end(void)
{
	unlink(path);
	rmdir(dir);
}

static void put(const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(write(fd, text, len), len);
	fchmod(fd, mode);
	close(fd);
}

static int read_it(void)
{
	memset(error, 0, sizeof(error));
	return keys_read_file(key, path, error, sizeof(error));
}

static const char *const good[] = {KEY, KEY "\n", KEY "\r\n"};

START_TEST(keys_take_one_line_of_base64)
{
	put(good[_i], strlen(good[_i]), 0600);
	ck_assert_msg(read_it() == 0, "%s", error);
	for (uint8_t i = 0; i < sizeof(key); i++)
		ck_assert_uint_eq(key[i], i);
}
END_TEST

static const char *const bad[] = {
    "",
    "\n",
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",  /* no padding */
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n", /* not canonical */
    KEY " \n",
    " " KEY "\n",
    KEY "\n\n",
    KEY "\n" KEY "\n",
    KEY "x",
    "!!ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
};

START_TEST(keys_refuse_what_is_no_key_and_do_not_show_it)
{
	put(bad[_i], strlen(bad[_i]), 0600);
	ck_assert_int_lt(read_it(), 0);
	ck_assert_ptr_nonnull(strstr(error, path));
	ck_assert_ptr_nonnull(strstr(error, "holds no key"));
	ck_assert_ptr_null(strstr(error, "AwQFBgcICQ"));
}
END_TEST

START_TEST(keys_refuse_a_nul_inside)
{
	put("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH\0=\n", 45, 0600);
	ck_assert_int_lt(read_it(), 0);
}
END_TEST

/* As a pre-shared key it would mean "none", whoever reads it. */
START_TEST(keys_refuse_the_key_of_zeros)
{
	static const char zeros[] =
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

	put(zeros, strlen(zeros), 0600);
	ck_assert_int_lt(read_it(), 0);
	ck_assert_ptr_nonnull(strstr(error, "all zeros"));
}
END_TEST

static const mode_t open_modes[] = {0604, 0602, 0601, 0620, 0610, 0644, 0666};

START_TEST(keys_refuse_a_file_that_others_may_use)
{
	put(KEY, strlen(KEY), open_modes[_i]);
	ck_assert_int_lt(read_it(), 0);
	ck_assert_ptr_nonnull(strstr(error, "ch")); /* chmod or chgrp */
}
END_TEST

START_TEST(keys_take_a_file_of_our_own_group)
{
	put(KEY, strlen(KEY), 0640);
	ck_assert_msg(read_it() == 0, "%s", error);
}
END_TEST

START_TEST(keys_refuse_what_is_no_file_without_waiting)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_lt(read_it(), 0);
	ck_assert_ptr_nonnull(strstr(error, "regular file"));
	unlink(path);
	ck_assert_int_lt(read_it(), 0);
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_lt(read_it(), 0);
	rmdir(path);
}
END_TEST

static struct config *config_with_peer(void)
{
	struct config *config = config_new();
	struct config_peer *peer = config_add_peer(config);
	char missing[sizeof(dir) + 8];

	snprintf(config->file, sizeof(config->file), "site.conf");
	snprintf(config->private_key_file, sizeof(config->private_key_file),
	    "%s", path);
	config->private_key_place = (struct config_place){3, 20};
	snprintf(missing, sizeof(missing), "%s/none", dir);
	ck_assert_int_eq(
	    config_set_text(&peer->preshared_key_file, missing), 0);
	peer->preshared_key_place = (struct config_place){9, 4};
	return config;
}

START_TEST(keys_name_each_wrong_file_by_its_place)
{
	struct config *config = config_with_peer();
	struct core_keys *keys = NULL;

	put("x\n", 2, 0600);
	ck_assert_int_lt(
	    keys_read(&keys, &keymem, config, error, sizeof(error)), 0);
	ck_assert_ptr_null(keys);
	ck_assert_ptr_eq(
	    strstr(error, "site.conf:3:20: error: private_key_file: "), error);
	ck_assert_ptr_nonnull(
	    strstr(error, "\nsite.conf:9:4: error: preshared_key_file: "));
	config_free(config);
}
END_TEST

START_TEST(keys_of_a_whole_configuration_are_read)
{
	struct config *config = config_with_peer();
	struct core_keys *keys = NULL;

	put(KEY "\n", strlen(KEY) + 1, 0600);
	ck_assert_int_eq(
	    config_set_text(&config->peers[0].preshared_key_file, path), 0);
	ck_assert_int_eq(
	    keys_read(&keys, &keymem, config, error, sizeof(error)), 0);
	ck_assert_uint_eq(keys->preshared_count, 1);
	ck_assert_uint_eq(keys->private_key[31], 31);
	ck_assert_uint_eq(keys->preshared[0][31], 31);
	core_keys_free(&keymem, keys);
	config_free(config);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/keys");
	TCase *tcase = tcase_create("keys");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_loop_test(
	    tcase, keys_take_one_line_of_base64, 0, (int)ARRAY_SIZE(good));
	tcase_add_loop_test(tcase,
	    keys_refuse_what_is_no_key_and_do_not_show_it, 0,
	    (int)ARRAY_SIZE(bad));
	tcase_add_test(tcase, keys_refuse_a_nul_inside);
	tcase_add_test(tcase, keys_refuse_the_key_of_zeros);
	tcase_add_loop_test(tcase, keys_refuse_a_file_that_others_may_use, 0,
	    (int)ARRAY_SIZE(open_modes));
	tcase_add_test(tcase, keys_take_a_file_of_our_own_group);
	tcase_add_test(tcase, keys_refuse_what_is_no_file_without_waiting);
	tcase_add_test(tcase, keys_name_each_wrong_file_by_its_place);
	tcase_add_test(tcase, keys_of_a_whole_configuration_are_read);
	suite_add_tcase(suite, tcase);
	return suite;
}
