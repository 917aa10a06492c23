/* SPDX-License-Identifier: ISC */
/* The sequences, and the packets of their steps. */
#include "flow_script.h"

#include "base/attributes.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20

#define TCP    6
#define ICMP   1
#define ICMPV6 58

#define NEW	    "new"
#define ESTABLISHED "established"
#define RELATED	    "related"
#define INVALID	    "invalid"
#define UNTRACKED   "untracked"

/* Steps: side, what the packet has, state. */
#define A(wanted, ...)                                                         \
	{                                                                      \
		.from = SIDE_A, .state = (wanted), .packet = { __VA_ARGS__ }   \
	}
#define B(wanted, ...)                                                         \
	{                                                                      \
		.from = SIDE_B, .state = (wanted), .packet = { __VA_ARGS__ }   \
	}
#define TCP_OF(flags, seq, ack)                                                \
	.protocol = TCP, .tcp_flags = (flags), .sequence = (seq),              \
	.acknowledgement = (ack)
#define PING(type, id) .protocol = ICMP, .icmp_type = (type), .icmp_id = (id)
#define PING6(type, id)                                                        \
	.family = 6, .protocol = ICMPV6, .icmp_type = (type), .icmp_id = (id)
#define ERROR_OF(type, code, about)                                            \
	.protocol = ICMP, .icmp_type = (type), .icmp_code = (code),            \
	.quote = &(about)
#define ERROR6_OF(type, code, about)                                           \
	.family = 6, .protocol = ICMPV6, .icmp_type = (type),                  \
	.icmp_code = (code), .quote = &(about)

/* What errors are about: packets as they came from side A, or B. */
static const struct flow_packet quoted_udp = {.source_port = 4000};
static const struct flow_packet quoted_udp_b = {
    .source = 1, .destination = 7, .source_port = 53, .destination_port = 4000};
static const struct flow_packet quoted_tcp = {TCP_OF(ACK, 1001, 5001)};
static const struct flow_packet quoted_echo = {PING(8, 4)};
static const struct flow_packet quoted_udp6 = {.family = 6};
static const struct flow_packet quoted_stranger = {
    .source_port = 4000, .destination_port = 99};
static const struct flow_packet quoted_other = {.source = 8};
static const struct flow_packet quoted_fragment = {
    .fragment_id = 9, .fragment_offset = 64};

#define HANDSHAKE                                                              \
	A(NEW, TCP_OF(SYN, 1000, 0)),                                          \
	    B(ESTABLISHED, TCP_OF(SYN | ACK, 5000, 1001)),                     \
	    A(ESTABLISHED, TCP_OF(ACK, 1001, 5001))
#define UDP_BOTH_WAYS A(NEW, .payload = 9), B(ESTABLISHED, .payload = 9)

