/* SPDX-License-Identifier: ISC */
/* Tests of vpnctl as a whole: words in, text and exit code out. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/config.h"
#include "ctl/commands.h"
#include "ctl_lab.h"
#include "unit.h"

static struct lab lab;

static void set_up(void)
{
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

static void assert_has_not(const char *text, const char *part)
{
	ck_assert_msg(!strstr(text, part), "\"%s\" in \"%s\"", part, text);
}

/* Says which verb and arguments came. */
static void answer_echo(
    const struct control_request *request, struct lab_answer *ret)
{
	static char part[4096];
	size_t len = (size_t)snprintf(
	    part, sizeof(part), "s\tverb\t%s\n", request->verb);

	for (size_t i = 0; i < request->arguments_count; i++)
		len += (size_t)snprintf(part + len, sizeof(part) - len,
		    "s\ta%zu\t%s\n", i, request->arguments[i]);
	ret->part = part;
}

static void answer_no_peer(
    const struct control_request *request, struct lab_answer *ret)
{
	(void)request;
	ret->exit = CONTROL_NO_OBJECT;
	ret->message = "no peer has the name \"x\"\nhint: \033[31mred";
}

static void answer_newer(
    const struct control_request *request, struct lab_answer *ret)
{
	(void)request;
	ret->version = CONTROL_VERSION + 1;
}

static void answer_noise(
    const struct control_request *request, struct lab_answer *ret)
{
	(void)request;
	ret->raw = "HTTP/1.0 400 Bad Request\r\n";
	ret->raw_len = strlen(ret->raw);
}

static void answer_half(
    const struct control_request *request, struct lab_answer *ret)
{
	(void)request;
	ret->raw = "vpnd\1\0\3";
	ret->raw_len = 7;
}

static void answer_damaged(
    const struct control_request *request, struct lab_answer *ret)
{
	(void)request;
	ret->part = "[\tdrops\n}\n";
}

static void answer_version(
    const struct control_request *request, struct lab_answer *ret)
{
	ck_assert_str_eq(request->verb, "version");
	ret->part = "s\tschema\tvpnd.version/1\ns\tversion\t9.8.7\n";
}

/* ---- usage ---- */

START_TEST(vpnctl_refuses_an_unknown_verb_and_names_the_nearest)
{
	ck_assert_int_eq(lab_run(&lab, "statsu"), CONTROL_USAGE);
	assert_has(lab.err, "did you mean \"status\"?");
	ck_assert_int_eq(lab_run(&lab, "peer ad x"), CONTROL_USAGE);
	assert_has(lab.err, "did you mean \"peer add\"?");
	ck_assert_int_eq(lab_run(&lab, "peer"), CONTROL_USAGE);
	assert_has(lab.err, "did you mean \"peer add\"?");
	ck_assert_int_eq(lab_run(&lab, "frobnicate"), CONTROL_USAGE);
	assert_has_not(lab.err, "did you mean");
	ck_assert_str_eq(lab.out, "");
}
END_TEST

START_TEST(vpnctl_refuses_what_a_verb_does_not_take)
{
	static const char *const lines[] = {"status a b", "drops x", "ping",
	    "ping a b", "peer add x", "peer remove", "reload x", "genkey x",
	    "--json genkey", "genkey --json", "status -c 3", "status -n site",
	    "ping -c 0 x", "ping -c 1.5 x", "ping -c 1e3 x", "ping -c nan x",
	    "ping -i -1 x", "ping -i 99999 x", "ping -W 0 x", "ping -W 61 x",
	    "--color red status", "--completion fish", "-Z", "--frob",
	    "--socket", "-n", "-n ../x status", "-n a/b status", "-n . status"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		ck_assert_msg(lab_run(&lab, lines[i]) == CONTROL_USAGE,
		    "%s: exit %d", lines[i], lab.exit);
		ck_assert_msg(strncmp(lab.err, "vpnctl: ", 8) == 0,
		    "%s: \"%s\"", lines[i], lab.err);
	}
}
END_TEST

START_TEST(vpnctl_tells_that_n_stands_before_the_verb)
{
	lab_run(&lab, "status -n site");
	assert_has(lab.err, "-n stands before the verb");
}
END_TEST

