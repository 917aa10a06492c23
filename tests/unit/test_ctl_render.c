/* SPDX-License-Identifier: ISC */
/* Tests of what vpnctl prints: trees, text, JSON, numbers, colours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "ctl/figure.h"
#include "ctl/render.h"
#include "ctl/tree.h"
#include "unit.h"

static const char status_reply[] = "s\tschema\tvpnd.status/1\n"
				   "{\ttunnel\n"
				   "s\tname\tsite\n"
				   "s\tdevice\tvpn0\n"
				   "b\tdevice_up\ttrue\n"
				   "u\tmtu\t1420\n"
				   "u\tport\t51820\n"
				   "u\tuptime_s\t273845\n"
				   "u\tpeers\t2\n"
				   "u\tpeers_up\t1\n"
				   "}\n"
				   "[\tpeers\n"
				   "{\t\n"
				   "s\tname\tbranch\n"
				   "s\tendpoint\t203.0.113.9:51820\n"
				   "b\tup\ttrue\n"
				   "f\thandshake_age_s\t41.730\n"
				   "s\tcipher_send\taes256gcm\n"
				   "s\tcipher_receive\taes256gcm\n"
				   "s\tmode\tvpnd\n"
				   "[\tfeatures\n"
				   "s\t\tlz4\n"
				   "s\t\techo\n"
				   "]\n"
				   "s\tcompressor\tlz4\n"
				   "f\tcompress_ratio\t2.310\n"
				   "u\trx_bytes\t831488\n"
				   "u\trx_packets\t1203\n"
				   "u\ttx_bytes\t98\n"
				   "u\ttx_packets\t1\n"
				   "u\tdrops\t3\n"
				   "[\tallowed_ips\n"
				   "s\t\t10.77.0.2/32\n"
				   "s\t\tfd77::2/128\n"
				   "]\n"
				   "b\tpreshared_key\ttrue\n"
				   "}\n"
				   "{\t\n"
				   "s\tname\thub\n"
				   "b\tendpoint_hidden\ttrue\n"
				   "b\tup\tfalse\n"
				   "s\tmode\tplain WireGuard\n"
				   "s\treason\tno answer for 2m10s\n"
				   "}\n"
				   "]\n";

static char *text, *out;
static size_t out_len;

static json_t *parse(const char *reply)
{
	free(text);
	text = strdup(reply);
	return tree_parse(text);
}

/* Returns what render_text writes; valid until the next call. */
static const char *render(
    const char *reply, bool is_detailed, enum paper_color color)
{
	json_t *document = parse(reply);
	struct paper paper;
	FILE *file;

	ck_assert_ptr_nonnull(document);
	free(out);
	file = open_memstream(&out, &out_len);
	paper = paper_of(file, color);
	paper.is_detailed = is_detailed;
	render_text(&paper, document);
	fclose(file);
	json_decref(document);
	return out;
}

static const char *plain(const char *reply)
{
	return render(reply, false, PAPER_COLOR_NEVER);
}

static void tear_down(void)
{
	free(text);
	free(out);
	text = out = NULL;
}

/* ---- trees ---- */

START_TEST(tree_keeps_values_and_their_order)
{
	json_t *tree = parse("u\tbig\t9223372036854775807\ni\tdebt\t-5\n"
			     "f\tratio\t1.250\nb\tyes\ttrue\n"
			     "s\ttext\ta\\\\b\\n\\x09c\n");
	char *json;

	ck_assert_ptr_nonnull(tree);
	json = json_dumps(tree, JSON_COMPACT | JSON_REAL_PRECISION(15));
	ck_assert_str_eq(json,
	    "{\"big\":9223372036854775807,\"debt\":-5,\"ratio\":1.25,"
	    "\"yes\":true,\"text\":\"a\\\\b\\n\\tc\"}");
	free(json);
	json_decref(tree);
}
END_TEST

START_TEST(tree_refuses_what_is_no_reply)
{
	static const char *const replies[] = {"]\n", "}\n", "[\ta\n",
	    "[\ta\n}\n", "{\ta\n]\n", "u\ta\tx\n", "u\ta\t-1\n",
	    "u\ta\t99999999999999999999999\n", "i\ta\t1x\n", "f\ta\tx\n",
	    "b\ta\tmaybe\n", "s\ta\n", "nonsense\n", "s\ttext\ta\xff\n"};

	for (size_t i = 0; i < ARRAY_SIZE(replies); i++)
		ck_assert_msg(!parse(replies[i]), "reply %zu was taken", i);
}
END_TEST

