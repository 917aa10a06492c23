/* SPDX-License-Identifier: ISC */
/* vpnd's own sockets in the path: who gets what, and what is answered. */
#include "unit.h"

#include <string.h>

#include "net/rcvbuf.h"
#include "net/socket.h"
#include "packet/udp.h"
#include "trace_lab.h"

#define ALONE "10.9.0.99" /* no address of the device */
#define PEER  "10.9.0.7"

static struct sockets *sockets;
static unsigned woken;

static void note_ready(void *context, struct socket *socket)
{
	ck_assert_ptr_nonnull(socket);
	(*(unsigned *)context)++;
}

static struct socket *add(const char *text, uint16_t port, bool is_echo)
{
	struct socket_setup how = {.port = port,
	    .protocol = is_echo ? SOCKET_ECHO : SOCKET_UDP,
	    .rcvbuf_bytes = RCVBUF_MIN};
	struct socket *socket;

	if (*text)
		ck_assert_int_eq(address_parse(&how.address, text), 0);
	ck_assert_int_eq(socket_add(sockets, &socket, &how), 0);
	set_addresses(); /* as after each change */
	return socket;
}

static void setup_local(void)
{
	struct sockets_setup how = {
	    .memory_bytes = 1 << 20, .ready = note_ready, .context = &woken};

	setup();
	how.pool = pool;
	woken = 0;
	ck_assert_int_eq(sockets_new(&sockets, &how), 0);
	ck_assert_int_eq(path_set_local(path, NULL, 0, sockets), 0);
}

static void teardown_local(void)
{
	sockets_free(sockets);
	teardown();
}

static uint64_t held(const struct socket *socket)
{
	struct socket_status status;

	socket_status(socket, &status);
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	return status.queued;
}

/* Of udp(): another protocol, or a fragment. */
static struct packet *altered(
    const char *destination, size_t offset, uint8_t value)
{
	struct packet *pkt = udp(PEER, destination, 7);

	packet_data(pkt)[offset] = value;
	header_finish(packet_data(pkt), IPV4_BYTES);
	return pkt;
}

static struct packet *ping(const char *destination, uint8_t type)
{
	struct packet *pkt = altered(destination, 9, IP_PROTOCOL_ICMP);
	uint8_t *l4 = packet_data(pkt) + IPV4_BYTES;

	memset(l4, 0, INNER_BYTES - IPV4_BYTES);
	l4[0] = type;
	checksum_store(l4 + 2,
	    checksum_finish(checksum_add(0, l4, INNER_BYTES - IPV4_BYTES)));
	return pkt;
}

static void check_answered(const char *text)
{
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_str_eq(icmp_text(path_to_wire(path)->first), text);
}

/* ---- an address of the device ---- */

START_TEST(a_socket_takes_its_port_and_the_host_the_others)
{
	struct socket *socket = add("", 7, false);

	receive(udp(PEER, "10.9.0.1", 7));
	receive(udp(PEER, "10.2.0.2", 7));
	ck_assert_uint_eq(held(socket), 2);
	ck_assert_uint_eq(totals().rx_consumed, 2);
	ck_assert_uint_eq(woken, 1);
	receive(udp(PEER, "10.9.0.1", 8));
	receive(ping("10.9.0.1", 8));
	receive(altered("10.9.0.1", 9, IP_PROTOCOL_TCP));
	receive(udp(PEER, "10.9.0.50", 7));
	ck_assert_uint_eq(path_to_device(path)->len, 4);
	ck_assert_uint_eq(totals().rx_delivered, 4);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
}
END_TEST

