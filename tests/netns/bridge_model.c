/* SPDX-License-Identifier: ISC */
/*
 * usage: bridge_model PREFIX FRAMES: the same frames through a bridge of the
 * kernel and through net/bridge; verdict and reason must be equal.
 *
 * How it works: three taps are ports of a kernel bridge; the first one stands
 * for the host's port, the others for peers. Writes lines "ok SENTENCE", "not
 * ok SENTENCE", "skip SENTENCE"; others are for people. To be run in a network
 * namespace. Environment: SEED.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/seed.h"
#include "bridge_lab.h"
#include "packet/ethernet.h"

/* ---- cases ---- */

static void begin_case(void)
{
	for (int i = 1; i < KERNEL_PORTS; i++) {
		lab_lock(i, false);
		if (lab.is_held[i])
			lab_hold(i, false);
	}
	for (int i = 0; i < KERNEL_PORTS; i++)
		lab_flush(i);
	lab_set_hub(true);
	lab_set_bpdu(true);
	lab.now.ns += BRIDGE_MOVES_NS;
}

#define A UINT64_C(0x020000001002)
#define B UINT64_C(0x020000001004)
#define C UINT64_C(0x020000001006)

static void case_learn(void)
{
	lab_expect(1, A, B, DROP_NONE, 5);
	lab_expect(2, B, A, DROP_NONE, 2);
	lab_expect(1, A, B, DROP_NONE, 4);
	lab_expect(0, C, A, DROP_NONE, 2);
	lab_expect(2, B, C, DROP_NONE, 1);
	lab_expect(2, A, C, DROP_NONE, 1); /* A has moved */
	lab_expect(0, C, A, DROP_NONE, 4);
}

static void case_flood(void)
{
	lab_expect(1, A, BROADCAST, DROP_NONE, 5);
	lab_expect(0, B, MULTICAST, DROP_NONE, 6);
	lab_expect(2, C, UINT64_C(0x02000000aaaa), DROP_NONE, 3);
}

static void case_hairpin(void)
{
	lab_expect(1, A, BROADCAST, DROP_NONE, 5);
	lab_expect(1, B, A, DROP_VPN_SPLIT_HORIZON, 0);
	lab_expect(0, C, BROADCAST, DROP_NONE, 6);
	lab_expect(0, B, C, DROP_VPN_SPLIT_HORIZON, 0);
}

static void case_source(void)
{
	lab_expect(1, 0, B, DROP_MAC_INVALID_SOURCE, 0);
	lab_expect(1, MULTICAST, B, DROP_MAC_INVALID_SOURCE, 0);
	lab_expect(0, BROADCAST, BROADCAST, DROP_MAC_INVALID_SOURCE, 0);
	/* comes before all else */
	lab_expect(2, 0, PAUSE, DROP_MAC_INVALID_SOURCE, 0);
}

static void case_pause(void)
{
	lab_expect(1, A, PAUSE, DROP_MAC_IEEE_MAC_CONTROL, 0);
	lab_expect(0, B, PAUSE, DROP_MAC_IEEE_MAC_CONTROL, 0);
	lab_hold(1, true);
	lab_expect(1, A, PAUSE, DROP_MAC_IEEE_MAC_CONTROL, 0);
	/* nothing was learned from them */
	lab_expect(2, C, A, DROP_NONE, 1);
}

static void case_bpdu(void)
{
	lab_expect(1, A, BPDU, DROP_NONE, 5);
	lab_expect(2, B, A, DROP_NONE, 2);
	lab_expect(0, C, LLDP, DROP_NONE, 6);
	lab_expect(1, A, 0x0180c2000010, DROP_NONE, 5);
}

static void case_lldp(void)
{
	lab_set_bpdu(false);
	lab_expect(1, A, LLDP, DROP_VPN_BPDU, 0);
	lab_expect(0, B, 0x0180c2000002, DROP_VPN_BPDU, 0);
	lab_expect(2, C, A, DROP_NONE, 3);
}