START_TEST(tree_refuses_to_grow_without_bound)
{
	char reply[3 * TREE_DEPTH * 2 + 1] = "";

	for (size_t i = 0; i < TREE_DEPTH * 2; i++)
		strcat(reply, i ? "[\t\n" : "[\ta");
	ck_assert_ptr_null(parse(reply));
}
END_TEST

START_TEST(tree_readers_survive_other_types)
{
	json_t *tree = parse("s\ta\tx\ni\tb\t-1\n");

	ck_assert_uint_eq(tree_unsigned(tree, "a", 7), 7);
	ck_assert_uint_eq(tree_unsigned(tree, "b", 7), 7);
	ck_assert_uint_eq(tree_unsigned(NULL, "a", 7), 7);
	ck_assert_str_eq(tree_text(tree, "b", "-"), "-");
	ck_assert(!tree_is(tree, "a"));
	ck_assert(tree_real(tree, "a", 2) == 2);
	json_decref(tree);
}
END_TEST

/* ---- status ---- */

START_TEST(status_shows_the_tunnel_and_each_peer)
{
	ck_assert_str_eq(plain(status_reply),
	    "site  up    3d04h  tun vpn0  mtu 1420  udp :51820  "
	    "1/2 peers up\n"
	    "  branch  up    203.0.113.9:51820  handshake 41s  aes256gcm  "
	    "vpnd (lz4 echo)\n"
	    "          rx 812 KiB in 1203 packets  tx 98 B in 1 packets  "
	    "lz4 2.31x  drops 3\n"
	    "  hub     down  (hidden)  no handshake yet  plain WireGuard\n"
	    "          no answer for 2m10s\n");
}
END_TEST

START_TEST(status_says_where_segments_do_not_arrive)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.status/1\n"
			       "{\ttunnel\n"
			       "s\tname\tsite\n"
			       "}\n"
			       "[\tpeers\n"
			       "{\t\n"
			       "s\tname\thub\n"
			       "b\tup\ttrue\n"
			       "s\tmode\tvpnd\n"
			       "b\tsegments_refused\ttrue\n"
			       "s\tsegments_why\tsegments do not arrive\n"
			       "}\n"
			       "]\n"),
	    "site  down\n"
	    "  hub     up    no endpoint  no handshake yet  vpnd  without "
	    "udp_gso: segments do not arrive\n");
}
END_TEST

START_TEST(a_live_packet_has_a_number_and_perhaps_a_cause)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.trace/1\n"
			       "u\tid\t12\ns\tfrom\tb\ns\tpacket\tudp\n"
			       "s\tverdict\tqueued\n"),
	    "#12 from peer b: udp\nverdict: queued\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.trace/1\n"
			       "u\tid\t13\nu\tparent\t12\n"
			       "s\tmade_as\tanswer\ns\tpacket\ticmp\n"
			       "s\tverdict\tsent\ns\tto\tb\n"),
	    "#13 answer to #12: icmp\nverdict: sent to b\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.trace/1\n"
			       "u\tid\t14\nu\tparent\t12\n"
			       "s\tmade_as\tcopy\ns\tpacket\tarp\n"
			       "s\tverdict\tsent\ns\tto\tc\n"),
	    "#14 copy of #12: arp\nverdict: sent to c\n");
}
END_TEST

START_TEST(status_says_which_back_ends_work_and_how_fast)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.status/1\n"
			       "{\ttunnel\n"
			       "s\tname\tsite\n"
			       "[\tciphers\n"
			       "{\t\n"
			       "s\tname\taes256gcm\n"
			       "s\tbackend\tlibipsec-mb\n"
			       "u\tbytes_per_s\t9000000000\n"
			       "}\n"
			       "{\t\n"
			       "s\tname\tchacha20poly1305\n"
			       "s\tbackend\tlibsodium\n"
			       "}\n"
			       "]\n"
			       "}\n"),
	    "site  down\n"
	    "  aes256gcm libipsec-mb 8.38 GiB/s  chacha20poly1305 libsodium\n");
}
END_TEST

START_TEST(status_says_which_offloads_are_on_and_why_not)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.status/1\n"
			       "{\ttunnel\n"
			       "s\tname\tsite\n"
			       "[\toffloads\n"
			       "{\t\n"
			       "s\tname\tudp_gso\n"
			       "b\ton\tfalse\n"
			       "s\twhy\tInput/output error\n"
			       "}\n"
			       "{\t\n"
			       "s\tname\ttun_tso\n"
			       "b\ton\ttrue\n"
			       "}\n"
			       "]\n"
			       "}\n"),
	    "site  down\n"
	    "  offloads tun_tso  without udp_gso: Input/output error\n");
}
END_TEST

