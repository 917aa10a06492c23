/* SPDX-License-Identifier: ISC */
/* The remembered endpoints: what is written is read, all else is refused. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/state.h"
#include "unit.h"

const int unit_is_apart = 1;

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void add(struct state *state, uint8_t first, const char *endpoint)
{
	struct state_entry entry = {.public_key = {first}};

	ck_assert_int_eq(endpoint_parse(&entry.endpoint, endpoint), 0);
	ck_assert_int_eq(state_add(state, &entry), 0);
}

START_TEST(state_reads_what_it_wrote)
{
	struct state state = {0}, back;
	char *text;

	add(&state, 1, "192.0.2.1:51820");
	add(&state, 2, "[2001:db8::1]:9");
	text = state_format(&state);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(state_parse(&back, text, strlen(text)), 0);
	ck_assert_uint_eq(back.count, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_mem_eq(back.entries[i].public_key,
		    state.entries[i].public_key, 32);
		ck_assert(endpoint_is_equal(
		    &back.entries[i].endpoint, &state.entries[i].endpoint));
	}
	free(text);
	state_clear(&state);
	state_clear(&back);
}
END_TEST

static const char *const damaged[] = {
    "",
    "\n",
    "vpnd-endpoints 1",
    "vpnd-endpoints 1\n",
    "vpnd-endpoints 2\nend\n",
    "vpnd-endpoints 1\nend",
    "vpnd-endpoints 1\nend\n\n",
    "vpnd-endpoints 1\nend\nend\n",
    "vpnd-endpoints 1\n" KEY "\nend\n",
    "vpnd-endpoints 1\n" KEY " \nend\n",
    "vpnd-endpoints 1\n" KEY "  192.0.2.1:1\nend\n",
    "vpnd-endpoints 1\n" KEY " 192.0.2.1:0\nend\n",
    "vpnd-endpoints 1\n" KEY " 192.0.2.1:1 \nend\n",
    "vpnd-endpoints 1\n" KEY " example.net:1\nend\n",
    "vpnd-endpoints 1\n" KEY "x 192.0.2.1:1\nend\n",
    "vpnd-endpoints 1\n" KEY " 192.0.2.1:1\r\nend\n",
    "vpnd-endpoints 1\n" KEY " 192.0.2.1:1\n" KEY " 192.0.2",
};

START_TEST(state_refuses_what_is_damaged)
{
	struct state state;

	ck_assert_int_eq(
	    state_parse(&state, damaged[_i], strlen(damaged[_i])), -EINVAL);
	ck_assert_uint_eq(state.count, 0);
	ck_assert_ptr_null(state.entries);
}
END_TEST

START_TEST(state_refuses_a_nul_inside)
{
	static const char text[] = "vpnd-endpoints 1\nen\0d\nend\n";
	struct state state;

	ck_assert_int_eq(state_parse(&state, text, sizeof(text) - 1), -EINVAL);
}
END_TEST

START_TEST(state_takes_no_part_of_a_cut_text)
{
	struct state state = {0}, back;
	char *text;

	add(&state, 1, "192.0.2.1:51820");
	add(&state, 2, "[2001:db8::1]:9");
	text = state_format(&state);
	for (size_t len = 0; len < strlen(text); len++)
		ck_assert_int_eq(state_parse(&back, text, len), -EINVAL);
	free(text);
	state_clear(&state);
}
END_TEST

START_TEST(state_survives_random_bytes)
{
	unsigned seed = getenv("SEED") ? (unsigned)atoi(getenv("SEED")) : 1;
	char bytes[200];
	struct state state;

	printf("# SEED=%u\n", seed);
	srand(seed);
	for (int round = 0; round < 2000; round++) {
		size_t len = (size_t)rand() % sizeof(bytes);

		memcpy(bytes, "vpnd-endpoints 1\n", 17);
		for (size_t i = round % 2 ? 17 : 0; i < len; i++)
			bytes[i] = (char)rand();
		ck_assert_int_eq(state_parse(&state, bytes, len), -EINVAL);
	}
}
END_TEST

static unsigned warnings;

static void count_warning(void *context, enum log_level level, const char *line)
{
	(void)context;
	(void)line;
	warnings += level == LOG_LEVEL_WARNING;
}

static const struct log counting = {
    .level = LOG_LEVEL_INFO, .write = count_warning};

START_TEST(state_file_is_replaced_and_read_back)
{
	char dir[] = "/tmp/vpnd-test-state.XXXXXX";
	struct state state = {0}, back;
	struct state_file file;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	state_file_init(&file, dir, "site", &counting);
	state_file_read(&file, &back);
	ck_assert_uint_eq(back.count, 0);
	ck_assert_uint_eq(warnings, 0);
	add(&state, 7, "192.0.2.1:51820");
	state_file_write(&file, &state);
	state_file_write(&file, &state);
	state_file_read(&file, &back);
	ck_assert_uint_eq(back.count, 1);
	ck_assert_uint_eq(warnings, 0);
	state_clear(&back);
	state_clear(&state);
	ck_assert_int_eq(access(file.temporary, F_OK), -1);
	unlink(file.path);
	rmdir(dir);
}
END_TEST

START_TEST(state_file_that_is_damaged_is_ignored_with_a_warning)
{
	char dir[] = "/tmp/vpnd-test-state.XXXXXX";
	struct state_file file;
	struct state state;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	state_file_init(&file, dir, "site", &counting);
	fd = open(file.path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "nonsense\n", 9), 9);
	close(fd);
	state_file_read(&file, &state);
	ck_assert_uint_eq(state.count, 0);
	ck_assert_uint_eq(warnings, 1);
	unlink(file.path);
	rmdir(dir);
}
END_TEST

START_TEST(state_file_in_no_directory_is_a_warning)
{
	struct state_file file;
	struct state state = {0};

	state_file_init(&file, "/proc/no/such/place", "site", &counting);
	state_file_write(&file, &state);
	ck_assert_uint_eq(warnings, 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/state");
	TCase *tcase = tcase_create("state");

	tcase_add_test(tcase, state_reads_what_it_wrote);
	tcase_add_loop_test(
	    tcase, state_refuses_what_is_damaged, 0, (int)ARRAY_SIZE(damaged));
	tcase_add_test(tcase, state_refuses_a_nul_inside);
	tcase_add_test(tcase, state_takes_no_part_of_a_cut_text);
	tcase_add_test(tcase, state_survives_random_bytes);
	tcase_add_test(tcase, state_file_is_replaced_and_read_back);
	tcase_add_test(
	    tcase, state_file_that_is_damaged_is_ignored_with_a_warning);
	tcase_add_test(tcase, state_file_in_no_directory_is_a_warning);
	suite_add_tcase(suite, tcase);
	return suite;
}
