/* SPDX-License-Identifier: ISC */
/* vpnctl capture: words in; lines, a file and a summary out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/capture.h"
#include "ctl_lab.h"
#include "unit.h"

static struct lab lab;

/* UDP 10.9.0.7:4000 > 10.9.0.1:53. */
static const uint8_t packet[] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0x66, 0xb8,
    10, 9, 0, 7, 10, 9, 0, 1, 0x0f, 0xa0, 0, 53, 0, 8, 0, 0};

static void set_up(void)
{
	setenv("TZ", "UTC", 1);
	lab_open(&lab);
}

static void tear_down(void)
{
	lab_close(&lab);
}

static void assert_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part), "no \"%s\" in \"%s\"", part, text);
}

/* ---- the daemon ---- */

static char part[4096];
static size_t part_len;

static void add(struct capture_record record)
{
	if (!record.peer)
		record.peer = "";
	if (!record.stage)
		record.stage = record.reason = "";
	part_len += capture_head_write((uint8_t *)part + part_len, &record);
	if (record.captured)
		memcpy(part + part_len, record.bytes, record.captured);
	part_len += record.captured;
}

static void add_packet(struct capture_record record)
{
	record.kind = CAPTURE_PACKET;
	record.time_ns = UINT64_C(1790000000123456789);
	record.bytes = packet;
	record.captured = record.len = sizeof(packet);
	if (!record.segments)
		record.segments = 1;
	add(record);
}

static void answer_version(struct lab_answer *ret, const char *link)
{
	static char document[256];

	snprintf(document, sizeof(document),
	    "s\tschema\tvpnd.version/1\ns\tversion\t0.1.0\ns\ttunnel\tsite\n"
	    "s\tlink\t%s\n",
	    link);
	ret->part = document;
}

static void answer_records(
    const struct control_request *request, struct lab_answer *ret)
{
	if (strcmp(request->verb, "version") == 0) {
		answer_version(ret, "ip");
		return;
	}
	part_len = 0;
	add((struct capture_record){.kind = CAPTURE_BEGIN});
	add_packet((struct capture_record){.peer = "branch"});
	add((struct capture_record){.kind = CAPTURE_LOST, .lost = 7});
	add_packet(
	    (struct capture_record){.flags = CAPTURE_OUTBOUND | CAPTURE_DROP,
		.stage = "mtu",
		.reason = "PKT_TOO_BIG"});
	add_packet((struct capture_record){
	    .flags = CAPTURE_OUTER, .segments = 4, .segment_bytes = 100});
	ret->part = part;
	ret->part_len = part_len;
}

/* Says what was asked for, word by word. */
static void answer_words(
    const struct control_request *request, struct lab_answer *ret)
{
	static char message[4096];
	size_t len = 0;

	if (strcmp(request->verb, "version") == 0) {
		answer_version(ret, "ethernet");
		return;
	}
	for (size_t i = 0; i < request->arguments_count; i++)
		len += (size_t)snprintf(message + len, sizeof(message) - len,
		    " %s", request->arguments[i]);
	ret->exit = CONTROL_FAILED;
	ret->message = message;
}

static void answer_garbage(
    const struct control_request *request, struct lab_answer *ret)
{
	answer_records(request, ret);
	if (ret->part_len)
		ret->part_len--;
}

static int run(lab_answer_fn *answer, const char *words)
{
	lab_start(&lab, "site", "ctl.sock", answer);
	return lab_run(&lab, words);
}

/* ---- lines ---- */

START_TEST(each_packet_is_a_line_and_the_summary_is_apart)
{
	ck_assert_int_eq(run(answer_records, "capture"), CONTROL_OK);
	ck_assert_str_eq(lab.out,
	    "14:13:20.123456 in branch udp 10.9.0.7:4000 > 10.9.0.1:53 len "
	    "28\n"
	    "14:13:20.123456 out - udp 10.9.0.7:4000 > 10.9.0.1:53 len 28 "
	    "dropped by mtu: PKT_TOO_BIG\n"
	    "14:13:20.123456 in outer - udp 10.9.0.7:4000 > 10.9.0.1:53 len "
	    "28 (4 segments of 100)\n");
	ck_assert_str_eq(lab.err,
	    "3 packets captured, 7 lost: vpnctl did not take them in time\n");
}
END_TEST

START_TEST(damaged_records_are_an_error)
{
	ck_assert_int_eq(run(answer_garbage, "capture"), CONTROL_FAILED);
	assert_has(lab.err, "damaged");
}
END_TEST

/* ---- what is asked for ---- */