START_TEST(status_tells_queues_and_what_may_wait)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.status/1\n"
			       "{\ttunnel\n"
			       "s\tname\tsite\n"
			       "u\tdevice_queues\t8\n"
			       "u\treceive_buffer_bytes\t262144\n"
			       "u\tbusy_poll_us\t50\n"
			       "[\toffloads\n"
			       "{\t\n"
			       "s\tname\ttun_tso\n"
			       "b\ton\ttrue\n"
			       "}\n"
			       "]\n"
			       "}\n"),
	    "site  down\n"
	    "  offloads tun_tso  8 queues  receive buffer 256 KiB  "
	    "busy poll 50 us\n");
}
END_TEST

START_TEST(status_tells_who_waits_and_who_was_marked)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.status/1\n"
			       "{\ttunnel\n"
			       "s\tname\tsite\n"
			       "u\ttx_waiting\t17\n"
			       "u\ttx_marked\t3\n"
			       "}\n"),
	    "site  down\n"
	    "  17 waiting  3 marked as congested\n");
}
END_TEST

static const struct {
	const char *fields, *text;
} threads[] = {
    {"u\tworkers\t1\nu\tlock_waits\t0\n", "  1 worker"},
    {"u\tworkers\t2\nu\tlock_waits\t0\n", "  2 workers, 0 lock waits"},
    {"u\tworkers\t2\nu\tlock_waits\t1\n", "  2 workers, 1 lock wait"},
    {"u\tworkers\t2\nu\tlock_waits\t1234\n", "  2 workers, 1234 lock waits"},
    {"u\tlock_waits\t1234\n", ""},
    {"u\tworkers\t2\nu\tcpu_out\t0\nu\tcpu_in\t13\nu\tlock_waits\t2\n",
	"  2 workers, out on CPU 0, in on CPU 13, 2 lock waits"},
};

START_TEST(status_tells_threads_and_how_often_they_waited)
{
	char reply[256], expected[256];

	snprintf(reply, sizeof(reply),
	    "s\tschema\tvpnd.status/1\n"
	    "{\ttunnel\n"
	    "s\tname\tsite\n"
	    "u\tdevice_queues\t8\n"
	    "%s"
	    "[\toffloads\n"
	    "{\t\n"
	    "s\tname\ttun_tso\n"
	    "b\ton\ttrue\n"
	    "}\n"
	    "]\n"
	    "}\n",
	    threads[_i].fields);
	snprintf(expected, sizeof(expected),
	    "site  down\n"
	    "  offloads tun_tso  8 queues%s\n",
	    threads[_i].text);
	ck_assert_str_eq(plain(reply), expected);
}
END_TEST

START_TEST(status_in_detail_lists_prefixes_but_no_secret)
{
	const char *detailed = render(status_reply, true, PAPER_COLOR_NEVER);

	ck_assert_ptr_nonnull(
	    strstr(detailed, "allowed ips 10.77.0.2/32 fd77::2/128\n"));
	ck_assert_ptr_nonnull(strstr(detailed, "pre-shared key yes\n"));
}
END_TEST

START_TEST(status_survives_absent_fields)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.status/1\n"), "");
	ck_assert_str_eq(plain("s\tschema\tvpnd.status/1\n{\ttunnel\n}\n"
			       "[\tpeers\n{\t\ns\tmode\tunknown\n}\n]\n"),
	    "-  down\n  -       down  no endpoint  no handshake yet\n");
}
END_TEST

START_TEST(status_tells_of_load_and_a_failed_reload)
{
	const char *shown = plain("s\tschema\tvpnd.status/1\n{\ttunnel\n"
				  "b\tunder_load\ttrue\n"
				  "b\tlast_reload_failed\ttrue\n"
				  "s\tlast_reload\tsite.conf:3: error\n}\n");

	ck_assert_ptr_nonnull(strstr(shown, "under load"));
	ck_assert_ptr_nonnull(strstr(shown, "last reload: site.conf:3: error"));
}
END_TEST

START_TEST(text_has_no_control_bytes_of_others)
{
	const char *shown = plain("s\tschema\tvpnd.status/1\n[\tpeers\n{\t\n"
				  "s\tname\ta\\x1b[2J\\nb\xc2\x9b\n}\n]\n");

	ck_assert_ptr_null(strchr(shown, '\033'));
	ck_assert_ptr_null(strstr(shown, "\xc2\x9b"));
	ck_assert_ptr_nonnull(strstr(shown, "a?[2J?b?"));
}
END_TEST

