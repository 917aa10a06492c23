/* SPDX-License-Identifier: ISC */
/* What libpcap compiles runs here as in libpcap and as in the kernel; and how
 * long it takes, as a comment. */
#include "unit.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>
#include <time.h>

#include "base/attributes.h"
#include "bpf_kernel.h"
#include "seed.h"

#define PACKETS_PER_PROGRAM 150
#define PACKET_BYTES	    200
#define SNAP_BYTES	    262144
#define TIMED_RUNS	    100000
#define TIMED_ROUNDS	    5

static_assert(
    sizeof(struct bpf_insn) == sizeof(struct bpf_instruction) &&
	offsetof(struct bpf_insn, k) == offsetof(struct bpf_instruction, k),
    "libpcap's programs are ours");

/* ---- programs ---- */

static const char *const expressions[] = {"", "ip", "ip6", "tcp", "udp", "icmp",
    "icmp6", "sctp", "ip proto 50", "ip6 proto 17", "udp port 53",
    "tcp port 22", "port 53", "not port 53", "src port 4000",
    "tcp dst port 443 or udp dst port 443", "portrange 20-80",
    "udp port 53 or udp port 80 or udp port 443 and net 10.9.0.0/24",
    "host 10.9.0.1", "src host 10.9.0.7 and dst host 10.9.0.1",
    "net 10.9.0.0/24", "dst net fd09::/64", "host fd09::1",
    "ip6 and src host fd09::7", "less 60", "greater 100", "len > 90",
    "udp and less 600", "udp[8:4] = 0x13de1b2d or greater 1400",
    "udp[0:2] = 53", "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn",
    "tcp[13] & 2 != 0", "icmp[icmptype] = icmp-echo",
    "icmp6[icmp6type] = icmp6-echo", "ip[8] < 10", "ip[6:2] & 0x1fff != 0",
    "ip[2:2] - ((ip[0] & 0xf) << 2) > 40", "ip[0] & 0xf != 5", "ip[1] / 4 = 3",
    "ip[1] % 7 = 3", "ip[9] * 2 = 34", "ip[4:2] ^ 5 > 100",
    "-ip[1] < 0x80000000", "ip[ip[0] & 0xf] = 0", "ip[20 + ip[1]] > 7",
    "ip multicast", "ip broadcast", "tcp and not (host 10.9.0.1 or port 22)",
    "ip and (udp or tcp) and port 4000 and not src net 10.0.0.0/9"};

static const char *const frame_expressions[] = {"arp", "vlan", "vlan 7",
    "vlan 7 and udp port 53", "vlan and vlan 7", "ether proto 0x88cc",
    "ether host 02:00:5e:10:00:01", "ether broadcast", "ether multicast",
    "ether src 02:00:5e:10:00:02 and ip", "ether[12:2] > 1500", "arp[6:2] = 1",
    "stp", "pppoes", "mpls and ip", "rarp or arp"};

static struct bpf_program compiled(
    int link, const char *expression, bool is_optimized)
{
	pcap_t *pcap = pcap_open_dead(link, SNAP_BYTES);
	struct bpf_program program;

	ck_assert_ptr_nonnull(pcap);
	/* `ip broadcast` wants a netmask */
	ck_assert_msg(pcap_compile(pcap, &program, expression, is_optimized,
			  PCAP_NETMASK_UNKNOWN) == 0 ||
			  pcap_compile(pcap, &program, expression, is_optimized,
			      0xffffff) == 0,
	    "%s: %s", expression, pcap_geterr(pcap));
	pcap_close(pcap);
	return program;
}

static const struct bpf_instruction *ours(const struct bpf_program *program)
{
	return (const struct bpf_instruction *)program->bf_insns;
}

/* ---- packets ---- */

static void put(uint8_t *at, const char *hex, size_t len)
{
	unsigned int byte;

	for (size_t i = 0; i < len && sscanf(hex + 2 * i, "%2x", &byte); i++)
		at[i] = (uint8_t)byte;
}

#define PUT_ANY(seed, at, len, ...)                                            \
	put(at,                                                                \
	    ((const char *const[]){__VA_ARGS__})[seed_below(seed,              \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))], \
	    len)

static void put_ports(uint8_t *l4, struct seed *seed)
{
	PUT_ANY(seed, l4, 2, "0035", "0016", "0fa0", "01bb", "0050");
	PUT_ANY(seed, l4 + 2, 2, "0035", "0016", "0fa0", "01bb", "0050");
	if (seed_below(seed, 4) == 0)
		put(l4 + 8, "13de1b2d", 4);
}

static void put_ipv4(uint8_t *l3, struct seed *seed)
{
	PUT_ANY(seed, l3, 1, "45", "45", "45", "46", "4f");
	PUT_ANY(seed, l3 + 6, 2, "0000", "4000", "2000", "0001", "1fff");
	PUT_ANY(seed, l3 + 9, 1, "01", "06", "11", "11", "32", "84");
	PUT_ANY(seed, l3 + 12, 4, "0a090007", "0a090001", "c0000201");
	PUT_ANY(
	    seed, l3 + 16, 4, "0a090001", "0a090107", "e0000001", "ffffffff");
	put_ports(l3 + 4 * (l3[0] & 0xf), seed);
}

