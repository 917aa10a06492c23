/* SPDX-License-Identifier: ISC */
/* vpnctl trace: which packets it asks about, and what it prints. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "ctl/commands.h"
#include "ctl_lab.h"
#include "unit.h"

static struct lab lab;

static void set_up(void)
{
	lab_open(&lab);
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", lab.dir, name);
	return path;
}

static void tear_down(void)
{
	remove(path_of("file.pcap"));
	lab_close(&lab);
}

static void assert_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part), "no \"%s\" in \"%s\"", part, text);
}

/* What was asked is the packet of the answer; "45dead" is dropped. */
static void answer_trace(
    const struct control_request *request, struct lab_answer *ret)
{
	static char part[2048];

	ck_assert_str_eq(request->verb, "trace");
	ck_assert_uint_eq(request->arguments_count, 3);
	snprintf(part, sizeof(part),
	    "s\tschema\tvpnd.trace/1\ns\tdevice\tvpn0\ns\tfrom\t%s\n"
	    "b\thost\t%s\ns\tpacket\t%s %s\n"
	    "[\tsteps\n{\t\ns\tstage\tip_rcv\ns\tkernel_function\tip_rcv_core\n"
	    "s\tverdict\tok\ns\twhy\tIPv4\n}\n]\n%s",
	    request->arguments[0], *request->arguments[0] ? "false" : "true",
	    request->arguments[1], request->arguments[2],
	    strcmp(request->arguments[2], "45dead") == 0
		? "s\tverdict\tdropped\nb\tdropped\ttrue\n"
		  "s\treason\tNETFILTER_DROP\ns\tplace\tsite.conf:14:5\n"
		  "[\tanswers\ns\t\tICMP 3/13\n]\n[\tcopies\n]\n"
		: "s\tverdict\tdelivered\nb\tdropped\tfalse\n"
		  "[\tanswers\n]\n[\tcopies\ns\t\tcarol\ns\t\tdave\n]\n");
	ret->part = part;
}

static void answer_refusal(
    const struct control_request *request, struct lab_answer *ret)
{
	(void)request;
	ret->exit = CONTROL_NO_OBJECT;
	ret->message = "there is no peer \"bob\"";
}

static void start(void)
{
	lab_start(&lab, "site", "ctl.sock", answer_trace);
}

/* ---- the packet ---- */

START_TEST(a_packet_that_is_dropped_makes_exit_code_10)
{
	start();
	ck_assert_int_eq(
	    lab_run(&lab, "trace --peer bob -x 45dead"), CONTROL_DROPPED);
	ck_assert_str_eq(lab.out,
	    "from peer bob: ip 45dead\n"
	    "  1 ip_rcv      ip_rcv_core          ok    IPv4\n"
	    "verdict: NETFILTER_DROP, would answer ICMP 3/13 "
	    "(site.conf:14:5)\n");
	ck_assert_str_eq(lab.err, "");
}
END_TEST

START_TEST(a_packet_that_passes_makes_exit_code_0)
{
	start();
	ck_assert_int_eq(lab_run(&lab, "trace --from-host icmp"), CONTROL_OK);
	assert_has(lab.out, "from the host: line icmp\n");
	assert_has(
	    lab.out, "verdict: delivered to vpn0, copies to carol, dave\n");
}
END_TEST

START_TEST(a_trace_is_json_too)
{
	start();
	ck_assert_int_eq(lab_run(&lab, "trace --peer bob -x 45dead --json"),
	    CONTROL_DROPPED);
	assert_has(lab.out, "\"reason\":\"NETFILTER_DROP\"");
	assert_has(lab.out, "\"answers\":[\"ICMP 3/13\"]");
}
END_TEST

START_TEST(a_refusal_is_no_drop)
{
	lab_start(&lab, "site", "ctl.sock", answer_refusal);
	ck_assert_int_eq(
	    lab_run(&lab, "trace --peer bob -x 45"), CONTROL_NO_OBJECT);
	assert_has(lab.err, "there is no peer \"bob\"");
}
END_TEST