/* ---- the other replies ---- */

START_TEST(drops_are_a_table)
{
	ck_assert_str_eq(
	    plain("s\tschema\tvpnd.drops/1\n[\tdrops\n{\t\n"
		  "s\tdirection\tinbound\ns\tstage\trcv_finish\n"
		  "s\treason\tIP_RPFILTER\ns\ttext\tsource is foreign\n"
		  "u\tpackets\t12\nu\tlast_age_s\t5\n}\n]\n"),
	    "STAGE       REASON               PACKETS  LAST     EXAMPLE\n"
	    "rcv_finish  IP_RPFILTER               12  5s       "
	    "(source is foreign)\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.drops/1\n[\tdrops\n]\n"),
	    "no packet was dropped\n");
}
END_TEST

START_TEST(drops_name_the_peer_and_what_may_be_done)
{
	ck_assert_str_eq(
	    plain("s\tschema\tvpnd.drops/1\n[\tdrops\n{\t\n"
		  "s\tstage\troute\ns\treason\tIP_OUTNOROUTES\n"
		  "s\ttext\tx\ns\thint\tdo it\nu\tpackets\t12\n"
		  "s\texample\tudp 1 > 2\ns\texample_peer\tbob\n}\n]\n"),
	    "STAGE       REASON               PACKETS  LAST     EXAMPLE\n"
	    "route       IP_OUTNOROUTES            12  -        "
	    "bob udp 1 > 2 (do it)\n");
}
END_TEST

START_TEST(a_drop_of_a_stream_is_a_line)
{
	const char *line = plain("s\tschema\tvpnd.drop/1\ns\tstage\troute\n"
				 "s\treason\tNOMEM\ns\ttext\tno room\n"
				 "s\tpacket\tudp 1 > 2\ns\tpeer\tbob\n");

	ck_assert_str_eq(line + strlen("12:34:56 "),
	    "route       NOMEM              bob udp 1 > 2 (no room)\n");
	line = plain("s\tschema\tvpnd.lost/1\nu\tlost\t12\n");
	ck_assert_str_eq(line + strlen("12:34:56 "),
	    "12 more were not shown: too many at once\n");
}
END_TEST

START_TEST(drops_make_room_for_a_long_reason)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.drops/1\n[\tdrops\n{\t\n"
			       "s\treason\tBRIDGE_INGRESS_STP_STATE\n}\n{\t\n"
			       "s\treason\tVPN_STORM\n}\n]\n"),
	    "STAGE       REASON                     PACKETS  LAST     "
	    "EXAMPLE\n"
	    "-           BRIDGE_INGRESS_STP_STATE         0  -        \n"
	    "-           VPN_STORM                        0  -        \n");
}
END_TEST

START_TEST(reload_tells_each_step_and_what_was_kept)
{
	ck_assert_str_eq(
	    plain("s\tschema\tvpnd.reload/1\ns\ttunnel\tsite\n"
		  "b\trefused\tfalse\nu\trestart_count\t1\n[\tsteps\n"
		  "{\t\ns\tkind\tpeer_add\ns\ttext\tpeer lab: added\n}\n"
		  "{\t\ns\tkind\trestart\ns\tsetting\tdevice.mtu\n}\n]\n"
		  "u\tsessions_kept\t3\n"),
	    "  peer lab: added\n  restart  device.mtu\nsessions kept 3\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.reload/1\n[\tsteps\n]\n"),
	    "nothing has changed\n");
}
END_TEST

START_TEST(peer_tells_what_the_next_reload_does)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.peer/1\ns\taction\tadded\n"
			       "s\tpeer\tlab\nb\tin_file\tfalse\n"),
	    "peer lab added; the next reload removes it, unless it is in "
	    "the file then\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.peer/1\ns\taction\tremoved\n"
			       "s\tpeer\tlab\nb\tin_file\ttrue\n"),
	    "peer lab removed; the next reload brings it back, as it is in "
	    "the file\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.peer/1\ns\taction\tremoved\n"
			       "s\tpeer\tlab\nb\tin_file\tfalse\n"),
	    "peer lab removed\n");
}
END_TEST

START_TEST(an_unknown_schema_is_written_name_by_name)
{
	ck_assert_str_eq(
	    plain("s\tschema\tvpnd.new/7\nu\tfirst_value\t1\n"
		  "[\tlist\n{\t\ns\ta\tx\n}\ns\t\ty\n]\nb\tis\tfalse\n"
		  "f\tratio\t0.500\n"),
	    "first value 1\nlist\n  -\n    a x\n  y\nis no\nratio 0.5\n");
}
END_TEST