static void case_state(void)
{
	lab_expect(1, A, BROADCAST, DROP_NONE, 5);
	lab_hold(1, true);
	lab_expect(1, A, BROADCAST, DROP_BRIDGE_INGRESS_STP_STATE, 0);
	lab_expect(1, B, BPDU, DROP_BRIDGE_INGRESS_STP_STATE, 0);
	lab_expect(0, C, A, DROP_NONE, 4);
	lab_expect(2, A, C, DROP_NONE, 1);
	lab_hold(1, false);
	lab_expect(1, B, C, DROP_NONE, 1);
}

static void case_state_of_the_destination(void)
{
	lab_lock(1, true);
	lab_hold(1, true);
	lab_expect(2, A, lab_fixed_mac(1, 0), DROP_BRIDGE_INGRESS_STP_STATE, 0);
	lab_expect(0, B, BROADCAST, DROP_NONE, 4);
	/* the state comes before the lock */
	lab_expect(1, C, A, DROP_BRIDGE_INGRESS_STP_STATE, 0);
}

static void case_nobody(void)
{
	lab_hold(1, true);
	lab_hold(2, true);
	lab_expect(0, A, B, DROP_NO_TX_TARGET, 0);
	lab_expect(0, A, BROADCAST, DROP_NO_TX_TARGET, 0);
}

static void case_locked(void)
{
	lab_expect(1, A, BROADCAST, DROP_NONE, 5);
	lab_lock(1, true);
	lab_expect(1, A, BROADCAST, DROP_VPN_MAC_LOCKED, 0);
	lab_expect(1, lab_fixed_mac(1, 0), BROADCAST, DROP_NONE, 5);
	lab_expect(1, lab_fixed_mac(1, 1), BPDU, DROP_NONE, 5);
	lab_expect(2, A, lab_fixed_mac(1, 1), DROP_NONE, 2);
	lab_expect(1, A, C, DROP_VPN_MAC_LOCKED, 0);
	lab_lock(2, true);
	lab_expect(2, lab_fixed_mac(1, 0), C, DROP_VPN_MAC_LOCKED, 0);
	lab_expect(2, lab_fixed_mac(2, 0), lab_fixed_mac(1, 0), DROP_NONE, 2);
	/* not even to where a locked port's own frames come from */
	lab_expect(1, lab_fixed_mac(2, 0), C, DROP_VPN_MAC_LOCKED, 0);
}

static void case_static(void)
{
	lab_lock(1, true);
	lab_expect(0, A, lab_fixed_mac(1, 0), DROP_NONE, 2);
	/* ours only; but then both still know where it is */
	lab_expect(2, lab_fixed_mac(1, 0), A, DROP_VPN_MAC_MOVE, 0);
	lab_expect(0, A, lab_fixed_mac(1, 0), DROP_NONE, 2);
	lab_lock(1, false);
	lab_expect(2, lab_fixed_mac(1, 0), A, DROP_NONE, 1);
	lab_expect(0, A, lab_fixed_mac(1, 0), DROP_NONE, 4);
}

static void case_isolated(void)
{
	lab_set_hub(false);
	lab_expect(1, A, BROADCAST, DROP_NONE, 1);
	lab_expect(2, B, A, DROP_VPN_ISOLATED, 0);
	lab_expect(2, B, C, DROP_NONE, 1);
	lab_expect(0, C, A, DROP_NONE, 2);
	lab_expect(0, C, BROADCAST, DROP_NONE, 6);
	lab_expect(1, A, C, DROP_NONE, 1);
}

/* The kernel here keeps one table for all VLANs. */
static void case_tagged(void)
{
	struct frame frame = {1, A, BROADCAST, {10}};

	lab_send(&frame);
	frame = (struct frame){2, B, A, {10}};
	if (lab_send(&frame)->out != 2)
		lab.case_has_failed = true;
	frame = (struct frame){0, C, MULTICAST, {20, 30}};
	if (lab_send(&frame)->out != 6)
		lab.case_has_failed = true;
	frame = (struct frame){1, 0, B, {10}};
	if (lab_send(&frame)->drop != DROP_MAC_INVALID_SOURCE)
		lab.case_has_failed = true;
	/* priority only: it is as if untagged */
	frame = (struct frame){2, C, BROADCAST, {0xe000}};
	lab_send(&frame);
	lab_expect(1, A, C, DROP_NONE, 4);
}