static const struct {
	const char *line, *message;
} refused[] = {
    {"trace icmp", "say where it comes from: --peer PEER or --from-host"},
    {"trace --peer bob --from-host icmp", "say where it comes from"},
    {"trace --peer bob", "which packet?"},
    {"trace --peer bob -x 45 icmp", "either -x or a packet in words"},
    {"trace --peer bob -x 45 -r f", "either -r or -x"},
    {"trace --peer bob a b", "usage: vpnctl trace"},
    {"status --peer bob", "unknown option"},
    {"trace --live -x 45", "--live takes --peer and -c only"},
    {"trace --live --from-host", "--live takes --peer and -c only"},
    {"trace --peer bob -x 45 -c 3", "-c goes with --live"},
    {"trace --live -c 0", "-c 0: not a number from 1 to 1000000000"},
    {"trace --live -c -1", "-c -1: not a number from 1 to 1000000000"},
    {"drops -c 3", "drops: -c goes with --follow"},
};

START_TEST(what_contradicts_itself_is_refused)
{
	ck_assert_int_eq(lab_run(&lab, refused[_i].line), CONTROL_USAGE);
	assert_has(lab.err, refused[_i].message);
}
END_TEST

START_TEST(without_a_daemon_nothing_is_traced)
{
	ck_assert_int_eq(lab_run(&lab, "-n site trace --peer bob -x 45"),
	    CONTROL_NOT_RUNNING);
}
END_TEST

/* ---- files ---- */

/* UDP from 10.0.0.9 to port 53 and 54; of the second a byte is cut off. */
static void write_file(int link, const uint8_t *head, size_t head_len)
{
	uint8_t bytes[64] = {0};
	uint8_t *ip = bytes + head_len;
	pcap_t *pcap = pcap_open_dead(link, 65535);
	pcap_dumper_t *file = pcap_dump_open(pcap, path_of("file.pcap"));
	struct pcap_pkthdr header = {
	    .caplen = (uint32_t)head_len + 28, .len = (uint32_t)head_len + 28};

	ck_assert_ptr_nonnull(file);
	if (head_len)
		memcpy(bytes, head, head_len);
	memcpy(
	    ip, "\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\x0a\0\0\x09\x0a\0\0\x01", 20);
	memcpy(ip + 20, "\x0f\xa0\0\x35\0\x08\0\0", 8);
	pcap_dump((u_char *)file, &header, bytes);
	ip[23] = 54;
	header.caplen--;
	pcap_dump((u_char *)file, &header, bytes);
	pcap_dump_close(file);
	pcap_close(pcap);
}

static int run_file(const char *expression)
{
	char line[256];

	snprintf(line, sizeof(line), "trace --peer bob -r %s %s",
	    path_of("file.pcap"), expression);
	return lab_run(&lab, line);
}

#define FIRST  "4500001c00000000401100000a0000090a0000010fa0003500080000\n"
#define SECOND "4500001c00000000401100000a0000090a0000010fa00036000800\n"

START_TEST(each_packet_of_a_file_is_traced)
{
	start();
	write_file(DLT_RAW, NULL, 0);
	ck_assert_int_eq(run_file(""), CONTROL_OK);
	assert_has(lab.out, "from peer bob: ip " FIRST);
	assert_has(lab.out, "from peer bob: ip " SECOND);
	assert_has(lab.err, "the capture left 1 bytes of the next packet out");
}
END_TEST

START_TEST(an_expression_chooses_packets)
{
	start();
	write_file(DLT_RAW, NULL, 0);
	ck_assert_int_eq(run_file("udp[3]=53"), CONTROL_OK);
	assert_has(lab.out, FIRST);
	ck_assert_ptr_null(strstr(lab.out, SECOND));
	ck_assert_int_eq(run_file("udp[["), CONTROL_FAILED);
	assert_has(lab.err, "file.pcap: expression: ");
}
END_TEST

START_TEST(frames_of_a_file_are_frames)
{
	static const uint8_t head[14] = {
	    255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0};

	start();
	write_file(DLT_EN10MB, head, sizeof(head));
	ck_assert_int_eq(run_file("ether[5]=255"), CONTROL_OK);
	assert_has(lab.out,
	    "from peer bob: ethernet ffffffffffff0200000000010800" FIRST);
}
END_TEST