START_TEST(json_is_one_line_with_its_schema_first)
{
	json_t *document = parse("s\tschema\tvpnd.x/1\nf\tratio\t2.310\n");
	FILE *file;

	free(out);
	file = open_memstream(&out, &out_len);
	render_json(file, document);
	fclose(file);
	json_decref(document);
	ck_assert_str_eq(out, "{\"schema\":\"vpnd.x/1\",\"ratio\":2.31}\n");
}
END_TEST

/* ---- sockets ---- */

static const char sockets_reply[] = "s\tschema\tvpnd.sockets/1\n"
				    "[\tsockets\n"
				    "{\t\n"
				    "s\tprotocol\tudp\n"
				    "s\taddress\t10.9.0.1\n"
				    "u\tport\t7\n"
				    "s\ttype\techo\n"
				    "b\topen\ttrue\n"
				    "u\trx_packets\t120\n"
				    "u\ttx_packets\t119\n"
				    "u\tunanswered\t1\n"
				    "u\tdrops\t3\n"
				    "[\treasons\n"
				    "{\t\n"
				    "s\treason\tSOCKET_RCVBUFF\n"
				    "u\tpackets\t2\n"
				    "}\n"
				    "{\t\n"
				    "s\treason\tSOCKET_FILTER\n"
				    "u\tpackets\t1\n"
				    "}\n"
				    "]\n"
				    "u\tused_bytes\t0\n"
				    "u\trcvbuf_bytes\t212992\n"
				    "}\n"
				    "{\t\n"
				    "s\tprotocol\tudp\n"
				    "s\taddress\tfd09::1\n"
				    "u\tport\t5000\n"
				    "s\ttype\tclient\n"
				    "b\topen\tfalse\n"
				    "u\trx_packets\t0\n"
				    "}\n"
				    "{\t\n"
				    "s\tprotocol\ticmp\n"
				    "s\taddress\t*\n"
				    "u\tport\t0\n"
				    "s\ttype\tping\n"
				    "}\n"
				    "]\n";

START_TEST(sockets_are_lines_with_their_memory_as_ss_has_it)
{
	ck_assert_str_eq(plain(sockets_reply),
	    "udp  10.9.0.1:7 echo rx 120 tx 119 unanswered 1 drops 3 "
	    "(SOCKET_RCVBUFF 2, SOCKET_FILTER 1) skmem:(r0,rb212992,d3)\n"
	    "udp  [fd09::1]:5000 client (nobody has it) rx 0 drops 0 "
	    "skmem:(r0,rb0,d0)\n"
	    "icmp * ping rx 0 drops 0 skmem:(r0,rb0,d0)\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.sockets/1\n"), "no sockets\n");
}
END_TEST

/* ---- fdb, and the status of a tap tunnel ---- */

#define SNMP(file, group, name, value)                                         \
	"{\t\ns\tfile\t" file "\ns\tgroup\t" group "\ns\tname\t" name          \
	"\nu\tvalue\t" value "\n}\n"

START_TEST(snmp_has_the_layout_of_the_kernels_files)
{
	ck_assert_str_eq(
	    plain("s\tschema\tvpnd.snmp/1\n[\tcounters\n" SNMP("snmp", "Ip",
		"InReceives", "7") SNMP("snmp", "Ip", "InHdrErrors", "0")
		    SNMP("snmp", "Udp", "NoPorts", "1") SNMP(
			"netstat", "IpExt", "InOctets", "9223372036854775807")
			SNMP("snmp6", "Ip6", "InReceives", "12") "]\n"),
	    "Ip: InReceives InHdrErrors\nIp: 7 0\n"
	    "Udp: NoPorts\nUdp: 1\n"
	    "IpExt: InOctets\nIpExt: 9223372036854775807\n"
	    "Ip6InReceives                   \t12\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.snmp/1\n"), "");
}
END_TEST

