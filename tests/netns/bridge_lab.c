/* SPDX-License-Identifier: ISC */
/*
 * A kernel bridge and net/bridge side by side.
 *
 * How it works: a frame is decided by the model and written to a tap. Which
 * taps it comes out of must be what the model says; the reason of a drop, too,
 * where the kernel names one: NOT_SPECIFIED agrees with each of ours. What
 * differs by design, see agrees(): the kernel hands link-local frames to the
 * host, and has group frames for itself; and it takes a static address from
 * any port that is not locked. Storms, quotas and loops are not compared: the
 * kernel has no such limits.
 */
#include "bridge_lab.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/ethernet.h"

#define FRAME_BYTES 64
#define TEST_TYPE   0x88b5 /* IEEE 802, local experimental */

struct lab lab;

/* ---- frames ---- */

static struct mac mac_of(uint64_t number)
{
	struct mac mac;

	for (size_t i = 0; i < MAC_BYTES; i++)
		mac.bytes[i] = (uint8_t)(number >> (40 - 8 * i));
	return mac;
}

static size_t put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return 2;
}

/* The frame's number is behind its header. */
static void write_frame(
    uint8_t bytes[FRAME_BYTES], const struct frame *frame, uint32_t number)
{
	struct mac source = mac_of(frame->source);
	struct mac destination = mac_of(frame->destination);
	size_t at = 2 * MAC_BYTES;

	memset(bytes, 0, FRAME_BYTES);
	memcpy(bytes, destination.bytes, MAC_BYTES);
	memcpy(bytes + MAC_BYTES, source.bytes, MAC_BYTES);
	for (int i = 0; i < 2; i++) {
		bool is_outer = i == 0 && frame->tags[1];

		if (!frame->tags[i])
			continue;
		at += put16(
		    bytes + at, is_outer ? ETHERTYPE_QINQ : ETHERTYPE_VLAN);
		at += put16(bytes + at, frame->tags[i]);
	}
	at += put16(bytes + at, TEST_TYPE);
	memcpy(bytes + at, &number, sizeof(number));
}

/* ---- the model ---- */

/* As the stages bridge and route: to one port, or to all that take it. */
static int model_out(
    const struct packet *pkt, int from, const struct bridge_decision *decision)
{
	int out = 0;

	for (int i = 0; i < KERNEL_PORTS; i++) {
		struct bridge_port *port = lab.ports[i];

		if (decision->to ? decision->to == port
				 : !bridge_egress(lab.bridge, lab.ports[from],
				       port, pkt, lab.now))
			out |= 1 << i;
	}
	return out;
}

static void decide(
    struct record *record, const struct frame *frame, uint8_t *bytes)
{
	struct packet pkt = {
	    .buffer = bytes, .len = FRAME_BYTES, .segments = 1};
	struct bridge_decision decision;

	record->drop = packet_parse_ethernet(&pkt);
	record->is_group = mac_is_group(&pkt.destination_mac);
	record->is_tagged = frame->tags[0];
	if (record->drop)
		return;
	bridge_ingress(
	    lab.bridge, lab.ports[frame->from], &pkt, lab.now, &decision);
	record->drop = decision.drop;
	if (record->drop)
		return;
	record->out = model_out(&pkt, frame->from, &decision);
	if (!record->out)
		record->drop = DROP_NO_TX_TARGET;
}

static void model_open(void)
{
	static const char *const names[] = {"host", "one", "two"};
	static const uint8_t secret[16] = {5};

	lab.limits = (struct bridge_limits){
	    .is_hub = true,
	    .pass_bpdu = true,
	    .ageing_ns = 300 * NS_PER_S,
	    .macs_max = 4096,
	    .macs_per_port = 256,
	};
	lab.now.ns = NS_PER_S;
	if (bridge_new(&lab.bridge, &lab.limits, secret))
		abort();
	lab.ports[0] = bridge_host(lab.bridge);
	for (int i = 1; i < KERNEL_PORTS; i++) {
		struct bridge_port_setup setup = {.name = names[i]};

		if (bridge_port_add(lab.bridge, &lab.ports[i], &setup, lab.now))
			abort();
	}
}

void lab_open(const char *prefix)
{
	kernel_open(prefix);
	model_open();
}

void lab_close(void)
{
	kernel_close();
	bridge_free(lab.bridge);
}

/* ---- comparing ---- */

static bool agrees(const struct record *record)
{
	if (record->drop == DROP_VPN_MAC_MOVE)
		return true;
	if (record->out != record->kernel_out)
		return false;
	if (!record->reason[0])
		return !record->drop || record->drop == DROP_VPN_BPDU ||
		       (record->drop == DROP_NO_TX_TARGET && record->is_group);
	return record->drop &&
	       (!strcmp(record->reason, "NOT_SPECIFIED") ||
		   !strcmp(record->reason, drop_name(record->drop)));
}

static void note_drop(void *context, uint32_t number, const char *reason)
{
	(void)context;
	if (number < RECORDS)
		snprintf(lab.records[number].reason,
		    sizeof(lab.records[number].reason), "%s", reason);
}