static void case_short(void)
{
	static const uint8_t bytes[] = {
	    2, 0, 0, 0, 0x10, 4, 2, 0, 0, 0, 0x10, 2, 0x81, 0, 0, 10, 0x88};
	static const size_t lens[] = {13, 17};

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct packet pkt = {
		    .buffer = (uint8_t *)bytes, .len = (uint32_t)lens[i]};
		struct record *record = &lab.records[lab.count];

		record->drop = packet_parse_ethernet(&pkt);
		record->kernel_out =
		    kernel_send(1, lab.count++, bytes, lens[i]);
		/* shorter than a header: the device does not take it */
		if (record->kernel_out == -EINVAL && i == 0) {
			record->kernel_out = 0;
			snprintf(record->reason, sizeof(record->reason),
			    "NOT_SPECIFIED");
		}
		if (record->drop != DROP_HDR_TRUNC)
			lab.case_has_failed = true;
	}
}

/* Both forget after two seconds without a frame; the kernel when its timer
 * has run, so that it is asked until it did. */
static void case_ageing(void)
{
	struct frame ask = {0, C, A, {0}};
	struct bridge_limits limits = lab.limits;

	kernel_run("ip link set %%Pb type bridge ageing_time 200");
	lab.limits.ageing_ns = 2 * NS_PER_S;
	lab_set_limits();
	lab_expect(1, A, BROADCAST, DROP_NONE, 5);
	lab.now.ns += 2 * NS_PER_S - 1;
	lab_expect(0, C, A, DROP_NONE, 2);
	lab.now.ns++;
	for (int i = 0; i < 100; i++) {
		const struct record *record = lab_send(&ask);

		if (record->kernel_out == record->out)
			break;
		lab.count--;
		usleep(100000);
	}
	lab_expect(0, C, A, DROP_NONE, 6);
	kernel_run("ip link set %%Pb type bridge ageing_time 30000");
	lab.limits = limits;
	lab_set_limits();
}

static const struct {
	void (*run)(void);
	const char *sentence;
} cases[] = {
    {case_learn, "learned addresses are found, and move"},
    {case_flood, "broadcast, multicast and unknown unicast are flooded"},
    {case_hairpin, "nothing goes back where it came from"},
    {case_source, "a source that is a group or zero is refused"},
    {case_pause, "pause frames are refused"},
    {case_bpdu, "without STP, BPDUs are forwarded"},
    {case_lldp, "other link-local frames are not, unless told to"},
    {case_state, "a held port takes nothing in"},
    {case_state_of_the_destination, "and lets nothing out"},
    {case_nobody, "a flood with nobody to take it has its reason"},
    {case_locked, "a locked port has its addresses only"},
    {case_static, "a static address does not move"},
    {case_isolated, "isolated ports reach the host only"},
    {case_tagged, "frames with VLAN tags are learned and forwarded"},
    {case_short, "frames that end within their header are refused"},
    {case_ageing, "addresses age"},
};

/* ---- random frames ---- */

#define GROUP_MACS 5
#define UNKNOWN	   0x02000000ffff

/* A VLAN has addresses of its own, as the kernel here does not tell VLANs
 * apart; group 0 is untagged and has the fixed ones. */
static uint64_t random_mac(struct seed *seed, int group)
{
	return UINT64_C(0x020000000000) + (uint64_t)group * 0x100 +
	       seed_below(seed, GROUP_MACS);
}

static uint64_t random_source(struct seed *seed, int group)
{
	uint64_t dice = seed_below(seed, 50);

	return dice == 0 ? 0 : dice == 1 ? MULTICAST : random_mac(seed, group);
}

static uint64_t random_destination(struct seed *seed, int group)
{
	static const uint64_t special[] = {BROADCAST, BROADCAST, MULTICAST,
	    PAUSE, LLDP, 0x0180c2000003, 0x0180c2000010};
	uint64_t dice = seed_below(seed, 4 * ARRAY_SIZE(special));

	/* BPDUs are dropped by ours alone when told so */
	if (dice == ARRAY_SIZE(special) && lab.limits.pass_bpdu)
		return BPDU;
	if (dice == ARRAY_SIZE(special) + 1)
		return UNKNOWN;
	return dice < ARRAY_SIZE(special) ? special[dice]
					  : random_mac(seed, group);
}