static const char fdb_reply[] = "s\tschema\tvpnd.fdb/1\n"
				"[\tentries\n"
				"{\t\n"
				"s\tmac\t02:76:6c:00:00:01\n"
				"u\tvlan\t0\n"
				"s\tpeer\t\n"
				"b\thost\ttrue\n"
				"b\tstatic\ttrue\n"
				"u\tage_s\t0\n"
				"}\n"
				"{\t\n"
				"s\tmac\t52:54:00:12:34:56\n"
				"u\tvlan\t120\n"
				"s\tpeer\twarehouse-2\n"
				"b\thost\tfalse\n"
				"b\tstatic\tfalse\n"
				"u\tage_s\t131\n"
				"}\n"
				"]\n"
				"{\ttotals\n"
				"u\tmacs\t2\n"
				"u\tmacs_max\t4096\n"
				"}\n"
				"[\tports\n"
				"{\t\n"
				"s\tpeer\twarehouse-2\n"
				"b\thost\tfalse\n"
				"u\tmacs\t1\n"
				"u\theld_for_s\t7\n"
				"u\tholds\t2\n"
				"}\n"
				"{\t\n"
				"s\tpeer\thub\n"
				"b\thost\tfalse\n"
				"u\tmacs\t0\n"
				"u\theld_for_s\t0\n"
				"u\tholds\t1\n"
				"}\n"
				"{\t\n"
				"s\tpeer\tquiet\n"
				"u\theld_for_s\t0\n"
				"u\tholds\t0\n"
				"}\n"
				"]\n";

START_TEST(fdb_is_a_table_with_totals_and_held_peers)
{
	ck_assert_str_eq(plain(fdb_reply),
	    "MAC                VLAN  PORT         AGE      FLAGS\n"
	    "02:76:6c:00:00:01  all   this host    -        static\n"
	    "52:54:00:12:34:56  120   warehouse-2  2m11s    -\n"
	    "2 of at most 4096 addresses\n"
	    "warehouse-2: the loop guard held it 2 times, and does for 7s "
	    "more\n"
	    "hub: the loop guard held it 1 time\n");
}
END_TEST

START_TEST(fdb_survives_absent_fields)
{
	ck_assert_str_eq(
	    plain("s\tschema\tvpnd.fdb/1\n[\tentries\n{\t\n}\n]\n"),
	    "MAC                VLAN  PORT       AGE      FLAGS\n"
	    "-                  0     -          0s       -\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.fdb/1\n"),
	    "MAC                VLAN  PORT       AGE      FLAGS\n");
}
END_TEST

START_TEST(fdb_flush_says_how_many)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.fdb_flush/1\nu\tflushed\t2\n"),
	    "2 learned addresses forgotten\n");
	ck_assert_str_eq(plain("s\tschema\tvpnd.fdb_flush/1\nu\tflushed\t1\n"
			       "s\tpeer\tbranch\n"),
	    "1 learned address forgotten of peer branch\n");
}
END_TEST

/* ---- flows ---- */

static const char flows_reply[] = "s\tschema\tvpnd.flows/1\n"
				  "[\tflows\n"
				  "{\t\n"
				  "u\tprotocol\t6\n"
				  "s\tprotocol_name\ttcp\n"
				  "s\tfrom\twarehouse-2\n"
				  "s\tto\t\n"
				  "s\tsource\t10.9.0.7\n"
				  "u\tsource_port\t4000\n"
				  "s\tdestination\t10.9.0.1\n"
				  "u\tdestination_port\t22\n"
				  "u\tvlan\t0\n"
				  "s\tstate\testablished\n"
				  "b\tanswered\ttrue\n"
				  "u\tleft_s\t7199\n"
				  "}\n"
				  "{\t\n"
				  "u\tprotocol\t58\n"
				  "s\tprotocol_name\ticmp6\n"
				  "s\tfrom\t\n"
				  "s\tto\twarehouse-2\n"
				  "s\tsource\tfd09::1\n"
				  "s\tdestination\tfd09::7\n"
				  "u\tid\t77\n"
				  "u\tvlan\t5\n"
				  "s\tstate\tnew\n"
				  "u\tleft_s\t12\n"
				  "}\n"
				  "{\t\n"
				  "u\tprotocol\t132\n"
				  "s\tsource\tfd09::1\n"
				  "u\tsource_port\t1\n"
				  "s\tdestination\tfd09::7\n"
				  "}\n"
				  "]\n"
				  "{\ttotals\n"
				  "u\tflows\t5\n"
				  "u\tflows_max\t64\n"
				  "u\tflows_per_peer\t10\n"
				  "u\tnew\t1203\n"
				  "u\tearly_drop\t7\n"
				  "u\tct_full\t3\n"
				  "u\tinvalid\t0\n"
				  "u\tmatching\t5\n"
				  "u\tshown\t3\n"
				  "}\n"
				  "[\tpeers\n"
				  "{\t\n"
				  "s\tpeer\tother\n"
				  "u\tflows\t8\n"
				  "}\n"
				  "{\t\n"
				  "s\tpeer\twarehouse-2\n"
				  "u\tflows\t9\n"
				  "}\n"
				  "]\n";