const struct flow_script flow_scripts[] = {
    {"UDP is new until it is answered",
	{A(NEW, 0), A(NEW, 0), B(ESTABLISHED, 0), A(ESTABLISHED, 0),
	    B(ESTABLISHED, 0)}},
    {"UDP from another port is another flow",
	{A(NEW, 0), B(NEW, .source_port = 54), B(ESTABLISHED, 0)}},
    {"UDP in IPv6", {A(NEW, .family = 6), B(ESTABLISHED, .family = 6),
			A(ESTABLISHED, .family = 6)}},
    {"another protocol has no ports",
	{A(NEW, .protocol = 99, .payload = 8),
	    B(ESTABLISHED, .protocol = 99, .payload = 8),
	    A(ESTABLISHED, .protocol = 99, .payload = 4)}},
    {"TCP from its opening to its end",
	{HANDSHAKE, A(ESTABLISHED, TCP_OF(ACK | PSH, 1001, 5001), .payload = 9),
	    B(ESTABLISHED, TCP_OF(ACK, 5001, 1010)),
	    A(ESTABLISHED, TCP_OF(FIN | ACK, 1010, 5001)),
	    B(ESTABLISHED, TCP_OF(FIN | ACK, 5001, 1011)),
	    A(ESTABLISHED, TCP_OF(ACK, 1011, 5002))}},
    {"TCP begins anew in the same ports",
	{HANDSHAKE, A(ESTABLISHED, TCP_OF(FIN | ACK, 1001, 5001)),
	    B(ESTABLISHED, TCP_OF(FIN | ACK, 5001, 1002)),
	    A(ESTABLISHED, TCP_OF(ACK, 1002, 5002)),
	    A(NEW, TCP_OF(SYN, 900000, 0)),
	    B(ESTABLISHED, TCP_OF(SYN | ACK, 700000, 900001))}},
    {"a SYN is new each time",
	{A(NEW, TCP_OF(SYN, 1000, 0)), A(NEW, TCP_OF(SYN, 1000, 0)),
	    B(ESTABLISHED, TCP_OF(SYN | ACK, 5000, 1001))}},
    {"a refused connection can be tried again",
	{A(NEW, TCP_OF(SYN, 1000, 0)),
	    B(ESTABLISHED, TCP_OF(RST | ACK, 0, 1001)),
	    A(NEW, TCP_OF(SYN, 2000, 0))}},
    {"a reset connection can be opened again",
	{HANDSHAKE, A(ESTABLISHED, TCP_OF(RST, 1001, 0)),
	    A(NEW, TCP_OF(SYN, 700000, 0))}},
    {"TCP is picked up by an ACK",
	{A(NEW, TCP_OF(ACK, 1000, 5000), .payload = 5),
	    B(ESTABLISHED, TCP_OF(ACK, 5000, 1005)),
	    A(ESTABLISHED, TCP_OF(ACK, 1005, 5000))}},
    {"TCP does not begin with an answer",
	{A(INVALID, TCP_OF(SYN | ACK, 1000, 5000)),
	    A(INVALID, TCP_OF(FIN | ACK, 1000, 5000)),
	    A(INVALID, TCP_OF(RST, 1000, 0)),
	    A(INVALID, TCP_OF(RST | ACK, 1000, 5000)),
	    B(INVALID, TCP_OF(SYN | ACK, 1000, 5000))}},
    {"TCP flags that TCP has not",
	{A(INVALID, TCP_OF(FIN | PSH | URG, 1000, 0)),
	    A(INVALID, TCP_OF(PSH, 1000, 0)),
	    A(INVALID, TCP_OF(SYN | FIN, 1000, 0)),
	    A(INVALID, TCP_OF(SYN | RST, 1000, 0)),
	    A(INVALID, TCP_OF(FIN, 1000, 0)),
	    A(INVALID, TCP_OF(SYN | ACK | FIN, 1000, 0)),
	    A(NEW, TCP_OF(SYN | 0xc0, 1000, 0))}},
    {"headers that are cut", {A(INVALID, .cut = 4), A(INVALID, .cut = 7),
				 A(INVALID, TCP_OF(SYN, 1000, 0), .cut = 13),
				 A(INVALID, TCP_OF(SYN, 1000, 0), .cut = 19),
				 A(INVALID, PING(8, 4), .cut = 7)}},
    {"echo", {A(NEW, PING(8, 4)), B(ESTABLISHED, PING(0, 4)),
		 A(ESTABLISHED, PING(8, 4)), B(ESTABLISHED, PING(0, 4))}},
    {"an echo reply answers its request only",
	{B(INVALID, PING(0, 4)), A(NEW, PING(8, 4)), B(INVALID, PING(0, 5)),
	    A(INVALID, PING(0, 4)), B(ESTABLISHED, PING(0, 4))}},
    {"both may ask with one identifier",
	{A(NEW, PING(8, 4)), B(NEW, PING(8, 4)), A(ESTABLISHED, PING(0, 4)),
	    B(ESTABLISHED, PING(0, 4)), B(ESTABLISHED, PING(8, 4))}},
    {"a timestamp", {A(NEW, PING(13, 4), .payload = 12),
			B(INVALID, PING(0, 4), .payload = 12),
			B(ESTABLISHED, PING(14, 4), .payload = 12)}},
    {"echo in IPv6",
	{A(NEW, PING6(128, 4)), B(ESTABLISHED, PING6(129, 4)),
	    B(INVALID, PING6(129, 5)), A(ESTABLISHED, PING6(128, 4))}},
    {"ICMP that is neither question nor answer",
	{A(INVALID, PING(9, 0)), A(INVALID, PING(42, 0)),
	    A(INVALID, PING6(200, 0))}},
    {"neighbour discovery is nobody's flow",
	{A(UNTRACKED, PING6(135, 0), .payload = 16),
	    A(UNTRACKED, PING6(136, 0), .payload = 16),
	    A(UNTRACKED, PING6(143, 0))}},
    {"an error about an unanswered flow",
	{A(NEW, 0), B(RELATED, ERROR_OF(3, 3, quoted_udp)), A(NEW, 0)}},
    {"errors about a flow, both ways",
	{UDP_BOTH_WAYS, B(RELATED, ERROR_OF(3, 3, quoted_udp)),
	    A(RELATED, ERROR_OF(3, 3, quoted_udp_b)),
	    B(RELATED, ERROR_OF(11, 0, quoted_udp)),
	    B(RELATED, ERROR_OF(12, 0, quoted_udp))}},
    {"fragmentation needed, for TCP",
	{HANDSHAKE, B(RELATED, ERROR_OF(3, 4, quoted_tcp))}},
    {"an error about an echo request",
	{A(NEW, PING(8, 4)), B(RELATED, ERROR_OF(3, 1, quoted_echo))}},
    {"packet too big, in IPv6",
	{A(NEW, .family = 6), B(RELATED, ERROR6_OF(2, 0, quoted_udp6)),
	    B(RELATED, ERROR6_OF(1, 4, quoted_udp6))}},
    {"an error about no flow",
	{B(INVALID, ERROR_OF(3, 3, quoted_udp)), A(NEW, 0),
	    B(INVALID, ERROR_OF(3, 3, quoted_stranger)),
	    A(INVALID, ERROR_OF(3, 3, quoted_stranger))}},
    {"an error that goes to somebody else",
	{A(NEW, 0), B(INVALID, ERROR_OF(3, 3, quoted_udp_b)),
	    B(INVALID, ERROR_OF(3, 3, quoted_other))}},
    {"an error whose quote is cut",
	{A(NEW, 0), B(INVALID, ERROR_OF(3, 3, quoted_udp), .quote_bytes = 19),
	    B(INVALID, ERROR_OF(3, 3, quoted_udp), .quote_bytes = 22),
	    B(RELATED, ERROR_OF(3, 3, quoted_udp), .quote_bytes = 28),
	    B(INVALID, .protocol = ICMP, .icmp_type = 3)}},
    {"an error about a later fragment",
	{A(NEW, 0), B(INVALID, ERROR_OF(11, 1, quoted_fragment))}},
    {"an error with a bad checksum",
	{A(NEW, 0),
	    B(INVALID, ERROR_OF(3, 3, quoted_udp), .has_bad_checksum = true)}},
    {"what a hook drops leaves nothing behind",
	{{.from = SIDE_A, .state = NEW, .is_blocked = true}, B(NEW, 0),
	    A(ESTABLISHED, 0)}},
};
const size_t flow_scripts_count = ARRAY_SIZE(flow_scripts);

static void move(struct flow_packet *packet, uint16_t number)
{
	uint16_t *port = packet->source == 1 ? &packet->destination_port
					     : &packet->source_port;

	*port = (uint16_t)((*port ? *port : 4000) + number);
	if (packet->icmp_id)
		packet->icmp_id = (uint16_t)(packet->icmp_id + 16 * number);
}

size_t flow_step_write(uint8_t bytes[FLOW_PACKET_BYTES],
    const struct flow_step *step, uint16_t number)
{
	struct flow_packet packet = step->packet, quote;

	if (step->from == SIDE_B) {
		packet.source = 1;
		packet.destination = 7;
		packet.source_port =
		    packet.source_port ? packet.source_port : 53;
		packet.destination_port = 4000;
	}
	move(&packet, number);
	if (packet.quote) {
		quote = *packet.quote;
		move(&quote, number);
		packet.quote = &quote;
	}
	return flow_packet_write(bytes, &packet);
}