START_TEST(a_file_that_can_not_be_read_is_named)
{
	start();
	write_file(DLT_LINUX_SLL, NULL, 0);
	ck_assert_int_eq(run_file(""), CONTROL_FAILED);
	assert_has(lab.err,
	    "file.pcap: packets of link type LINUX_SLL; Ethernet or raw IP is "
	    "wanted, as captured on a tun or tap device");
	remove(path_of("file.pcap"));
	ck_assert_int_eq(run_file(""), CONTROL_FAILED);
	assert_has(lab.err, "file.pcap: No such file or directory");
}
END_TEST

START_TEST(a_damaged_file_is_an_error_behind_its_packets)
{
	FILE *file;

	start();
	write_file(DLT_RAW, NULL, 0);
	file = fopen(path_of("file.pcap"), "a");
	fputs("half a head", file);
	fclose(file);
	ck_assert_int_eq(run_file(""), CONTROL_FAILED);
	assert_has(lab.out, SECOND);
	assert_has(lab.err, "file.pcap: truncated dump file");
}
END_TEST

/* ---- live ---- */

/* What was asked, as one document of a stream. */
static void answer_live(
    const struct control_request *request, struct lab_answer *ret)
{
	static char part[1024];

	if (strcmp(request->verb, "status") == 0) {
		ret->part = "{\ttunnel\ns\tdevice_type\ttap\n}\n";
		return;
	}
	ck_assert_uint_eq(request->arguments_count, 4);
	ck_assert_str_eq(request->arguments[1], "follow");
	snprintf(part, sizeof(part),
	    "s\tschema\tvpnd.trace/1\ns\tfrom\t%s\n"
	    "s\tpacket\t%s of %s\nb\tdropped\ttrue\ns\treason\tNOMEM\n",
	    request->arguments[0], request->verb, request->arguments[3]);
	ret->part = part;
}

static void start_live(void)
{
	lab_start(&lab, "site", "ctl.sock", answer_live);
}

START_TEST(live_packets_are_shown)
{
	start_live();
	ck_assert_int_eq(lab_run(&lab, "trace --live"), CONTROL_DROPPED);
	ck_assert_str_eq(lab.out, "from peer : trace of \nverdict: NOMEM\n");
	ck_assert_int_eq(
	    lab_run(&lab, "trace --live --peer bob -c 1"), CONTROL_DROPPED);
	assert_has(lab.out, "from peer bob: trace of \n");
	ck_assert_int_eq(
	    lab_run(&lab, "drops --follow --peer bob"), CONTROL_DROPPED);
	assert_has(lab.out, "from peer bob: drops of \n");
}
END_TEST

/* Of a tap: the ethertype, and then the protocol. */
START_TEST(an_expression_goes_along_as_a_program)
{
	start_live();
	ck_assert_int_eq(
	    lab_run(&lab, "trace --live ip --json"), CONTROL_DROPPED);
	assert_has(lab.out, "trace of 002800000000000c");
	ck_assert_int_eq(lab_run(&lab, "trace --live ip["), CONTROL_USAGE);
	assert_has(lab.err, "expression: ");
}
END_TEST

static TCase *packet_cases(void)
{
	TCase *tcase = tcase_create("packet");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_packet_that_is_dropped_makes_exit_code_10);
	tcase_add_test(tcase, a_packet_that_passes_makes_exit_code_0);
	tcase_add_test(tcase, a_trace_is_json_too);
	tcase_add_test(tcase, a_refusal_is_no_drop);
	tcase_add_loop_test(tcase, what_contradicts_itself_is_refused, 0,
	    (int)ARRAY_SIZE(refused));
	tcase_add_test(tcase, without_a_daemon_nothing_is_traced);
	return tcase;
}

static TCase *file_cases(void)
{
	TCase *tcase = tcase_create("file");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_packet_of_a_file_is_traced);
	tcase_add_test(tcase, an_expression_chooses_packets);
	tcase_add_test(tcase, frames_of_a_file_are_frames);
	tcase_add_test(tcase, a_file_that_can_not_be_read_is_named);
	tcase_add_test(tcase, a_damaged_file_is_an_error_behind_its_packets);
	return tcase;
}

static TCase *live_cases(void)
{
	TCase *tcase = tcase_create("live");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, live_packets_are_shown);
	tcase_add_test(tcase, an_expression_goes_along_as_a_program);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ctl_trace");

	suite_add_tcase(suite, packet_cases());
	suite_add_tcase(suite, file_cases());
	suite_add_tcase(suite, live_cases());
	return suite;
}
