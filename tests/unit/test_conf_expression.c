/* SPDX-License-Identifier: ISC */
/* tcpdump expressions: what they become, and what is said of wrong ones. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/expression.h"

/* UDP 10.9.0.7:4000 > 10.9.0.1:53, behind the MAC addresses and ethertype. */
static const uint8_t frame[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45,
    0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 9, 0, 7, 10, 9, 0, 1, 0x0f, 0xa0, 0,
    53, 0, 8, 0, 0};
#define FRAME_BYTES sizeof(frame)
#define L2_BYTES    14

static bool accepts(const char *text, bool is_ethernet)
{
	struct bpf_packet pkt = {.bytes = frame, .len = FRAME_BYTES};
	struct bpf_instruction *program;
	char error[EXPRESSION_ERROR_BYTES] = "";
	size_t count;
	uint32_t wanted;

	ck_assert_msg(expression_compile(&program, &count, text, is_ethernet,
			  error, sizeof(error)) == 0,
	    "%s: %s", text, error);
	ck_assert_uint_ge(count, 1);
	if (!is_ethernet) {
		pkt.bytes += L2_BYTES;
		pkt.len -= L2_BYTES;
	}
	pkt.wire_len = pkt.len;
	wanted = bpf_run(program, &pkt);
	free(program);
	ck_assert(wanted == 0 || wanted >= FRAME_BYTES);
	return wanted > 0;
}

static void refuses(const char *text, bool is_ethernet, const char *reason)
{
	struct bpf_instruction *program = NULL;
	char error[EXPRESSION_ERROR_BYTES] = "";
	size_t count = 0;

	ck_assert_msg(expression_compile(&program, &count, text, is_ethernet,
			  error, sizeof(error)) == -EINVAL,
	    "%s", text);
	ck_assert_msg(strstr(error, reason), "%s: %s", text, error);
	ck_assert_ptr_null(program);
}

START_TEST(an_expression_accepts_what_it_says)
{
	for (int i = 0; i < 2; i++) {
		ck_assert(accepts("", i));
		ck_assert(accepts("udp port 53", i));
		ck_assert(accepts("src host 10.9.0.7 and less 42", i));
		ck_assert(!accepts("udp port 54", i));
		ck_assert(!accepts("ip6", i));
	}
	ck_assert(accepts("ether src 02:00:00:00:00:02", true));
	ck_assert(!accepts("len > 28", false));
	ck_assert(accepts("len > 28", true));
}
END_TEST

START_TEST(a_wrong_expression_is_told_in_words)
{
	refuses("udp port", false, "syntax error");
	refuses("ip broadcast", false, "netmask");
	refuses("ether host 02:00:00:00:00:01", false, "ether");
	refuses("portrange 1-99999", true, "99999");
}
END_TEST

START_TEST(what_the_machine_does_not_run_is_refused)
{
	refuses("ip6 protochain 17", false, "jumps out of the program");
	refuses("ifindex 3", true, "number of the interface");
}
END_TEST

START_TEST(a_short_room_takes_the_beginning_of_the_reason)
{
	struct bpf_instruction *program;
	char error[8] = "";
	size_t count;

	ck_assert_int_eq(expression_compile(&program, &count, "no word", false,
			     error, sizeof(error)),
	    -EINVAL);
	ck_assert_uint_eq(strlen(error), sizeof(error) - 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("conf_expression");
	TCase *tcase = tcase_create("expression");

	tcase_add_test(tcase, an_expression_accepts_what_it_says);
	tcase_add_test(tcase, a_wrong_expression_is_told_in_words);
	tcase_add_test(tcase, what_the_machine_does_not_run_is_refused);
	tcase_add_test(tcase, a_short_room_takes_the_beginning_of_the_reason);
	suite_add_tcase(suite, tcase);
	return suite;
}
