/* SPDX-License-Identifier: ISC */
/* The path's lab with a switch. */
#include "tap_lab.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define ARP_BYTES 28

struct bridge *bridge;
struct bridge_port *ports[FAKE_PEERS];
struct bridge_limits limits;

static const struct bridge_limits defaults = {
    .is_hub = true,
    .ageing_ns = 300 * NS_PER_S,
    .macs_max = 64,
    .macs_per_port = 16,
};

static struct mac mac_of(const char *text)
{
	struct mac mac;

	ck_assert_int_eq(mac_parse(&mac, text), 0);
	return mac;
}

static struct bridge_port_setup named(
    unsigned peer, struct bridge_port_setup setup)
{
	setup.name = "peer";
	setup.user = &tunnel.peers[peer];
	return setup;
}

void setup_tap(void)
{
	static const uint8_t secret[16] = {1};
	struct mac host = mac_of(HOST_MAC);

	limits = defaults;
	ck_assert_int_eq(bridge_new(&bridge, &limits, secret), 0);
	bridge_set_host_mac(bridge, &host);
	setup_over(bridge);
	for (unsigned i = 0; i < FAKE_PEERS; i++) {
		struct bridge_port_setup setup =
		    named(i, (struct bridge_port_setup){0});

		ck_assert_int_eq(
		    bridge_port_add(bridge, &ports[i], &setup, now.now), 0);
		tunnel.peers[i].port = ports[i];
		tunnel.peers[i].has_no_allowed_ips = i > 1;
	}
}

void teardown_tap(void)
{
	(void)totals();
	teardown();
	bridge_free(bridge);
}

void apply_limits(void)
{
	ck_assert_int_eq(bridge_set_limits(bridge, &limits), 0);
}

void change_port(unsigned peer, struct bridge_port_setup setup)
{
	setup = named(peer, setup);
	ck_assert_int_eq(bridge_port_change(bridge, ports[peer], &setup), 0);
}

static void put_be16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_mac(uint8_t *at, const char *text)
{
	struct mac mac = mac_of(text);

	memcpy(at, mac.bytes, MAC_BYTES);
}

struct packet *framed(struct packet *pkt, const char *destination,
    const char *source, uint16_t ethertype)
{
	pkt->offset -= ETHERNET_BYTES;
	pkt->len += ETHERNET_BYTES;
	put_mac(packet_data(pkt), destination);
	put_mac(packet_data(pkt) + MAC_BYTES, source);
	put_be16(packet_data(pkt) + 2 * MAC_BYTES, ethertype);
	return pkt;
}

struct packet *tagged(struct packet *pkt, uint16_t ethertype, uint16_t vlan)
{
	uint8_t *before = packet_data(pkt);

	pkt->offset -= ETHERNET_TAG_BYTES;
	pkt->len += ETHERNET_TAG_BYTES;
	memmove(packet_data(pkt), before, 2 * MAC_BYTES);
	put_be16(packet_data(pkt) + 2 * MAC_BYTES, ethertype);
	put_be16(packet_data(pkt) + 2 * MAC_BYTES + 2, vlan);
	return pkt;
}

struct packet *frame(const char *destination, const char *source)
{
	struct packet *pkt = pool_get(pool);

	pkt->len = 50;
	memset(packet_data(pkt), 'x', pkt->len);
	return framed(pkt, destination, source, OTHER_ETHERTYPE);
}

struct packet *arp(const char *sender, const char *target)
{
	static const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, 1};
	struct packet *pkt = pool_get(pool);
	uint8_t *at = packet_data(pkt);
	struct address from, to;

	ck_assert_int_eq(address_parse(&from, sender), 0);
	ck_assert_int_eq(address_parse(&to, target), 0);
	pkt->len = ARP_BYTES;
	memset(at, 0, ARP_BYTES);
	memcpy(at, head, sizeof(head));
	put_mac(at + 8, PEER_MAC(0));
	memcpy(at + 14, from.bytes, 4);
	memcpy(at + 24, to.bytes, 4);
	return framed(pkt, EVERYBODY, PEER_MAC(0), ETHERTYPE_ARP);
}

struct packet *ip_frame(struct packet *pkt)
{
	uint16_t ethertype =
	    packet_data(pkt)[0] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;

	return framed(pkt, HOST_MAC, PEER_MAC(0), ethertype);
}

struct packet *icmp6_frame(const char *source, const char *destination,
    const uint8_t *bytes, uint8_t len)
{
	struct packet *pkt = udp6(source, destination);
	uint8_t *at = packet_data(pkt);

	at[5] = len;
	at[6] = IP_PROTOCOL_ICMPV6;
	at[7] = 255;
	memcpy(at + IPV6_BYTES, bytes, len);
	pkt->len = IPV6_BYTES + len;
	return ip_frame(pkt);
}

void receive_from(unsigned peer, struct packet *pkt)
{
	pkt->endpoint.port = (uint16_t)peer;
	receive(pkt);
}

void take_results(void)
{
	pool_put_list(pool, path_to_wire(path));
	pool_put_list(pool, path_to_device(path));
}

void learn_all(void)
{
	for (unsigned i = 0; i < FAKE_PEERS; i++) {
		char text[MAC_TEXT_BYTES];

		snprintf(text, sizeof(text), "02:aa:00:00:00:%02x", i);
		receive_from(i, frame(HOST_MAC, text));
	}
	take_results();
}

size_t sent_to(unsigned peer)
{
	size_t count = 0;

	for (struct packet *pkt = path_to_wire(path)->first; pkt;
	     pkt = pkt->next)
		count += pkt->peer == &tunnel.peers[peer];
	return count;
}