START_TEST(flows_are_a_table_with_totals_and_greedy_peers)
{
	ck_assert_str_eq(plain(flows_reply),
	    "PROTO  STATE        ENDS IN  FROM         TO           FLOW\n"
	    "tcp    established  1h59m    warehouse-2  this host    "
	    "10.9.0.7:4000 > 10.9.0.1:22\n"
	    "icmp6  new          12s      this host    warehouse-2  "
	    "fd09::1 > fd09::7 id 77 vlan 5\n"
	    "132    -            0s       this host    this host    "
	    "[fd09::1]:1 > fd09::7\n"
	    "and 2 more\n"
	    "5 of at most 64 flows, 1203 begun, 7 dropped early, 3 packets "
	    "found no room\n"
	    "warehouse-2: 9 of at most 10 flows of one peer\n");
}
END_TEST

START_TEST(flows_survive_absent_fields)
{
	ck_assert_str_eq(plain("s\tschema\tvpnd.flows/1\n"),
	    "PROTO  STATE        ENDS IN  FROM       TO         FLOW\n");
}
END_TEST

static const char tap_reply[] = "s\tschema\tvpnd.status/1\n"
				"{\ttunnel\n"
				"s\tname\tlan\n"
				"s\tdevice\ttap0\n"
				"s\tdevice_type\ttap\n"
				"b\tdevice_up\ttrue\n"
				"s\tmac\t02:76:6c:00:00:01\n"
				"s\tbridge\tbr0\n"
				"u\tmacs\t2\n"
				"u\tmacs_max\t4096\n"
				"}\n"
				"[\tpeers\n"
				"{\t\n"
				"s\tname\tbranch\n"
				"s\tendpoint\t203.0.113.9:51820\n"
				"b\tup\ttrue\n"
				"u\trx_bytes\t10\n"
				"u\tmacs\t1\n"
				"s\twarning\tthe loop guard holds it\n"
				"[\tstatic_macs\n"
				"s\t\t02:00:00:00:00:09\n"
				"]\n"
				"s\tvlans\t0,10-20\n"
				"b\trouter\ttrue\n"
				"}\n"
				"]\n";

START_TEST(status_of_a_tap_shows_the_switch)
{
	ck_assert_str_eq(plain(tap_reply),
	    "lan  up    tap tap0\n"
	    "  mac 02:76:6c:00:00:01  bridge br0  addresses 2 of 4096\n"
	    "  branch  up    203.0.113.9:51820  no handshake yet\n"
	    "          rx 10 B  macs 1\n"
	    "          the loop guard holds it\n");
}
END_TEST

START_TEST(status_in_detail_lists_what_a_port_has)
{
	const char *detailed = render(tap_reply, true, PAPER_COLOR_NEVER);

	ck_assert_ptr_nonnull(
	    strstr(detailed, "    static addresses 02:00:00:00:00:09\n"));
	ck_assert_ptr_nonnull(strstr(detailed, "    vlans 0,10-20\n"));
	ck_assert_ptr_nonnull(strstr(detailed, "    may be a router yes\n"));
}
END_TEST

/* ---- colours and numbers ---- */

START_TEST(color_is_used_only_when_it_is_wanted)
{
	ck_assert_ptr_nonnull(
	    strchr(render(status_reply, false, PAPER_COLOR_ALWAYS), '\033'));
	ck_assert_ptr_null(
	    strchr(render(status_reply, false, PAPER_COLOR_NEVER), '\033'));
	ck_assert_ptr_null(
	    strchr(render(status_reply, false, PAPER_COLOR_AUTO), '\033'));
}
END_TEST

/* A terminal of its own, to see what auto does there. */
static bool has_color_on_terminal(const char *no_color, const char *term)
{
	FILE *file = fopen("/dev/ptmx", "r+");
	bool has_color;

	ck_assert_ptr_nonnull(file);
	setenv("TERM", term, 1);
	if (no_color)
		setenv("NO_COLOR", no_color, 1);
	else
		unsetenv("NO_COLOR");
	has_color = paper_of(file, PAPER_COLOR_AUTO).has_color;
	fclose(file);
	return has_color;
}

START_TEST(no_color_counts_when_it_is_not_empty)
{
	ck_assert(has_color_on_terminal(NULL, "xterm"));
	ck_assert(has_color_on_terminal("", "xterm"));
	ck_assert(!has_color_on_terminal("1", "xterm"));
	ck_assert(!has_color_on_terminal(NULL, "dumb"));
}
END_TEST