START_TEST(a_closed_socket_leaves_its_port_to_the_host)
{
	struct socket *socket = add("", 7, false);

	socket_set_open(sockets, socket, false);
	receive(udp(PEER, "10.9.0.1", 7));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(an_echo_socket_takes_requests_only)
{
	struct socket *socket = add("", 0, true);

	receive(ping("10.9.0.1", 8));
	ck_assert_uint_eq(held(socket), 1);
	receive(ping("10.9.0.1", 0));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(a_damaged_echo_request_is_dropped)
{
	struct packet *pkt = ping("10.9.0.1", 8);

	(void)add("", 0, true);
	packet_data(pkt)[INNER_BYTES - 1] ^= 1;
	receive(pkt);
	check_dropped("sock_queue", DROP_ICMP_CSUM);
}
END_TEST

/* ---- an address of a socket alone ---- */

START_TEST(an_address_of_its_own_is_not_the_hosts)
{
	struct socket *socket = add(ALONE, 7, false);

	receive(udp(PEER, ALONE, 7));
	ck_assert_uint_eq(held(socket), 1);
	receive(udp(PEER, ALONE, 8));
	(void)only_drop("lookup", DROP_NO_SOCKET);
	check_answered(ALONE " > " PEER " icmp 3/3");
	ck_assert_uint_eq(path_to_device(path)->len, 0);
}
END_TEST

START_TEST(there_is_no_other_protocol)
{
	(void)add(ALONE, 7, false);
	receive(altered(ALONE, 9, IP_PROTOCOL_TCP));
	(void)only_drop("udp_rcv", DROP_IP_NOPROTO);
	check_answered(ALONE " > " PEER " icmp 3/2");
}
END_TEST

START_TEST(icmp_without_a_socket_is_not_answered)
{
	(void)add(ALONE, 7, false);
	receive(ping(ALONE, 8));
	check_dropped("lookup", DROP_NO_SOCKET);
}
END_TEST

START_TEST(a_damaged_datagram_for_no_port_is_not_answered)
{
	struct packet *pkt = udp(PEER, ALONE, 8);

	(void)add(ALONE, 7, false);
	packet_data(pkt)[IPV4_BYTES + UDP_CHECKSUM] = 1;
	receive(pkt);
	check_dropped("udp_rcv", DROP_UDP_CSUM);
}
END_TEST

/* More flag, offset 8, and a length that is not there. */
static const struct {
	size_t offset;
	uint8_t value;
	enum drop drop;
} refused[] = {
    {6, 0x20, DROP_VPN_FRAG_LOCAL},
    {7, 1, DROP_VPN_FRAG_LOCAL},
    {25, 13, DROP_PKT_TOO_SMALL},
};

START_TEST(fragments_and_bad_lengths_are_dropped)
{
	(void)add(ALONE, 7, false);
	receive(altered(ALONE, refused[_i].offset, refused[_i].value));
	check_dropped("udp_rcv", refused[_i].drop);
}
END_TEST

START_TEST(nobody_may_send_from_there)
{
	(void)add(ALONE, 7, false);
	receive(udp(ALONE, "10.9.0.1", 53));
	check_dropped("rcv_finish", DROP_IP_LOCAL_SOURCE);
}
END_TEST

START_TEST(it_is_not_forwarded_to)
{
	struct socket *socket = add(PEER, 7, false);

	path_set_forwarding(path, true);
	receive(udp("10.9.0.8", PEER, 7));
	(void)socket;
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	ck_assert_uint_eq(totals().rx_forwarded, 0);
}
END_TEST

/* ---- queue, and back ---- */

START_TEST(what_does_not_fit_is_dropped_and_counted_alike)
{
	struct socket *socket = add("", 7, false);
	struct socket_status status;

	for (int i = 0; i < 3; i++)
		receive(udp(PEER, "10.9.0.1", 7));
	ck_assert_uint_eq(held(socket), 2);
	(void)only_drop("sock_queue", DROP_SOCKET_RCVBUFF);
	socket_status(socket, &status);
	ck_assert_uint_eq(status.by_reason[DROP_SOCKET_RCVBUFF], 1);
	ck_assert_uint_eq(woken, 1);
}
END_TEST

START_TEST(an_answer_takes_the_outbound_table)
{
	struct socket *socket = add("", 7, false);
	struct packet *pkt;
	struct udp_ends ends;

	receive(udp(PEER, "10.9.0.1", 7));
	pkt = socket_receive(sockets, socket);
	ck_assert_ptr_nonnull(pkt);
	ck_assert_uint_eq(pkt->from_id, 1);
	ends = (struct udp_ends){
	    pkt->destination, pkt->source, 7, pkt->source_port, 0};
	packet_readdress_udp(pkt, &ends);
	path_send(path, pkt);
	path_run_emitted(path, &now);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_ptr_eq(path_to_wire(path)->first->peer, &tunnel.peers[0]);
	ck_assert_uint_eq(totals().tx_ours, 1);
}
END_TEST

/* ---- counters ---- */

static void check_counts(uint64_t delivers, uint64_t no_ports,
    uint64_t in_errors, uint64_t rcvbuf_errors, uint64_t csum_errors)
{
	const uint64_t *counts = path->snmp.counts;

	ck_assert_uint_eq(counts[SNMP_IpInDelivers], delivers);
	ck_assert_uint_eq(counts[SNMP_UdpNoPorts], no_ports);
	ck_assert_uint_eq(counts[SNMP_UdpInErrors], in_errors);
	ck_assert_uint_eq(counts[SNMP_UdpRcvbufErrors], rcvbuf_errors);
	ck_assert_uint_eq(counts[SNMP_UdpInCsumErrors], csum_errors);
}

/* As the golden corpus has it: a datagram counts as received when it is read,
 * and as delivered by IP even if UDP drops it. */
START_TEST(counters_move_where_the_kernel_moves_its_own)
{
	struct socket *socket = add(ALONE, 7, false);
	struct packet *pkt = udp(PEER, ALONE, 7);

	receive(udp(PEER, ALONE, 7));
	receive(udp(PEER, ALONE, 7));
	check_counts(2, 0, 0, 0, 0);
	receive(udp(PEER, ALONE, 7));
	check_counts(3, 0, 1, 1, 0);
	receive(udp(PEER, ALONE, 8));
	check_counts(4, 1, 1, 1, 0);
	packet_data(pkt)[IPV4_BYTES + UDP_CHECKSUM] = 1;
	receive(pkt);
	check_counts(5, 1, 2, 1, 1);
	receive(altered(ALONE, 25, 13));
	check_counts(6, 1, 3, 1, 1);
	receive(altered(ALONE, 9, IP_PROTOCOL_TCP));
	check_counts(6, 1, 3, 1, 1);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpInUnknownProtos], 1);
	ck_assert_uint_eq(path->snmp.counts[SNMP_UdpInDatagrams], 0);
	pkt = socket_receive(sockets, socket);
	path_note_read(path, pkt);
	ck_assert_uint_eq(path->snmp.counts[SNMP_UdpInDatagrams], 1);
	path_send(path, pkt);
	ck_assert_uint_eq(path->snmp.counts[SNMP_UdpOutDatagrams], 1);
}
END_TEST