START_TEST(each_verb_has_a_command_and_help_of_at_most_24_lines)
{
	for (size_t i = 0; i < verbs_count; i++) {
		char line[128];
		size_t lines = 0;

		ck_assert_ptr_nonnull(command_find(verbs[i].name));
		snprintf(line, sizeof(line), "%s --help", verbs[i].name);
		ck_assert_int_eq(lab_run(&lab, line), CONTROL_OK);
		assert_has(lab.out, verbs[i].name);
		assert_has(lab.out, "\nExample: vpnctl ");
		for (const char *at = lab.out; *at; at++)
			lines += *at == '\n';
		ck_assert_uint_le(lines, 24);
	}
}
END_TEST

START_TEST(help_without_a_verb_lists_all_of_them)
{
	size_t lines = 0;

	ck_assert_int_eq(lab_run(&lab, "--help"), CONTROL_OK);
	for (size_t i = 0; i < verbs_count; i++)
		assert_has(lab.out, verbs[i].summary);
	for (const char *at = lab.out; *at; at++)
		lines += *at == '\n';
	/* one for each, and usage, options and example around them */
	ck_assert_uint_le(lines, verbs_count + 13);
	assert_has_not(lab.out, "--completion");
}
END_TEST

START_TEST(completion_offers_each_verb)
{
	ck_assert_int_eq(lab_run(&lab, "--completion bash"), CONTROL_OK);
	for (size_t i = 0; i < verbs_count; i++) {
		char label[64];

		snprintf(label, sizeof(label), "\t'%s'*)", verbs[i].name);
		assert_has(lab.out, label);
	}
	assert_has(lab.out, "'peer') words='add remove'");
	assert_has(lab.out, " public-key endpoint allowed-ips ");
}
END_TEST

/* ---- which tunnel ---- */

START_TEST(vpnctl_says_3_when_no_daemon_runs)
{
	ck_assert_int_eq(lab_run(&lab, ""), CONTROL_NOT_RUNNING);
	ck_assert_int_eq(lab_run(&lab, "-n site"), CONTROL_NOT_RUNNING);
	lab_leave_socket(&lab, "site", "ctl.sock");
	ck_assert_int_eq(lab_run(&lab, ""), CONTROL_NOT_RUNNING);
	ck_assert_int_eq(lab_run(&lab, "-n site"), CONTROL_NOT_RUNNING);
	ck_assert_int_eq(lab_run(&lab, "ping x"), CONTROL_NOT_RUNNING);
	ck_assert_int_eq(
	    lab_run(&lab, "--socket /nowhere status"), CONTROL_NOT_RUNNING);
	ck_assert_str_eq(lab.out, "");
}
END_TEST

START_TEST(vpnctl_takes_the_only_tunnel_that_runs)
{
	lab_leave_socket(&lab, "dead", "ctl.sock");
	lab_start(&lab, "site", "ctl.sock", answer_echo);
	ck_assert_int_eq(lab_run(&lab, "drops"), CONTROL_OK);
	ck_assert_str_eq(lab.out, "verb drops\n");
}
END_TEST

START_TEST(vpnctl_lists_the_tunnels_when_there_are_several)
{
	lab_start(&lab, "hub", "ctl.sock", answer_echo);
	lab_start(&lab, "site", "ctl.sock", answer_echo);
	ck_assert_int_eq(lab_run(&lab, "status"), CONTROL_USAGE);
	assert_has(lab.err, "hub, site");
	ck_assert_int_eq(lab_run(&lab, "-n hub status"), CONTROL_OK);
}
END_TEST

