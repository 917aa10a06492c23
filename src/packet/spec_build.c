/* SPDX-License-Identifier: ISC */
/* From a packet in one line to its bytes. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/spec.h"

#define ARP_BYTES	    28
#define IPV6_FRAGMENT_BYTES 8
#define FRAGMENT_DF	    0x4000
#define FRAGMENT_MF	    0x2000
#define ICMP_ECHO	    8
#define ICMPV6_ECHO	    128
#define TCP_WINDOW	    65535

/* Where the parts lie, from the beginning of the packet. */
struct plan {
	size_t l2, l3, l4; /* bytes of each header */
	size_t payload;
	size_t len;
};

static bool is_icmp(const struct packet_spec *spec)
{
	return spec->protocol == IP_PROTOCOL_ICMP ||
	       spec->protocol == IP_PROTOCOL_ICMPV6;
}

static size_t l3_bytes(const struct packet_spec *spec)
{
	if (spec->kind == SPEC_ARP)
		return ARP_BYTES;
	if (spec->kind == SPEC_FRAME)
		return 0;
	if (spec->source.family == FAMILY_IPV4)
		return IPV4_BYTES;
	return IPV6_BYTES + (spec->is_fragment ? IPV6_FRAGMENT_BYTES : 0);
}

static size_t l4_bytes(const struct packet_spec *spec)
{
	if (spec->kind != SPEC_IP || spec->fragment_offset)
		return 0;
	if (spec->protocol == IP_PROTOCOL_UDP)
		return UDP_BYTES;
	if (spec->protocol == IP_PROTOCOL_TCP)
		return TCP_BYTES;
	return is_icmp(spec) ? ICMP_BYTES : 0;
}

static int fail_tun(struct spec_error *error)
{
	*error = (struct spec_error){
	    .text = "MAC addresses, vlan, ethertype and arp are for tap "
		    "tunnels, and this one has a tun device"};
	return -EINVAL;
}

static int fail_len(struct spec_error *error, const char *text, size_t bytes)
{
	error->column = 0;
	snprintf(
	    error->text, sizeof(error->text), "len: %s %zu bytes", text, bytes);
	return -EINVAL;
}

static int make_plan(struct plan *plan, const struct packet_spec *spec,
    bool is_frame, size_t largest, struct spec_error *error)
{
	if (!is_frame && (spec->kind != SPEC_IP || spec->has_macs ||
			     spec->vlan || spec->ethertype))
		return fail_tun(error);
	if (is_frame) {
		plan->l2 = ETHERNET_BYTES;
		plan->l2 += spec->vlan ? ETHERNET_TAG_BYTES : 0;
	}
	plan->l3 = l3_bytes(spec);
	plan->l4 = l4_bytes(spec);
	plan->len = plan->l2 + plan->l3 + plan->l4;
	if (spec->len && spec->len < plan->len)
		return fail_len(error, "the headers alone are", plan->len);
	if (spec->len) {
		plan->payload = spec->len - plan->len;
		plan->len = spec->len;
	}
	if (plan->len > largest)
		return fail_len(error, "the tunnel carries at most", largest);
	if (plan->len - plan->l2 > UINT16_MAX)
		return fail_len(error, "an IP packet has at most", UINT16_MAX);
	return 0;
}

/* ---- headers ---- */

static uint16_t ethertype_of(const struct packet_spec *spec)
{
	if (spec->ethertype)
		return spec->ethertype;
	return spec->source.family == FAMILY_IPV4 ? ETHERTYPE_IPV4
						  : ETHERTYPE_IPV6;
}

static void write_ethernet(struct writer *w, const struct packet_spec *spec)
{
	writer_bytes(w, spec->destination_mac.bytes, MAC_BYTES);
	writer_bytes(w, spec->source_mac.bytes, MAC_BYTES);
	if (spec->vlan) {
		writer_be(w, ETHERTYPE_VLAN, 2);
		writer_be(w, spec->vlan, 2);
	}
	writer_be(w, ethertype_of(spec), 2);
}

/* A later fragment is the last one. */
static uint16_t fragment_field(const struct packet_spec *spec)
{
	uint16_t field = spec->fragment_offset / 8;

	if (spec->is_fragment && !spec->fragment_offset)
		field |= FRAGMENT_MF;
	return spec->has_df ? field | FRAGMENT_DF : field;
}

static void write_ipv4(
    struct writer *w, const struct packet_spec *spec, const struct plan *plan)
{
	uint8_t *header = w->at;

	writer_be(w, 0x4500, 2);
	writer_be(w, IPV4_BYTES + plan->l4 + plan->payload, 2);
	writer_be(w, spec->fragment_id, 2);
	writer_be(w, fragment_field(spec), 2);
	writer_be(w, spec->ttl, 1);
	writer_be(w, spec->protocol, 1);
	writer_zeros(w, 2);
	writer_bytes(w, spec->source.bytes, 4);
	writer_bytes(w, spec->destination.bytes, 4);
	if (!w->has_failed)
		checksum_store(header + IPV4_CHECKSUM,
		    checksum_finish(checksum_add(0, header, IPV4_BYTES)));
}

