/* SPDX-License-Identifier: ISC */
/* The filter as vpnctl prints it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/render.h"
#include "ctl/tree.h"
#include "unit.h"

static char *out;

static void tear_down(void)
{
	free(out);
	out = NULL;
}

static const char *plain(const char *reply)
{
	char *text = strdup(reply);
	json_t *document = tree_parse(text);
	size_t len;
	FILE *file = open_memstream(&out, &len);
	struct paper paper = paper_of(file, PAPER_COLOR_NEVER);

	ck_assert_ptr_nonnull(document);
	render_text(&paper, document);
	fclose(file);
	json_decref(document);
	free(text);
	return out;
}

#define RULE(name, hook, action, matches, more)                                \
	"{\t\ns\tname\t" name "\ns\thook\t" hook "\ns\taction\t" action        \
	"\ns\tmatches\t" matches "\nu\tpackets\t12\nu\tbytes\t1400\n" more     \
	"}\n"
#define POLICY(hook, action)                                                   \
	"{\t\ns\thook\t" hook "\ns\taction\t" action                           \
	"\nu\tpackets\t0\nu\tbytes\t0\n}\n"

START_TEST(filter_is_a_table_by_hooks_with_policies)
{
	ck_assert_str_eq(
	    plain(
		"s\tschema\tvpnd.filter/1\nb\tstateful\ttrue\n[\trules\n" RULE(
		    "noisy", "forward", "drop", "",
		    "b\tlog\ttrue\n") RULE("ssh", "input", "accept",
		    "proto tcp dport 22 rate 2/s burst 4",
		    "u\tpackets_over_rate\t3\n") "]\n[\tpolicies\n" POLICY("inp"
									   "ut",
		    "reject") POLICY("forward", "accept") "]\n"),
	    "HOOK         RULE    ACTION  PACKETS   BYTES      MATCHES\n"
	    "input        ssh     accept  12        1.37 KiB   proto tcp dport "
	    "22 rate 2/s burst 4, 3 over its rate\n"
	    "input        policy  reject  0         0 B        what no rule "
	    "decided\n"
	    "forward      noisy   drop    12        1.37 KiB   all packets, "
	    "log\n"
	    "forward      policy  accept  0         0 B        what no rule "
	    "decided\n"
	    "packets of flows that rules accepted are not counted\n");
}
END_TEST

START_TEST(filter_survives_absent_fields)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.filter/1\n[\trules\n{\t\n}\n]\n"
			       "[\tpolicies\n{\t\n}\n]\n"),
	    "HOOK         RULE    ACTION  PACKETS   BYTES      MATCHES\n"
	    "-            policy  -       0         0 B        what no rule "
	    "decided\n"
	    "stateless: each packet is put before the rules\n");
}
END_TEST

START_TEST(filter_log_is_a_table_of_packets)
{
	ck_assert_str_eq(
	    plain("s\tschema\tvpnd.filter_log/1\n[\tentries\n{\t\n"
		  "f\tage_s\t61.250\ns\trule\tssh\nu\tline\t7\n"
		  "s\thook\tinput\ns\taction\taccept\ns\tfrom\talice\n"
		  "s\tpacket\ttcp 10.9.0.7:4000 > 10.9.0.1:22 len 60\n"
		  "s\theader\t4500\n}\n{\t\ns\tto\tbob\n}\n]\n"),
	    "AGE      RULE  ACTION  HOOK         PACKET\n"
	    "1m01s    ssh   accept  input        from alice  tcp "
	    "10.9.0.7:4000 > 10.9.0.1:22 len 60\n"
	    "0s       -     -       -            to bob  -\n");
}
END_TEST

START_TEST(filter_for_nft_is_printed_line_by_line)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.filter_nft/1\n[\tlines\n"
			       "s\t\ttable inet t {\ns\t\t\\x09chain input "
			       "{\nu\tnot\t1\n]\n"),
	    "table inet t {\n\tchain input {\n\n");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("filter");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_test(tcase, filter_is_a_table_by_hooks_with_policies);
	tcase_add_test(tcase, filter_survives_absent_fields);
	tcase_add_test(tcase, filter_log_is_a_table_of_packets);
	tcase_add_test(tcase, filter_for_nft_is_printed_line_by_line);
	suite_add_tcase(suite, tcase);
	return suite;
}