START_TEST(options_become_words)
{
	ck_assert_int_eq(
	    run(answer_words, "capture --outer --drops --peer branch -c 3"),
	    CONTROL_FAILED);
	ck_assert_str_eq(lab.err, "vpnctl:  outer drops peer branch count 3\n");
}
END_TEST

/* `ether proto` needs an Ethernet header: the daemon was asked for its link. */
START_TEST(an_expression_is_compiled_for_what_the_daemon_has)
{
	ck_assert_int_eq(
	    run(answer_words, "capture --inner ether proto 0x88cc"),
	    CONTROL_FAILED);
	ck_assert_str_eq(lab.err, "vpnctl:  inner program "
				  "002800000000000c"
				  "00150001000088cc"
				  "0006000000040000"
				  "0006000000000000\n");
}
END_TEST

static const struct {
	const char *words, *message;
} wrong[] = {
    {"capture udp port", "\"udp port\": "},
    {"capture -c 0", "-c 0: not a number"},
    {"capture -c 4294967296", "-c 4294967296: not a number"},
    {"capture -c x", "-c x: not a number"},
    {"capture -w /dev/null -s 65281", "-s 65281: not a number of bytes"},
    {"capture -s 64", "without -w there is nothing to cut"},
    {"capture --json", "unknown option --json"},
};

START_TEST(what_is_wrong_is_told)
{
	ck_assert_int_eq(run(answer_records, wrong[_i].words), CONTROL_USAGE);
	assert_has(lab.err, wrong[_i].message);
}
END_TEST

/* ---- files ---- */

static void run_with_file(lab_answer_fn *answer, char *path, size_t room)
{
	char words[256];

	snprintf(path, room, "%s/file", lab.dir);
	snprintf(words, sizeof(words), "capture -w %s", path);
	run(answer, words);
}

static size_t read_file(const char *path, uint8_t *to, size_t room)
{
	FILE *file = fopen(path, "rb");
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(to, 1, room, file);
	fclose(file);
	return len;
}

static const void *find(const uint8_t *bytes, size_t len, const char *text)
{
	return memmem(bytes, len, text, strlen(text));
}

START_TEST(a_file_has_the_packets_with_comments)
{
	uint8_t bytes[4096];
	struct stat info;
	char path[128];
	size_t len;

	run_with_file(answer_records, path, sizeof(path));
	ck_assert_int_eq(lab.exit, CONTROL_OK);
	ck_assert_str_eq(lab.out, "");
	len = read_file(path, bytes, sizeof(bytes));
	ck_assert_mem_eq(bytes, "\x0a\x0d\x0d\x0a", 4);
	ck_assert_ptr_nonnull(find(bytes, len, "site"));
	ck_assert_ptr_nonnull(memmem(bytes, len, packet, sizeof(packet)));
	ck_assert_ptr_nonnull(find(bytes, len, "peer branch"));
	ck_assert_ptr_nonnull(find(bytes, len, "outer, 4 segments of 100"));
	ck_assert_ptr_nonnull(find(bytes, len,
	    "dropped by mtu: PKT_TOO_BIG (larger than the tunnel can carry)"));
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_file_is_kept_when_the_daemon_refuses)
{
	uint8_t bytes[16];
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/file", lab.dir);
	file = fopen(path, "w");
	fputs("kept", file);
	fclose(file);
	run_with_file(answer_words, path, sizeof(path));
	ck_assert_int_eq(lab.exit, CONTROL_FAILED);
	ck_assert_uint_eq(read_file(path, bytes, sizeof(bytes)), 4);
}
END_TEST

START_TEST(a_file_that_can_not_be_written_is_an_error)
{
	ck_assert_int_eq(
	    run(answer_records, "capture -w /dev/full"), CONTROL_FAILED);
	assert_has(lab.err, "/dev/full: No space left");
	ck_assert_int_eq(
	    lab_run(&lab, "capture -w /no/such/place"), CONTROL_FAILED);
	assert_has(lab.err, "/no/such/place: No such file");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ctl_capture");
	TCase *tcase = tcase_create("capture");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_packet_is_a_line_and_the_summary_is_apart);
	tcase_add_test(tcase, damaged_records_are_an_error);
	tcase_add_test(tcase, options_become_words);
	tcase_add_test(
	    tcase, an_expression_is_compiled_for_what_the_daemon_has);
	tcase_add_loop_test(tcase, what_is_wrong_is_told, 0,
	    (int)(sizeof(wrong) / sizeof(*wrong)));
	tcase_add_test(tcase, a_file_has_the_packets_with_comments);
	tcase_add_test(tcase, a_file_is_kept_when_the_daemon_refuses);
	tcase_add_test(tcase, a_file_that_can_not_be_written_is_an_error);
	suite_add_tcase(suite, tcase);
	return suite;
}