static void write_ipv6(
    struct writer *w, const struct packet_spec *spec, const struct plan *plan)
{
	writer_be(w, 0x60000000, 4);
	writer_be(w, plan->l3 - IPV6_BYTES + plan->l4 + plan->payload, 2);
	writer_be(
	    w, spec->is_fragment ? IP_PROTOCOL_FRAGMENT : spec->protocol, 1);
	writer_be(w, spec->ttl, 1);
	writer_bytes(w, spec->source.bytes, 16);
	writer_bytes(w, spec->destination.bytes, 16);
	if (!spec->is_fragment)
		return;
	writer_be(w, spec->protocol, 1);
	writer_zeros(w, 1);
	writer_be(w, spec->fragment_offset | !spec->fragment_offset, 2);
	writer_be(w, spec->fragment_id, 4);
}

static void write_arp(struct writer *w, const struct packet_spec *spec)
{
	writer_be(w, 1, 2); /* Ethernet */
	writer_be(w, ETHERTYPE_IPV4, 2);
	writer_be(w, MAC_BYTES, 1);
	writer_be(w, 4, 1);
	writer_be(w, 1, 2); /* who has? */
	writer_bytes(w, spec->source_mac.bytes, MAC_BYTES);
	writer_bytes(w, spec->source.bytes, 4);
	writer_zeros(w, MAC_BYTES);
	writer_bytes(w, spec->destination.bytes, 4);
}

static void write_l3(
    struct writer *w, const struct packet_spec *spec, const struct plan *plan)
{
	if (spec->kind == SPEC_ARP)
		write_arp(w, spec);
	else if (spec->kind == SPEC_IP && spec->source.family == FAMILY_IPV4)
		write_ipv4(w, spec, plan);
	else if (spec->kind == SPEC_IP)
		write_ipv6(w, spec, plan);
}

static void write_tcp(struct writer *w, const struct packet_spec *spec)
{
	writer_be(w, spec->source_port, 2);
	writer_be(w, spec->destination_port, 2);
	writer_be(w, 1, 4); /* sequence number */
	writer_zeros(w, 4);
	writer_be(w, TCP_BYTES / 4 << 4, 1);
	writer_be(w, spec->tcp_flags, 1);
	writer_be(w, TCP_WINDOW, 2);
	writer_zeros(w, 4);
}

static void write_icmp(struct writer *w, const struct packet_spec *spec)
{
	uint8_t type =
	    spec->protocol == IP_PROTOCOL_ICMP ? ICMP_ECHO : ICMPV6_ECHO;

	writer_be(w, spec->has_icmp_type ? spec->icmp_type : type, 1);
	writer_be(w, spec->icmp_code, 1);
	writer_zeros(w, 2);
	writer_be(w, spec->source_port, 2);
	writer_be(w, 1, 2); /* sequence number */
}

static void write_l4(
    struct writer *w, const struct packet_spec *spec, const struct plan *plan)
{
	if (!plan->l4)
		return;
	if (spec->protocol == IP_PROTOCOL_TCP) {
		write_tcp(w, spec);
	} else if (spec->protocol == IP_PROTOCOL_UDP) {
		writer_be(w, spec->source_port, 2);
		writer_be(w, spec->destination_port, 2);
		/* the datagram of a first fragment is longer */
		writer_be(w,
		    UDP_BYTES + plan->payload + (spec->is_fragment ? 8 : 0), 2);
		writer_zeros(w, 2);
	} else {
		write_icmp(w, spec);
	}
}

/* Where the checksum is in the header. */
static size_t checksum_at(const struct packet_spec *spec)
{
	if (spec->protocol == IP_PROTOCOL_TCP)
		return TCP_CHECKSUM;
	return spec->protocol == IP_PROTOCOL_UDP ? UDP_CHECKSUM : 2;
}

/* Of a first fragment it is that of what is there. */
static void finish_l4(
    uint8_t *l4, const struct packet_spec *spec, const struct plan *plan)
{
	size_t len = plan->l4 + plan->payload;
	uint16_t sum = 0, checksum;

	if (!plan->l4)
		return;
	if (spec->protocol != IP_PROTOCOL_ICMP)
		sum = checksum_pseudo(
		    &spec->source, &spec->destination, spec->protocol, len);
	checksum = checksum_finish(checksum_add(sum, l4, len));
	if (!checksum && spec->protocol == IP_PROTOCOL_UDP)
		checksum = UINT16_MAX;
	checksum_store(l4 + checksum_at(spec), checksum);
}

int packet_spec_build(const struct packet_spec *spec, bool is_frame,
    size_t largest, struct packet *pkt, struct spec_error *error)
{
	struct plan plan = {0};
	struct writer w = writer_of(packet_data(pkt), largest);

	if (make_plan(&plan, spec, is_frame, largest, error))
		return -EINVAL;
	if (is_frame)
		write_ethernet(&w, spec);
	write_l3(&w, spec, &plan);
	write_l4(&w, spec, &plan);
	writer_zeros(&w, plan.payload);
	assert(!w.has_failed);
	pkt->len = (uint32_t)plan.len;
	finish_l4(packet_data(pkt) + plan.l2 + plan.l3, spec, &plan);
	return 0;
}