START_TEST(ages_have_two_parts_at_most)
{
	ck_assert_str_eq(figure_age(0).text, "0s");
	ck_assert_str_eq(figure_age(59).text, "59s");
	ck_assert_str_eq(figure_age(130).text, "2m10s");
	ck_assert_str_eq(figure_age(3600).text, "1h00m");
	ck_assert_str_eq(figure_age(273845).text, "3d04h");
}
END_TEST

START_TEST(bytes_and_counts_have_three_digits)
{
	ck_assert_str_eq(figure_bytes(0).text, "0 B");
	ck_assert_str_eq(figure_bytes(999).text, "999 B");
	ck_assert_str_eq(figure_bytes(1000).text, "0.98 KiB");
	ck_assert_str_eq(figure_bytes(1237319).text, "1.18 MiB");
	ck_assert_str_eq(figure_bytes(UINT64_MAX).text, "16.0 EiB");
	ck_assert_str_eq(figure_count(99999).text, "99999");
	ck_assert_str_eq(figure_count(1234567).text, "1.23 M");
	ck_assert_str_eq(figure_milliseconds(11204000).text, "11.204 ms");
}
END_TEST

static void add_tree_tests(TCase *tcase)
{
	tcase_add_test(tcase, tree_keeps_values_and_their_order);
	tcase_add_test(tcase, tree_refuses_what_is_no_reply);
	tcase_add_test(tcase, tree_refuses_to_grow_without_bound);
	tcase_add_test(tcase, tree_readers_survive_other_types);
}

static void add_text_tests(TCase *tcase)
{
	tcase_add_test(tcase, status_shows_the_tunnel_and_each_peer);
	tcase_add_test(tcase, status_says_where_segments_do_not_arrive);
	tcase_add_test(tcase, status_says_which_back_ends_work_and_how_fast);
	tcase_add_test(tcase, a_live_packet_has_a_number_and_perhaps_a_cause);
	tcase_add_test(tcase, status_says_which_offloads_are_on_and_why_not);
	tcase_add_test(tcase, status_tells_queues_and_what_may_wait);
	tcase_add_test(tcase, status_tells_who_waits_and_who_was_marked);
	tcase_add_loop_test(tcase,
	    status_tells_threads_and_how_often_they_waited, 0,
	    (int)ARRAY_SIZE(threads));
	tcase_add_test(tcase, status_in_detail_lists_prefixes_but_no_secret);
	tcase_add_test(tcase, status_survives_absent_fields);
	tcase_add_test(tcase, status_tells_of_load_and_a_failed_reload);
	tcase_add_test(tcase, text_has_no_control_bytes_of_others);
	tcase_add_test(tcase, drops_are_a_table);
	tcase_add_test(tcase, drops_make_room_for_a_long_reason);
	tcase_add_test(tcase, drops_name_the_peer_and_what_may_be_done);
	tcase_add_test(tcase, a_drop_of_a_stream_is_a_line);
	tcase_add_test(tcase, snmp_has_the_layout_of_the_kernels_files);
	tcase_add_test(tcase, fdb_is_a_table_with_totals_and_held_peers);
	tcase_add_test(tcase, sockets_are_lines_with_their_memory_as_ss_has_it);
	tcase_add_test(tcase, fdb_survives_absent_fields);
	tcase_add_test(tcase, flows_are_a_table_with_totals_and_greedy_peers);
	tcase_add_test(tcase, flows_survive_absent_fields);
	tcase_add_test(tcase, fdb_flush_says_how_many);
	tcase_add_test(tcase, status_of_a_tap_shows_the_switch);
	tcase_add_test(tcase, status_in_detail_lists_what_a_port_has);
	tcase_add_test(tcase, reload_tells_each_step_and_what_was_kept);
	tcase_add_test(tcase, peer_tells_what_the_next_reload_does);
	tcase_add_test(tcase, an_unknown_schema_is_written_name_by_name);
	tcase_add_test(tcase, json_is_one_line_with_its_schema_first);
	tcase_add_test(tcase, color_is_used_only_when_it_is_wanted);
	tcase_add_test(tcase, no_color_counts_when_it_is_not_empty);
	tcase_add_test(tcase, ages_have_two_parts_at_most);
	tcase_add_test(tcase, bytes_and_counts_have_three_digits);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ctl_render");
	TCase *tcase = tcase_create("render");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	add_tree_tests(tcase);
	add_text_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