static void put_ipv6(uint8_t *l3, struct seed *seed)
{
	put(l3, "60", 1);
	PUT_ANY(seed, l3 + 6, 1, "06", "11", "3a", "2c", "00", "84");
	for (size_t at = 8; at <= 24; at += 16) {
		put(l3 + at, "fd090000000000000000000000000000", 16);
		PUT_ANY(seed, l3 + at + 15, 1, "01", "07");
	}
	put_ports(l3 + 40, seed);
}

static void put_frame(uint8_t *bytes, struct seed *seed)
{
	PUT_ANY(seed, bytes, 6, "02005e100001", "ffffffffffff", "01005e000001");
	PUT_ANY(seed, bytes + 6, 6, "02005e100002", "02005e100003");
	PUT_ANY(seed, bytes + 12, 2, "0800", "86dd", "0806", "8100", "88cc",
	    "0026", "8847");
}

/* Random bytes with headers of a kind before them, most of the time whole. */
static uint32_t packet(uint8_t *bytes, int link, struct seed *seed)
{
	size_t l2 = link == DLT_RAW ? 0 : 14;

	for (size_t i = 0; i < PACKET_BYTES; i++)
		bytes[i] = (uint8_t)seed_next(seed);
	if (l2)
		put_frame(bytes, seed);
	if (l2 && bytes[12] == 0x81) {
		PUT_ANY(seed, bytes + 14, 2, "0007", "e007", "0008");
		PUT_ANY(seed, bytes + 16, 2, "0800", "86dd", "8100");
		l2 += 4;
	}
	if (l2 ? bytes[l2 - 2] == 0x86 : seed_below(seed, 2))
		put_ipv6(bytes + l2, seed);
	else
		put_ipv4(bytes + l2, seed);
	return (uint32_t)(seed_below(seed, 4) ? 120 + seed_below(seed, 80)
					      : seed_below(seed, 80));
}

/* ---- tests ---- */

struct sides {
	struct bpf_kernel kernel;
	struct seed seed;
	size_t runs, hits;
};

static void compare(struct sides *sides, const struct bpf_program *program,
    int link, const char *expression)
{
	uint8_t bytes[PACKET_BYTES];
	struct bpf_packet pkt = {.bytes = bytes};
	uint32_t returned;

	pkt.len = packet(bytes, link, &sides->seed);
	pkt.wire_len = pkt.len;
	returned = bpf_run(ours(program), &pkt);
	ck_assert_msg(returned == bpf_filter(program->bf_insns, bytes,
				      pkt.wire_len, pkt.len),
	    "%s", expression);
	ck_assert_msg(bpf_kernel_run(&sides->kernel, bytes, pkt.len) ==
			  bpf_kernel_expects(returned, pkt.len),
	    "%s", expression);
	sides->runs++;
	sides->hits += returned > 0;
}

static void compare_all(
    struct sides *sides, int link, const char *const *texts, size_t count)
{
	struct bpf_program program;
	struct bpf_fault fault;

	for (size_t i = 0; i < 2 * count; i++) {
		program = compiled(link, texts[i / 2], i % 2);
		ck_assert_msg(bpf_check(ours(&program), program.bf_len, &fault),
		    "%s: %s", texts[i / 2], fault.reason);
		ck_assert_int_eq(bpf_kernel_set(&sides->kernel, ours(&program),
				     program.bf_len),
		    0);
		for (size_t j = 0; j < PACKETS_PER_PROGRAM; j++)
			compare(sides, &program, link, texts[i / 2]);
		pcap_freecode(&program);
	}
}

START_TEST(compiled_programs_do_here_what_they_do_elsewhere)
{
	struct sides sides = {.seed = seed_start()};

	ck_assert_int_eq(bpf_kernel_open(&sides.kernel), 0);
	compare_all(&sides, DLT_RAW, expressions, ARRAY_SIZE(expressions));
	compare_all(&sides, DLT_EN10MB, expressions, ARRAY_SIZE(expressions));
	compare_all(&sides, DLT_EN10MB, frame_expressions,
	    ARRAY_SIZE(frame_expressions));
	bpf_kernel_close(&sides.kernel);
	printf("# runs: %zu equal, of them %zu accepted\n", sides.runs,
	    sides.hits);
	ck_assert_uint_ge(sides.hits, sides.runs / 10);
	ck_assert_uint_le(sides.hits, sides.runs * 9 / 10);
}
END_TEST