/* ---- dry runs ---- */

static void trace(struct packet *pkt)
{
	pkt->peer = &tunnel.peers[0];
	pkt->from_id = 1;
	trace_lab_run(TRACE_FROM_PEER, pkt);
	pool_put(pool, pkt);
}

START_TEST(a_dry_packet_is_judged_and_leaves_no_trace)
{
	struct socket *socket = add("", 7, false);
	struct socket_status status;

	for (int i = 0; i < 4; i++)
		trace(udp(PEER, "10.9.0.1", 7));
	ck_assert_str_eq(trace_lab_stages(),
	    "ip_rcv conntrack prerouting rcv_finish input udp_rcv lookup "
	    "sock_queue data_ready");
	ck_assert_int_eq(trace_lab.end, TRACE_TAKEN);
	ck_assert_str_eq(trace_lab_why("udp_rcv"), "port 7");
	ck_assert_str_eq(
	    trace_lab_why("lookup"), "the socket of any address port 7");
	ck_assert_str_eq(trace_lab_why("sock_queue"),
	    "0 of 2304 bytes are used, this packet counts as 832");
	socket_status(socket, &status);
	ck_assert_uint_eq(status.rx_packets + status.used_bytes, 0);
	ck_assert_uint_eq(woken, 0);
	receive(udp(PEER, "10.9.0.1", 7));
	receive(udp(PEER, "10.9.0.1", 7));
	trace(udp(PEER, "10.9.0.1", 7));
	ck_assert_int_eq(trace_lab.drop, DROP_SOCKET_RCVBUFF);
	ck_assert_str_eq(trace_lab_why("sock_queue"),
	    "1664 of 2304 bytes are used, this packet counts as 832");
	socket_status(socket, &status);
	ck_assert_uint_eq(status.drops, 0);
}
END_TEST

START_TEST(a_dry_packet_for_no_protocol_says_which_one)
{
	(void)add(ALONE, 7, false);
	trace(altered(ALONE, 9, IP_PROTOCOL_TCP));
	ck_assert_int_eq(trace_lab.drop, DROP_IP_NOPROTO);
	ck_assert_str_eq(trace_lab_why("udp_rcv"), "protocol 6");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("local");
	TCase *tcase = tcase_create("local");

	tcase_add_checked_fixture(tcase, setup_local, teardown_local);
	tcase_add_test(tcase, a_socket_takes_its_port_and_the_host_the_others);
	tcase_add_test(tcase, a_closed_socket_leaves_its_port_to_the_host);
	tcase_add_test(tcase, an_echo_socket_takes_requests_only);
	tcase_add_test(tcase, a_damaged_echo_request_is_dropped);
	tcase_add_test(tcase, an_address_of_its_own_is_not_the_hosts);
	tcase_add_test(tcase, there_is_no_other_protocol);
	tcase_add_test(tcase, icmp_without_a_socket_is_not_answered);
	tcase_add_test(tcase, a_damaged_datagram_for_no_port_is_not_answered);
	EACH(tcase, fragments_and_bad_lengths_are_dropped, refused);
	tcase_add_test(tcase, nobody_may_send_from_there);
	tcase_add_test(tcase, it_is_not_forwarded_to);
	tcase_add_test(tcase, what_does_not_fit_is_dropped_and_counted_alike);
	tcase_add_test(tcase, an_answer_takes_the_outbound_table);
	tcase_add_test(tcase, counters_move_where_the_kernel_moves_its_own);
	tcase_add_test(tcase, a_dry_packet_is_judged_and_leaves_no_trace);
	tcase_add_test(tcase, a_dry_packet_for_no_protocol_says_which_one);
	suite_add_tcase(suite, tcase);
	return suite;
}