START_TEST(vpnctl_reads_over_the_socket_that_is_open_to_all)
{
	char path[128];

	if (geteuid() == 0) /* root may open everything */
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(seteuid(getuid()), 0);
	lab_start(&lab, "site", "ctl.sock", answer_no_peer);
	lab_start(&lab, "site", "ro.sock", answer_echo);
	snprintf(path, sizeof(path), "%s/site/ctl.sock", lab.dir);
	ck_assert_int_eq(chmod(path, 0), 0);
	snprintf(path, sizeof(path), "%s/site/ro.sock", lab.dir);
	ck_assert_int_eq(chmod(path, 0666), 0);
	snprintf(path, sizeof(path), "%s/site", lab.dir);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(chmod(lab.dir, 0755), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(lab_run(&lab, "status"), CONTROL_OK);
	ck_assert_str_eq(lab.out, "verb status\n");
	ck_assert_int_eq(lab_run(&lab, "stop"), CONTROL_NOT_PERMITTED);
	ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

/* ---- the request and what may come back ---- */

START_TEST(vpnctl_sends_the_verb_and_its_arguments)
{
	lab_start(&lab, "site", "ctl.sock", answer_echo);
	ck_assert_int_eq(lab_run(&lab, ""), CONTROL_OK);
	ck_assert_str_eq(lab.out, "verb status\n");
	ck_assert_int_eq(
	    lab_run(&lab, "peer add lab public-key KEY --json"), CONTROL_OK);
	ck_assert_str_eq(lab.out,
	    "{\"verb\":\"peer add\",\"a0\":\"lab\",\"a1\":\"public-key\","
	    "\"a2\":\"KEY\"}\n");
}
END_TEST

START_TEST(vpnctl_passes_the_daemons_exit_code_and_message_on)
{
	lab_start(&lab, "site", "ctl.sock", answer_no_peer);
	ck_assert_int_eq(lab_run(&lab, "peer remove x"), CONTROL_NO_OBJECT);
	ck_assert_str_eq(
	    lab.err, "vpnctl: no peer has the name \"x\"\nhint: ?[31mred\n");
	ck_assert_str_eq(lab.out, "");
}
END_TEST

START_TEST(vpnctl_refuses_another_version_of_the_protocol)
{
	lab_start(&lab, "site", "ctl.sock", answer_newer);
	ck_assert_int_eq(lab_run(&lab, "status"), CONTROL_FAILED);
	assert_has(lab.err, "version 2");
}
END_TEST

START_TEST(vpnctl_survives_what_is_not_the_protocol)
{
	lab_start(&lab, "noise", "ctl.sock", answer_noise);
	ck_assert_int_eq(lab_run(&lab, "-n noise status"), CONTROL_FAILED);
	assert_has(lab.err, "is not vpnd");
	lab_start(&lab, "half", "ctl.sock", answer_half);
	ck_assert_int_eq(lab_run(&lab, "-n half status"), CONTROL_FAILED);
	assert_has(lab.err, "the connection to vpnd broke");
	lab_start(&lab, "damaged", "ctl.sock", answer_damaged);
	ck_assert_int_eq(lab_run(&lab, "-n damaged status"), CONTROL_FAILED);
	assert_has(lab.err, "damaged");
}
END_TEST

START_TEST(version_tells_both_versions)
{
	ck_assert_int_eq(lab_run(&lab, "version"), CONTROL_OK);
	assert_has(lab.out, "vpnctl ");
	assert_has_not(lab.out, "vpnd");
	ck_assert_int_eq(lab_run(&lab, "-n x version"), CONTROL_NOT_RUNNING);
	lab_start(&lab, "site", "ctl.sock", answer_version);
	ck_assert_int_eq(lab_run(&lab, "version"), CONTROL_OK);
	assert_has(lab.out, "vpnd   9.8.7\n");
	ck_assert_int_eq(lab_run(&lab, "version --json"), CONTROL_OK);
	assert_has(lab.out, "{\"schema\":\"vpnd.version/1\",\"vpnctl\":");
	assert_has(lab.out, "\"vpnd\":\"9.8.7\"}");
}
END_TEST

/* ---- keys ---- */

/* RFC 7748, section 6.1: Alice's keys. */
#define ALICE_PRIVATE "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="
#define ALICE_PUBLIC  "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="

static int pubkey(const char *input)
{
	return lab_run_with(&lab, "pubkey", input, strlen(input));
}

START_TEST(pubkey_derives_the_public_key_of_rfc_7748)
{
	ck_assert_int_eq(pubkey(ALICE_PRIVATE "\n"), CONTROL_OK);
	ck_assert_str_eq(lab.out, ALICE_PUBLIC "\n");
	ck_assert_int_eq(pubkey(ALICE_PRIVATE), CONTROL_OK);
	ck_assert_str_eq(lab.out, ALICE_PUBLIC "\n");
}
END_TEST

START_TEST(pubkey_takes_nothing_but_one_key)
{
	static const char *const inputs[] = {"", "\n", "abc\n",
	    ALICE_PRIVATE "\n\n", ALICE_PRIVATE "\r\n", ALICE_PRIVATE " \n",
	    " " ALICE_PRIVATE, ALICE_PRIVATE ALICE_PRIVATE,
	    ALICE_PRIVATE "\n" ALICE_PRIVATE "\n",
	    "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCp=",
	    "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo\n",
	    "dwdtCnMYpX08FsFyUbJm-d9ML4frwJkqsXf7pR25LCo=\n"};

	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
		ck_assert_msg(pubkey(inputs[i]) == CONTROL_FAILED,
		    "input %zu was taken", i);
		ck_assert_str_eq(lab.out, "");
		assert_has_not(lab.err, "dwdt");
	}
	ck_assert_int_eq(
	    lab_run_with(&lab, "pubkey", ALICE_PRIVATE "\0", KEY_TEXT_BYTES),
	    CONTROL_FAILED);
}
END_TEST

START_TEST(genkey_makes_a_clamped_key_and_another_each_time)
{
	uint8_t first[CONFIG_KEY_BYTES], second[CONFIG_KEY_BYTES];

	ck_assert_int_eq(lab_run(&lab, "genkey"), CONTROL_OK);
	ck_assert_uint_eq(strlen(lab.out), KEY_TEXT_BYTES);
	lab.out[KEY_TEXT_BYTES - 1] = '\0';
	ck_assert_int_eq(key_parse(first, lab.out), 0);
	ck_assert_uint_eq(first[0] & 7, 0);
	ck_assert_uint_eq(first[31] & 0xc0, 0x40);
	ck_assert_int_eq(lab_run(&lab, "genpsk"), CONTROL_OK);
	lab.out[KEY_TEXT_BYTES - 1] = '\0';
	ck_assert_int_eq(key_parse(second, lab.out), 0);
	ck_assert_mem_ne(first, second, sizeof(first));
}
END_TEST

static char *err_of_genkey_into(mode_t mode)
{
	char path[128], *err = NULL;
	char *argv[] = {(char *)"vpnctl", (char *)"genkey", NULL};
	size_t len;
	struct ctl ctl = {.run_dir = lab.dir, .in = stdin};

	snprintf(path, sizeof(path), "%s/key", lab.dir);
	ctl.out = fopen(path, "w");
	ctl.err = open_memstream(&err, &len);
	ck_assert_int_eq(chmod(path, mode), 0);
	ck_assert_int_eq(commands_run(&ctl, 2, argv), CONTROL_OK);
	fclose(ctl.out);
	fclose(ctl.err);
	return err;
}

START_TEST(genkey_warns_when_others_can_read_the_file)
{
	char *open = err_of_genkey_into(0644);
	char *shut = err_of_genkey_into(0640);

	assert_has(open, "warning");
	ck_assert_str_eq(shut, "");
	free(open);
	free(shut);
}
END_TEST

/* ---- ping ---- */

static void answer_ping(
    const struct control_request *request, struct lab_answer *ret)
{
	static int number;

	ck_assert_str_eq(request->verb, "ping");
	ck_assert_uint_eq(request->arguments_count, 2);
	ck_assert_str_eq(request->arguments[1], "250");
	switch (number++) {
	case 0:
		ret->part = "s\tschema\tvpnd.ping/1\nb\tanswered\ttrue\n"
			    "u\trtt_ns\t2000000\n";
		break;
	case 1:
		ret->part = "s\tschema\tvpnd.ping/1\nb\tanswered\tfalse\n";
		ret->exit = CONTROL_TIMEOUT;
		ret->message = "no answer";
		break;
	default:
		ret->part = "s\tschema\tvpnd.ping/1\nb\tanswered\ttrue\n"
			    "u\trtt_ns\t4000000\n";
	}
}

static void answer_silence(
    const struct control_request *request, struct lab_answer *ret)
{
	(void)request;
	ret->exit = CONTROL_TIMEOUT;
}

START_TEST(ping_sums_up_loss_and_times)
{
	lab_start(&lab, "site", "ctl.sock", answer_ping);
	ck_assert_int_eq(
	    lab_run(&lab, "ping branch -c 3 -i 0 -W 0.25"), CONTROL_OK);
	ck_assert_str_eq(lab.out, "branch: echo 1 answered in 2.000 ms\n"
				  "branch: echo 2 not answered in 250 ms\n"
				  "branch: echo 3 answered in 4.000 ms\n"
				  "branch: 3 sent, 2 answered, 33.3 % lost, "
				  "rtt min/avg/max 2.000/3.000/4.000 ms\n");
	ck_assert_str_eq(lab.err, "");
}
END_TEST

START_TEST(ping_prints_one_json_object_in_seconds)
{
	lab_start(&lab, "site", "ctl.sock", answer_ping);
	ck_assert_int_eq(
	    lab_run(&lab, "--json ping -c 2 -i 0 -W 0.25 branch"), CONTROL_OK);
	ck_assert_str_eq(lab.out,
	    "{\"schema\":\"vpnd.ping/1\",\"peer\":\"branch\",\"sent\":2,"
	    "\"answered\":1,\"loss_ratio\":0.5,\"rtt_min_s\":0.002,"
	    "\"rtt_avg_s\":0.002,\"rtt_max_s\":0.002,\"echoes\":["
	    "{\"number\":1,\"answered\":true,\"rtt_s\":0.002},"
	    "{\"number\":2,\"answered\":false}]}\n");
}
END_TEST

START_TEST(ping_says_4_when_nobody_answered)
{
	lab_start(&lab, "site", "ctl.sock", answer_silence);
	ck_assert_int_eq(
	    lab_run(&lab, "ping -c 2 -i 0 branch"), CONTROL_TIMEOUT);
	assert_has(lab.out, "2 sent, 0 answered, 100 % lost\n");
}
END_TEST

START_TEST(ping_stops_at_the_daemons_refusal)
{
	lab_start(&lab, "site", "ctl.sock", answer_no_peer);
	ck_assert_int_eq(lab_run(&lab, "ping x"), CONTROL_NO_OBJECT);
	ck_assert_str_eq(lab.out, "");
	assert_has(lab.err, "no peer has the name");
}
END_TEST

static void add_usage_tests(TCase *tcase)
{
	tcase_add_test(
	    tcase, vpnctl_refuses_an_unknown_verb_and_names_the_nearest);
	tcase_add_test(tcase, vpnctl_refuses_what_a_verb_does_not_take);
	tcase_add_test(tcase, vpnctl_tells_that_n_stands_before_the_verb);
	tcase_add_test(
	    tcase, each_verb_has_a_command_and_help_of_at_most_24_lines);
	tcase_add_test(tcase, help_without_a_verb_lists_all_of_them);
	tcase_add_test(tcase, completion_offers_each_verb);
}

static void add_daemon_tests(TCase *tcase)
{
	tcase_add_test(tcase, vpnctl_says_3_when_no_daemon_runs);
	tcase_add_test(tcase, vpnctl_takes_the_only_tunnel_that_runs);
	tcase_add_test(tcase, vpnctl_lists_the_tunnels_when_there_are_several);
	tcase_add_test(tcase, vpnctl_reads_over_the_socket_that_is_open_to_all);
	tcase_add_test(tcase, vpnctl_sends_the_verb_and_its_arguments);
	tcase_add_test(
	    tcase, vpnctl_passes_the_daemons_exit_code_and_message_on);
	tcase_add_test(tcase, vpnctl_refuses_another_version_of_the_protocol);
	tcase_add_test(tcase, vpnctl_survives_what_is_not_the_protocol);
	tcase_add_test(tcase, version_tells_both_versions);
}

static void add_other_tests(TCase *tcase)
{
	tcase_add_test(tcase, pubkey_derives_the_public_key_of_rfc_7748);
	tcase_add_test(tcase, pubkey_takes_nothing_but_one_key);
	tcase_add_test(tcase, genkey_makes_a_clamped_key_and_another_each_time);
	tcase_add_test(tcase, genkey_warns_when_others_can_read_the_file);
	tcase_add_test(tcase, ping_sums_up_loss_and_times);
	tcase_add_test(tcase, ping_prints_one_json_object_in_seconds);
	tcase_add_test(tcase, ping_says_4_when_nobody_answered);
	tcase_add_test(tcase, ping_stops_at_the_daemons_refusal);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ctl_commands");
	TCase *tcase = tcase_create("commands");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	add_usage_tests(tcase);
	add_daemon_tests(tcase);
	add_other_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