static void send_random(struct seed *seed)
{
	static const uint16_t tags[][2] = {{0}, {10}, {20, 30}};
	int group = (int)seed_below(seed, ARRAY_SIZE(tags));
	struct frame frame = {
	    .from = (int)seed_below(seed, KERNEL_PORTS),
	    .source = random_source(seed, group),
	    .destination = random_destination(seed, group),
	    .tags = {tags[group][0], tags[group][1]},
	};

	/* slow, so that the guard against loops, which the kernel has not,
	 * sees no loop; nothing ages */
	lab.now.ns += 3 * NS_PER_S;
	lab_send(&frame);
}

static void change_something(struct seed *seed)
{
	int port = 1 + (int)seed_below(seed, KERNEL_PORTS - 1);

	switch (seed_below(seed, 6)) {
	case 0:
		lab_hold(port, !lab.is_held[port] && !seed_below(seed, 3));
		break;
	case 1:
		lab_lock(port, !lab.is_locked[port] && !seed_below(seed, 2));
		break;
	case 2:
		for (int i = 1; i < KERNEL_PORTS; i++)
			lab_hold(i, !seed_below(seed, 2));
		break;
	case 3:
		lab_set_hub(!lab.limits.is_hub);
		break;
	case 4:
		lab_set_bpdu(!lab.limits.pass_bpdu);
		break;
	default:
		lab_flush((int)seed_below(seed, KERNEL_PORTS));
		break;
	}
}

static void run_random(struct seed *seed, uint32_t frames)
{
	begin_case();
	lab.limits.ageing_ns = INT64_MAX;
	lab_set_limits();
	for (uint32_t i = 0; i < frames; i++) {
		if (i % 100 == 99)
			change_something(seed);
		send_random(seed);
		if (i % 500 == 0)
			lab_read_trace();
	}
	lab_end_case("random frames have the same fate");
}

/* ---- coverage ---- */

static const char *verdict_of(const struct record *record)
{
	if (record->drop)
		return drop_name(record->drop);
	if (record->out & (record->out - 1))
		return record->is_tagged ? "flood, tagged" : "flood";
	return record->is_tagged ? "forward, tagged" : "forward";
}

static const struct {
	const char *verdict;
	bool is_named; /* by the kernel, too, when it has the name */
} verdicts[] = {
    {"forward", false},
    {"forward, tagged", false},
    {"flood", false},
    {"flood, tagged", false},
    {"MAC_INVALID_SOURCE", true},
    {"MAC_IEEE_MAC_CONTROL", true},
    {"BRIDGE_INGRESS_STP_STATE", true},
    {"NO_TX_TARGET", true},
    {"VPN_BPDU", false},
    {"VPN_MAC_LOCKED", false},
    {"VPN_MAC_MOVE", false},
    {"VPN_SPLIT_HORIZON", false},
    {"VPN_ISOLATED", false},
};

static void show_coverage(uint32_t since)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		const char *verdict = verdicts[i].verdict;
		uint32_t ours = 0, named = 0;
		bool must_name =
		    verdicts[i].is_named && trace_has_reason(verdict);

		for (uint32_t k = since; k < lab.count; k++) {
			const struct record *record = &lab.records[k];

			ours += !strcmp(verdict_of(record), verdict);
			named += !strcmp(record->reason, verdict);
		}
		printf("%7" PRIu32 " %s (%" PRIu32 " named by the kernel)\n",
		    ours, verdict, named);
		if (!ours || (must_name && !named))
			lab.case_has_failed = true;
	}
	lab_end_case(
	    "each verdict was met, and named where the kernel has a name");
}

int main(int argc, char **argv)
{
	struct seed seed;
	uint32_t since, frames = argc > 2 ? (uint32_t)atoi(argv[2]) : 0;

	if (argc < 3 || frames > RECORDS / 2)
		return 2;
	seed = seed_start();
	lab_open(argv[1]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_case();
		cases[i].run();
		lab_end_case(cases[i].sentence);
	}
	if (!kernel_try(
		"ip link set %%Pb type bridge vlan_filtering 1 2>/dev/null"))
		printf("skip allowed VLANs: this kernel's bridge can not "
		       "filter VLANs\n");
	since = lab.count;
	run_random(&seed, frames);
	show_coverage(since);
	lab_close();
	return lab.has_failed;
}