START_TEST(a_snapped_packet_keeps_the_length_of_the_wire)
{
	struct bpf_program program = compiled(DLT_RAW, "greater 100", true);
	uint8_t bytes[20] = {0x45};
	struct bpf_packet pkt = {bytes, sizeof(bytes), 100, 0x800, BPF_TO_HOST};

	ck_assert_uint_ne(bpf_run(ours(&program), &pkt), 0);
	pkt.wire_len = 99;
	ck_assert_uint_eq(bpf_run(ours(&program), &pkt), 0);
	pcap_freecode(&program);
}
END_TEST

START_TEST(inbound_and_outbound_ask_for_the_packet_type)
{
	struct bpf_program in = compiled(DLT_RAW, "inbound", true);
	struct bpf_program out = compiled(DLT_EN10MB, "outbound", true);
	struct bpf_packet pkt = {.type = BPF_OUTGOING};
	struct bpf_fault fault;

	ck_assert(bpf_check(ours(&in), in.bf_len, &fault));
	ck_assert(bpf_check(ours(&out), out.bf_len, &fault));
	ck_assert_uint_eq(bpf_run(ours(&in), &pkt), 0);
	ck_assert_uint_ne(bpf_run(ours(&out), &pkt), 0);
	pkt.type = BPF_TO_ALL;
	ck_assert_uint_ne(bpf_run(ours(&in), &pkt), 0);
	ck_assert_uint_eq(bpf_run(ours(&out), &pkt), 0);
	pcap_freecode(&in);
	pcap_freecode(&out);
}
END_TEST

START_TEST(a_loop_is_refused_as_in_the_kernel)
{
	struct bpf_program program =
	    compiled(DLT_RAW, "ip6 protochain 17", true);
	struct bpf_kernel kernel;
	struct bpf_fault fault;

	ck_assert(!bpf_check(ours(&program), program.bf_len, &fault));
	ck_assert(strstr(fault.reason, "out of the program"));
	ck_assert_int_eq(bpf_kernel_open(&kernel), 0);
	ck_assert_int_eq(
	    bpf_kernel_set(&kernel, ours(&program), program.bf_len), -EINVAL);
	bpf_kernel_close(&kernel);
	pcap_freecode(&program);
}
END_TEST

START_TEST(the_interface_is_refused_by_name)
{
	struct bpf_program program = compiled(DLT_RAW, "ifindex 3", true);
	struct bpf_fault fault;

	ck_assert(!bpf_check(ours(&program), program.bf_len, &fault));
	ck_assert(strstr(fault.reason, "interface"));
	pcap_freecode(&program);
}
END_TEST

/* ---- how long a run takes ---- */

static double elapsed_ns(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - since->tv_sec) * 1e9 +
	       (double)(now.tv_nsec - since->tv_nsec);
}

static double time_ours(const struct bpf_program *program,
    const struct bpf_packet *pkt, uint32_t *sum)
{
	struct timespec begun;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (size_t i = 0; i < TIMED_RUNS; i++)
		*sum += bpf_run(ours(program), pkt);
	return elapsed_ns(&begun) / TIMED_RUNS;
}

static double time_pcap(const struct bpf_program *program,
    const struct bpf_packet *pkt, uint32_t *sum)
{
	struct timespec begun;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (size_t i = 0; i < TIMED_RUNS; i++)
		*sum -= bpf_filter(
		    program->bf_insns, pkt->bytes, pkt->wire_len, pkt->len);
	return elapsed_ns(&begun) / TIMED_RUNS;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

START_TEST(the_time_of_a_run_is_printed)
{
	static const char *const timed[] = {"udp", "udp port 53",
	    "udp port 53 or udp port 80 or udp port 443 and net 10.9.0.0/24"};
	const char *text = timed[_i];
	struct bpf_program program = compiled(DLT_EN10MB, text, true);
	uint8_t bytes[PACKET_BYTES] = {[12] = 8, [14] = 0x45};
	struct bpf_packet pkt = {bytes, PACKET_BYTES, PACKET_BYTES, 0, 0};
	double here = 1e9, there = 1e9;
	uint32_t sum = 0;

	put(bytes + 23,
	    "110000"
	    "0a090007"
	    "0a090001"
	    "0fa001bb",
	    15);
	for (size_t i = 0; i < TIMED_ROUNDS; i++) {
		here = least(here, time_ours(&program, &pkt, &sum));
		there = least(there, time_pcap(&program, &pkt, &sum));
	}
	printf("# \"%s\", %u instructions: %.1f ns, libpcap %.1f ns\n", text,
	    program.bf_len, here, there);
	ck_assert_uint_eq(sum, 0);
	pcap_freecode(&program);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("bpf_pcap");
	TCase *tcase = tcase_create("compiled");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, compiled_programs_do_here_what_they_do_elsewhere);
	tcase_add_test(tcase, a_snapped_packet_keeps_the_length_of_the_wire);
	tcase_add_test(tcase, inbound_and_outbound_ask_for_the_packet_type);
	tcase_add_test(tcase, a_loop_is_refused_as_in_the_kernel);
	tcase_add_test(tcase, the_interface_is_refused_by_name);
	tcase_add_loop_test(tcase, the_time_of_a_run_is_printed, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}