void lab_read_trace(void)
{
	kernel_read_drops(note_drop, NULL);
}

static void complain(uint32_t number, const struct record *record)
{
	lab.case_has_failed = true;
	printf("frame %" PRIu32 ": ours %s to %x, the kernel's %s to %x\n",
	    number, drop_name(record->drop), (unsigned)record->out,
	    record->reason[0] ? record->reason : "NONE",
	    (unsigned)record->kernel_out);
}

/* Ends a case: what the trace says of its frames is compared. */
void lab_end_case(const char *sentence)
{
	int shown = 0;

	kernel_read_drops(note_drop, NULL);
	for (uint32_t i = lab.begun; i < lab.count; i++)
		if (!agrees(&lab.records[i]) && shown++ < 10)
			complain(i, &lab.records[i]);
	printf("%s %s\n", lab.case_has_failed ? "not ok" : "ok", sentence);
	fflush(stdout);
	lab.has_failed = lab.has_failed || lab.case_has_failed;
	lab.case_has_failed = false;
	lab.begun = lab.count;
}

const struct record *lab_send(const struct frame *frame)
{
	uint8_t bytes[FRAME_BYTES];
	struct record *record = &lab.records[lab.count];

	if (lab.count == RECORDS)
		abort();
	write_frame(bytes, frame, lab.count);
	decide(record, frame, bytes);
	record->kernel_out =
	    kernel_send(frame->from, lab.count, bytes, sizeof(bytes));
	lab.count++;
	return record;
}

/* What both have to do with a frame; `out` is a set of taps. */
void lab_expect(
    int from, uint64_t source, uint64_t destination, enum drop drop, int out)
{
	struct frame frame = {from, source, destination, {0}};
	const struct record *record = lab_send(&frame);

	if (record->drop == drop && record->out == out)
		return;
	lab.case_has_failed = true;
	printf("frame %" PRIu32 ": %s to %x, wanted %s to %x\n", lab.count - 1,
	    drop_name(record->drop), (unsigned)record->out, drop_name(drop),
	    (unsigned)out);
}

/* ---- what is set on both sides ---- */

/* Both forget; what is fixed stays, and so does the state of the port. */
void lab_flush(int port)
{
	bridge_flush(lab.bridge, lab.ports[port]);
	if (lab.is_held[port])
		bridge_port_hold(lab.ports[port], INSTANT_NEVER);
	kernel_run("ip link set dev %%P%d type bridge_slave fdb_flush", port);
}

/* "Listening" (1), as a port that is blocking or disabled is set to forwarding
 * (3) again soon while there is no spanning tree. For frames, it is the same.
 */
void lab_hold(int port, bool is_held)
{
	lab.is_held[port] = is_held;
	kernel_run("bridge link set dev %%P%d state %d", port, is_held ? 1 : 3);
	lab_flush(port);
}

void lab_set_limits(void)
{
	if (bridge_set_limits(lab.bridge, &lab.limits))
		abort();
}

void lab_set_hub(bool is_hub)
{
	lab.limits.is_hub = is_hub;
	lab_set_limits();
	for (int i = 1; i < KERNEL_PORTS; i++)
		kernel_run("bridge link set dev %%P%d isolated %s", i,
		    is_hub ? "off" : "on");
}

/* The kernel never forwards what is kept for it (0 to 2), but BPDUs while it
 * runs no spanning tree. */
void lab_set_bpdu(bool pass)
{
	lab.limits.pass_bpdu = pass;
	lab_set_limits();
	kernel_run("ip link set dev %%Pb type bridge group_fwd_mask %s",
	    pass ? "0xfff8" : "0");
}

/* The addresses that are fixed to a port; sticky, or the kernel would let
 * any port take them. */
uint64_t lab_fixed_mac(int port, int which)
{
	return (uint64_t)(0x020000000000 + 2 * (port - 1) + which);
}

void lab_lock(int port, bool is_locked)
{
	const struct mac macs[] = {
	    mac_of(lab_fixed_mac(port, 0)), mac_of(lab_fixed_mac(port, 1))};
	struct bridge_port_setup setup = {
	    .name = "peer", .macs = macs, .macs_count = is_locked ? 2 : 0};
	char text[MAC_TEXT_BYTES];

	if (lab.is_locked[port] == is_locked)
		return;
	lab.is_locked[port] = is_locked;
	if (bridge_port_change(lab.bridge, lab.ports[port], &setup))
		abort();
	kernel_run("bridge link set dev %%P%d locked %s", port,
	    is_locked ? "on" : "off");
	for (int i = 0; i < 2; i++)
		kernel_run("bridge fdb %s %s dev %%P%d master %s",
		    is_locked ? "replace" : "del",
		    mac_format(&macs[i], text, sizeof(text)), port,
		    is_locked ? "sticky static" : "");
	if (is_locked)
		kernel_run(
		    "ip link set dev %%P%d type bridge_slave fdb_flush", port);
}
