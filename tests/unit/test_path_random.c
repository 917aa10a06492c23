/* SPDX-License-Identifier: ISC */
/* Random frames from everywhere, while the world changes: none is lost. */
#include "unit.h"

#include "seed.h"
#include "tap_lab.h"

static const char *random_mac(struct seed *seed)
{
	static const char *const macs[] = {EVERYBODY, A_GROUP, ANY_MAC,
	    HOST_MAC, PEER_MAC(0), PEER_MAC(1), PEER_MAC(2), PEER_MAC(3),
	    PEER_MAC(4), "01:80:c2:00:00:01", "00:00:00:00:00:00"};

	return macs[seed_below(seed, ARRAY_SIZE(macs))];
}

static struct packet *random_frame(struct seed *seed)
{
	static const char *const sources[] = {
	    "10.9.0.7", "10.9.0.8", "0.0.0.0", "10.9.0.1"};
	const char *source = sources[seed_below(seed, ARRAY_SIZE(sources))];
	struct packet *pkt;

	switch (seed_below(seed, 4)) {
	case 0:
		return arp(source, "10.9.0.1");
	case 1:
		pkt = udp(source, "10.9.0.9", 53);
		return framed(
		    pkt, random_mac(seed), random_mac(seed), ETHERTYPE_IPV4);
	default:
		return frame(random_mac(seed), random_mac(seed));
	}
}

static struct packet *random_packet(struct seed *seed)
{
	struct packet *pkt = random_frame(seed);

	if (seed_below(seed, 4) == 0)
		pkt =
		    tagged(pkt, ETHERTYPE_VLAN, (uint16_t)seed_below(seed, 3));
	if (seed_below(seed, 10) == 0)
		pkt->len = (uint32_t)seed_below(seed, pkt->len + 1);
	if (seed_below(seed, 5) == 0)
		packet_data(pkt)[seed_below(seed, 60)] ^= 1;
	pkt->endpoint.port = (uint16_t)seed_below(seed, FAKE_PEERS);
	pkt->checksum = (enum checksum_state)seed_below(seed, 3);
	pkt->outer_ecn = (uint8_t)seed_below(seed, 4);
	return pkt;
}

static void change_something(struct seed *seed)
{
	struct peer *peer = &tunnel.peers[seed_below(seed, FAKE_PEERS)];

	switch (seed_below(seed, 5)) {
	case 0:
		peer->takes_no_floods = !peer->takes_no_floods;
		break;
	case 1:
		tunnel.has_session = !tunnel.has_session;
		if (tunnel.has_session)
			packet_list_append(&tunnel.released, &tunnel.staged);
		break;
	case 2:
		limits.is_hub = !limits.is_hub;
		limits.storm[BRIDGE_BROADCAST] = seed_below(seed, 2) ? 5 : 0;
		apply_limits();
		break;
	case 3:
		bridge_flush(bridge, NULL);
		break;
	default:
		now.now = instant_after(now.now, NS_PER_S);
		break;
	}
}

static void run_batch(struct seed *seed)
{
	struct packet_list list = {0};

	for (size_t i = seed_below(seed, 20); i > 0 && pool_available(pool);
	     i--)
		packet_list_push(&list, random_packet(seed));
	if (seed_below(seed, 2))
		path_run_inbound(path, &list, &now);
	else
		path_run_outbound(path, &list, &now);
}

/* As a peer's queue does that is full. */
static void push_out(void)
{
	struct packet *pkt = packet_list_pop(&tunnel.staged);

	pkt->drop = DROP_NEIGH_QUEUEFULL;
	packet_list_push(&tunnel.dropped, pkt);
}

/* With 300 buffers, which floods and a waiting queue use up at times. */
START_TEST(every_frame_is_accounted_for)
{
	struct seed seed = seed_start();
	struct path_totals sum;

	for (int i = 0; i < 3000; i++) {
		run_batch(&seed);
		(void)totals();
		if (!pool_available(pool) || seed_below(&seed, 3))
			take_results();
		if (seed_below(&seed, 10) == 0)
			change_something(&seed);
		while (tunnel.staged.len > 200)
			push_out();
		path_run_emitted(path, &now);
	}
	sum = totals();
	ck_assert_uint_gt(sum.rx_delivered, 0);
	ck_assert_uint_gt(sum.tx_sent, 0);
	ck_assert_uint_gt(sum.rx_forwarded, 0);
}
END_TEST

static TCase *random_cases(void)
{
	TCase *tcase = tcase_create("random");

	tcase_add_checked_fixture(tcase, setup_tap, teardown_tap);
	tcase_add_test(tcase, every_frame_is_accounted_for);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path_random");

	suite_add_tcase(suite, random_cases());
	return suite;
}
