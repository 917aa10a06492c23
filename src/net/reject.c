/* SPDX-License-Identifier: ISC */
/* nf_reject_ipv4 and nf_reject_ipv6. */
#include "net/reject.h"

#include "base/cursor.h"
#include "net/icmp.h"
#include "packet/build.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define GRE_CHECKSUM 0x80 /* bit of the first byte */

/* Protocol numbers (IANA) whose integrity another sum holds. */
enum {
	PROTOCOL_DCCP = 33,
	PROTOCOL_GRE = 47,
	PROTOCOL_SCTP = 132,
	PROTOCOL_UDPLITE = 136,
};

/* The IP checksum says nothing of it. */
static bool has_no_checksum(const struct packet *pkt)
{
	const uint8_t *l4 = l4_data(pkt);

	switch (pkt->l4_protocol) {
	case IP_PROTOCOL_UDP:
		return pkt->family == FAMILY_IPV4 && l4_len(pkt) >= UDP_BYTES &&
		       !(l4[UDP_CHECKSUM] | l4[UDP_CHECKSUM + 1]);
	case PROTOCOL_GRE:
		return l4_len(pkt) >= 4 && !(l4[0] & GRE_CHECKSUM);
	case IP_PROTOCOL_AH:
	case IP_PROTOCOL_ESP:
	case PROTOCOL_DCCP:
	case PROTOCOL_SCTP:
	case PROTOCOL_UDPLITE:
		return true;
	default:
		return false;
	}
}

bool reject_may_answer(const struct packet *about)
{
	if (about->is_later_fragment)
		return false;
	return about->checksum != CHECKSUM_FULL || has_no_checksum(about) ||
	       checksum_l4(about) == 0xffff;
}

bool reject_may_reset(const struct packet *about)
{
	/* a reset goes where an error might go */
	static const struct icmp_error any = {ICMP_PROHIBITED, 0};

	return about->l4_protocol == IP_PROTOCOL_TCP &&
	       !about->is_later_fragment && l4_len(about) >= TCP_BYTES &&
	       !(l4_data(about)[13] & TCP_RST) &&
	       icmp_is_allowed(about, &any) &&
	       (about->checksum != CHECKSUM_FULL ||
		   checksum_l4(about) == 0xffff);
}

/* Sequence and acknowledgement number, and flags. */
struct reset {
	uint32_t sequence, acknowledgement;
	uint8_t flags;
};

/* Takes over where the sender expects it to; else acknowledges all it sent. */
static struct reset reset_for(const struct packet *about)
{
	struct cursor c = cursor_of(l4_data(about), l4_len(about));
	uint32_t sequence, acknowledgement, len = l4_len(about);
	uint8_t flags;

	cursor_skip(&c, 4);
	sequence = cursor_be32(&c);
	acknowledgement = cursor_be32(&c);
	len -= (cursor_u8(&c) >> 4) * 4u;
	flags = cursor_u8(&c);
	if (flags & TCP_ACK)
		return (struct reset){acknowledgement, 0, TCP_RST};
	if (flags & TCP_SYN)
		len++;
	if (flags & TCP_FIN)
		len++;
	return (struct reset){0, sequence + len, TCP_RST | TCP_ACK};
}

static void write_ports(struct writer *w, const struct packet *about)
{
	const uint8_t *tcp = l4_data(about);

	writer_bytes(w, tcp + 2, 2);
	writer_bytes(w, tcp, 2);
}

struct packet *reject_make_reset(struct pool *pool, const struct packet *about)
{
	struct build_ip head = {
	    .source = &about->destination,
	    .destination = &about->source,
	    .l4_protocol = IP_PROTOCOL_TCP,
	    .l4_bytes = TCP_BYTES,
	};
	struct packet *pkt = icmp_make_frame(pool, about);
	struct reset reset = reset_for(about);
	struct writer w;

	if (!pkt)
		return NULL;
	w = build_ip(pkt, &head);
	write_ports(&w, about);
	writer_be(&w, reset.sequence, 4);
	writer_be(&w, reset.acknowledgement, 4);
	writer_be(&w, TCP_BYTES / 4 << 4, 1);
	writer_be(&w, reset.flags, 1);
	writer_zeros(&w, 6); /* window, checksum, urgent pointer */
	build_finish(pkt, TCP_CHECKSUM);
	return pkt;
}
