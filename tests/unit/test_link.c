/* SPDX-License-Identifier: ISC */
/* Ethernet frames through a tunnel, and links that do not fit together. */
#include <sodium.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/peer.h"
#include "repeatable.h"
#include "tunnels.h"
#include "unit.h"

const int unit_is_apart = 1;

#define FRAME_MIN 14
#define FRAME_MAX 1522

static struct ends ends;

static void clear(void)
{
	ends_clear(&ends);
}

static void taps_with(enum compressor_id compressor, uint32_t mtu)
{
	ends_init_as(
	    &ends, &(struct ends_setup){
		       .link = {WIRE_LINK_ETHERNET, WIRE_LINK_ETHERNET},
		       .compressor = compressor,
		       .mtu = mtu,
		   });
}

static void taps(void)
{
	taps_with(COMPRESSOR_LZ4, 1420);
}

static void tap_and_tun(void)
{
	ends_init_as(&ends, &(struct ends_setup){
				.link = {WIRE_LINK_ETHERNET, WIRE_LINK_IP},
				.mtu = 1420,
			    });
}

static void tap_and_plain(void)
{
	ends_init_as(&ends, &(struct ends_setup){
				.mode = {EXTENSION_AUTO, EXTENSION_OFF},
				.link = {WIRE_LINK_ETHERNET, WIRE_LINK_IP},
				.mtu = 1420,
			    });
}

static void begin(void)
{
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends_pass(&ends, 100 * NS_PER_MS);
}

static void send_bytes(struct end *from, const void *bytes, size_t len)
{
	end_send(&ends, from, bytes, len);
	ends_settle(&ends);
}

/* A frame that looks like everything else at its beginning. */
static size_t make_frame(uint8_t *frame, uint8_t first, size_t len)
{
	static const char words[] = "a frame is what its sender made it ";

	for (size_t i = 0; i < len; i++)
		frame[i] = (uint8_t)words[i % (sizeof(words) - 1)];
	frame[0] = first;
	return len;
}

static void send_frame(struct end *from, size_t len)
{
	uint8_t frame[FRAME_MAX];

	send_bytes(from, frame, make_frame(frame, 0x45, len));
}

/* Gives `to` a plaintext as if the other end had made it. */
static enum drop inject_to(struct end *to, const void *plain, size_t len)
{
	unsigned drops = to->drops;

	end_receive(&ends, to,
	    end_seal_plain(&ends, ends_other(&ends, to), plain, len));
	return to->drops == drops ? DROP_NONE : to->last_drop;
}

static enum drop inject(const void *plain, size_t len)
{
	return inject_to(&ends.b, plain, len);
}

/* ---- frames ---- */

static void use_cipher(enum aead_id id)
{
	const struct tunnel_aead only[] = {{id, 0}};

	tunnel_set_aeads(ends.a.tunnel, only, 1, true);
	tunnel_set_aeads(ends.b.tunnel, only, 1, true);
}

/* What the datagram of a frame has to have, whatever is in it. */
static void check_datagram(const struct packet *pkt, size_t len, uint32_t mtu)
{
	uint32_t whole = (uint32_t)len + WIRE_ETHERNET_HEAD;
	uint32_t inner = pkt->len - WIRE_OVERHEAD_BYTES;

	ck_assert_uint_ge(inner, whole);
	ck_assert_uint_lt(inner, whole + WIRE_PADDING);
	if (mtu && whole >= mtu)
		ck_assert_uint_eq(inner, whole);
	else if (mtu && inner % WIRE_PADDING)
		ck_assert_uint_eq(inner, mtu);
	else
		ck_assert_uint_eq(inner % WIRE_PADDING, 0);
}

static void try_length(
    uint64_t *state, enum aead_id cipher, size_t len, uint32_t mtu)
{
	uint8_t frame[FRAME_MAX];
	unsigned delivered = ends.b.delivered;

	repeatable_fill(state, frame, len);
	end_send(&ends, &ends.a, frame, len);
	ck_assert_uint_eq(ends.a.outbox.len, 1);
	check_datagram(ends.a.outbox.first, len, mtu);
	ck_assert_uint_eq(packet_data(ends.a.outbox.first)[0],
	    cipher == AEAD_AES256GCM ? WIRE_DATA_AES256GCM : WIRE_DATA);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, delivered + 1);
	ck_assert_uint_eq(ends.b.last_plain_len, len);
	ck_assert_mem_eq(ends.b.last_plain, frame, len);
	ck_assert_uint_eq(ends.b.last_frame, WIRE_FRAME_ETHERNET);
}

START_TEST(frames_of_each_length_arrive_as_they_were)
{
	static const struct {
		enum aead_id cipher;
		uint32_t mtu;
	} cases[] = {
	    {AEAD_CHACHA20POLY1305, 0},
	    {AEAD_CHACHA20POLY1305, 1420},
	    {AEAD_AES256GCM, 1420},
	    {AEAD_AES256GCM, 597},
	    {AEAD_AES256GCM, 1520},
	};
	uint64_t state = repeatable_seed();

	taps_with(COMPRESSOR_LZ4, cases[_i].mtu);
	use_cipher(cases[_i].cipher);
	begin();
	for (size_t len = FRAME_MIN; len <= FRAME_MAX; len++)
		try_length(&state, cases[_i].cipher, len, cases[_i].mtu);
	ck_assert_uint_eq(ends.a.drops + ends.b.drops, 0);
	clear();
}
END_TEST

START_TEST(text_in_frames_is_compressed_and_arrives_whole)
{
	struct tunnel_peer_status a, b;
	uint8_t frame[FRAME_MAX];
	enum compressor_id id = _i % 2 ? COMPRESSOR_LZ4 : COMPRESSOR_ZSTD;

	taps_with(id, 1420);
	use_cipher(_i / 2 ? AEAD_AES256GCM : AEAD_CHACHA20POLY1305);
	begin();
	for (size_t len = 200; len <= FRAME_MAX; len += 33) {
		send_bytes(&ends.a, frame, make_frame(frame, 0x31, len));
		ck_assert_uint_eq(ends.b.last_plain_len, len);
		ck_assert_mem_eq(ends.b.last_plain, frame, len);
	}
	a = end_status(&ends, &ends.a);
	b = end_status(&ends, &ends.b);
	ck_assert_uint_eq(a.compressed_packets, ends.b.delivered);
	ck_assert_uint_eq(b.expanded_packets, ends.b.delivered);
	ck_assert_uint_lt(a.compress_out_bytes, a.compress_in_bytes / 3);
	/* the head is no inner byte, compressed or not */
	ck_assert_uint_eq(a.tx_inner_bytes, b.rx_inner_bytes);
	clear();
}
END_TEST

START_TEST(a_frame_may_begin_like_anything_else)
{
	static const uint8_t firsts[] = {0x00, 0x10, 0x11, 0x14, 0x16, 0x20,
	    0x22, 0x30, 0x31, 0x45, 0x60, 0xa5, 0xd0, 0xff};
	uint8_t frame[FRAME_MAX];

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
		size_t len = i % 2 ? 60 : 600; /* plain and compressed */

		send_bytes(&ends.a, frame, make_frame(frame, firsts[i], len));
		ck_assert_uint_eq(ends.b.delivered, i + 1);
		ck_assert_mem_eq(ends.b.last_plain, frame, len);
	}
	ck_assert_uint_eq(end_status(&ends, &ends.b).unknown_frames, 0);
	ck_assert(end_status(&ends, &ends.b).has_session);
}
END_TEST

START_TEST(the_checksum_state_travels_with_the_frame)
{
	static const uint8_t frames[] = {
	    [CHECKSUM_FULL] = WIRE_FRAME_ETHERNET,
	    [CHECKSUM_PARTIAL] = WIRE_FRAME_ETHERNET_PARTIAL,
	    [CHECKSUM_VERIFIED] = WIRE_FRAME_ETHERNET_VERIFIED,
	};

	begin();
	ends.a.checksum = (enum checksum_state)_i;
	for (size_t len = 60; len <= 600; len += 540) {
		send_frame(&ends.a, len);
		ck_assert_uint_eq(ends.b.last_plain_len, len);
		ck_assert_int_eq(ends.b.last_checksum, ends.a.checksum);
		ck_assert_uint_eq(ends.b.last_frame, frames[_i]);
	}
}
END_TEST

static void tuns_of(enum extension_mode b)
{
	ends_init_as(&ends, &(struct ends_setup){
				.mode = {EXTENSION_AUTO, b},
				.link = {WIRE_LINK_IP, WIRE_LINK_IP},
				.mtu = 1420,
			    });
}

static void tuns(void)
{
	tuns_of(EXTENSION_AUTO);
}

static void tun_and_plain(void)
{
	tuns_of(EXTENSION_OFF);
}

static void send_ip(enum checksum_state state, uint8_t version)
{
	uint8_t bytes[200];

	make_frame(bytes, (uint8_t)(version << 4 | 5), sizeof(bytes));
	ends.a.checksum = state;
	send_bytes(&ends.a, bytes, sizeof(bytes));
	ck_assert_uint_ge(ends.b.last_plain_len, sizeof(bytes));
	ck_assert_mem_eq(ends.b.last_plain, bytes, sizeof(bytes));
}

START_TEST(the_checksum_state_travels_with_the_packet)
{
	begin();
	send_ip(CHECKSUM_FULL, 4);
	for (uint8_t version = 4; version <= 6; version += 2) {
		send_ip((enum checksum_state)_i, version);
		ck_assert_int_eq(ends.b.last_checksum, _i);
	}
}
END_TEST

START_TEST(a_plain_peer_hears_of_no_checksum_state)
{
	begin();
	send_ip((enum checksum_state)_i, 4);
	send_ip((enum checksum_state)_i, 6);
	ck_assert_int_eq(ends.b.last_checksum, CHECKSUM_FULL);
	ck_assert(!tunnel_peer_takes_checksums(ends.a.peer));
}
END_TEST

/* What came from one peer goes to another with fields of its own journey. */
START_TEST(a_forwarded_frame_gets_a_head_of_its_own)
{
	uint8_t frame[60];
	struct packet *pkt;

	begin();
	make_frame(frame, 0x20, sizeof(frame));
	pkt = pool_get(ends.pool);
	memcpy(packet_data(pkt), frame, sizeof(frame));
	pkt->len = sizeof(frame);
	pkt->peer = ends.a.peer;
	pkt->frame = WIRE_FRAME_ETHERNET_VERIFIED;
	pkt->plain_bytes = 1000;
	tunnel_compress(ends.a.tunnel, pkt, &ends.now);
	ck_assert_uint_eq(pkt->len, sizeof(frame) + WIRE_ETHERNET_HEAD);
	ck_assert_uint_eq(pkt->plain_bytes, sizeof(frame));
	tunnel_seal(ends.a.tunnel, &pkt, 1, &ends.now);
	end_receive(&ends, &ends.b, pkt);
	ck_assert_uint_eq(ends.b.last_frame, WIRE_FRAME_ETHERNET);
	ck_assert_mem_eq(ends.b.last_plain, frame, sizeof(frame));
}
END_TEST

START_TEST(padding_that_is_not_there_is_refused)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		enum drop reason;
	} cases[] = {
	    {{0x20}, 1, DROP_VPN_FRAME},
	    {{0x20, 0}, 2, DROP_VPN_FRAME},
	    {{0x21, 1, 0}, 3, DROP_VPN_FRAME},
	    {{0x22, 6, 1, 2, 3, 4, 5, 6}, 8, DROP_VPN_FRAME},
	    {{0x20, 255, 1, 2, 3, 4, 5, 6}, 8, DROP_VPN_FRAME},
	    {{0x20, 5, 1, 0, 0, 0, 0, 0}, 8, DROP_NONE},
	    {{0x20, 0, 1, 2, 3, 4, 5, 6}, 8, DROP_NONE},
	};
	uint8_t plain[16] = {0};

	begin();
	memcpy(plain, cases[_i].bytes, cases[_i].len);
	/* end_seal_plain pads, which belongs to a frame with padding 0 */
	ends.a.tunnel->mtu = (uint32_t)cases[_i].len;
	ck_assert_int_eq(inject(plain, cases[_i].len), cases[_i].reason);
	ck_assert_uint_eq(ends.b.delivered, !cases[_i].reason);
	if (!cases[_i].reason)
		ck_assert_uint_eq(
		    ends.b.last_plain_len, cases[_i].len - 2 - plain[1]);
}
END_TEST

/* ---- what does not fit ---- */

/* An LZ4 block of literals only. */
static size_t lz4_of(uint8_t *ret, const uint8_t *bytes, size_t len)
{
	struct writer w = writer_of(ret, len + 6);

	ck_assert_uint_lt(len, 15);
	writer_le(&w, WIRE_FRAME_LZ4, 1);
	writer_le(&w, len, 2);
	writer_le(&w, len + 1, 2);
	writer_le(&w, len << 4, 1);
	writer_bytes(&w, bytes, len);
	return len + 6;
}

static enum drop inject_lz4(
    struct end *to, uint8_t first, uint8_t second, size_t len)
{
	uint8_t inner[14] = {first, second}, plain[32];

	return inject_to(to, plain, lz4_of(plain, inner, len));
}

START_TEST(ip_packets_do_not_pass_an_ethernet_link)
{
	static const uint8_t firsts[] = {0x45, 0x60, 0xa5, 0xb5, 0xc0, 0xd0};
	uint8_t plain[32] = {0};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
		plain[0] = firsts[i];
		ck_assert_int_eq(inject(plain, 32), DROP_VPN_LINK);
		ck_assert_int_eq(
		    inject_lz4(&ends.b, firsts[i], 0, 14), DROP_VPN_LINK);
	}
	ck_assert_uint_eq(ends.b.delivered, 0);
	ck_assert_uint_eq(end_status(&ends, &ends.b).rx_inner_bytes, 0);
}
END_TEST

START_TEST(nothing_is_nested_in_a_compressed_block)
{
	static const uint8_t frames[] = {0x10, 0x14, 0x16, 0x30, 0x31, 0x50};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		ck_assert_int_eq(
		    inject_lz4(&ends.b, frames[i], 0, 14), DROP_VPN_DECOMPRESS);
	ck_assert_int_eq(inject_lz4(&ends.b, 0x20, 0, 1), DROP_VPN_FRAME);
	ck_assert_int_eq(inject_lz4(&ends.b, 0x20, 12, 14), DROP_VPN_FRAME);
	ck_assert_uint_eq(ends.b.delivered, 0);
	ck_assert_int_eq(inject_lz4(&ends.b, 0x22, 11, 14), DROP_NONE);
	ck_assert_uint_eq(ends.b.last_plain_len, 1);
}
END_TEST

START_TEST(ethernet_frames_do_not_pass_an_ip_link)
{
	uint8_t plain[32] = {0};

	ends_init(&ends, EXTENSION_AUTO, EXTENSION_AUTO, COMPRESSOR_NONE);
	begin();
	for (uint8_t frame = 0x20; frame <= 0x22; frame++) {
		plain[0] = frame;
		ck_assert_int_eq(inject(plain, 32), DROP_VPN_LINK);
		ck_assert_int_eq(
		    inject_lz4(&ends.b, frame, 0, 14), DROP_VPN_LINK);
	}
	ck_assert_uint_eq(ends.b.delivered, 0);
	ck_assert_int_eq(end_status(&ends, &ends.b).peer_link, WIRE_LINK_IP);
	ck_assert(!end_status(&ends, &ends.b).is_refused);
	clear();
}
END_TEST

START_TEST(a_tap_and_a_tun_refuse_each_other_at_both_ends)
{
	struct tunnel_peer_status a, b;
	uint8_t packet[60] = {0x45};

	send_frame(&ends.a, 60); /* waits, and makes the session */
	ends_pass(&ends, 100 * NS_PER_MS);
	a = end_status(&ends, &ends.a);
	b = end_status(&ends, &ends.b);
	ck_assert(a.is_refused && b.is_refused);
	ck_assert(a.has_session && b.has_session);
	ck_assert(a.knows_features && b.knows_features);
	ck_assert(!a.is_plain && !b.is_plain);
	ck_assert_int_eq(a.peer_link, WIRE_LINK_IP);
	ck_assert_int_eq(b.peer_link, WIRE_LINK_ETHERNET);
	/* what waited was given up */
	ck_assert_uint_eq(a.staged_packets, 0);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_LINK);
	send_frame(&ends.a, 60);
	send_bytes(&ends.b, packet, sizeof(packet));
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_LINK);
	ck_assert_uint_eq(ends.a.drops, 2);
	ck_assert_uint_eq(ends.b.drops, 1);
	ck_assert_int_eq(inject_to(&ends.a, packet, 60), DROP_VPN_LINK);
	packet[0] = 0x20;
	ck_assert_int_eq(inject_to(&ends.b, packet, 60), DROP_VPN_LINK);
	ck_assert_uint_eq(ends.a.delivered + ends.b.delivered, 0);
	ck_assert(!tunnel_peer_takes_floods(ends.a.peer, ends.now.now));
	ck_assert(!extension_permits_traffic(ends.a.peer));
}
END_TEST

START_TEST(refused_links_stay_refused_across_rekeys_and_ask_rarely)
{
	begin();
	for (int i = 0; i < 300; i++) {
		send_frame(&ends.a, 60);
		ends_pass(&ends, NS_PER_S);
	}
	ck_assert_uint_eq(ends.a.delivered + ends.b.delivered, 0);
	ck_assert(end_status(&ends, &ends.a).is_refused);
	ck_assert_uint_le(ends.a.sent[WIRE_INITIATION], 4);
	ck_assert_uint_le(ends.a.sent[WIRE_DATA], 8);
}
END_TEST

START_TEST(a_plain_peer_of_a_tap_is_refused)
{
	struct tunnel_peer_status a;
	uint8_t packet[64] = {0x45};

	send_frame(&ends.a, 60);
	send_bytes(&ends.b, packet, sizeof(packet));
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_PLAIN);
	ends_pass(&ends, 10 * NS_PER_S);
	a = end_status(&ends, &ends.a);
	ck_assert(a.is_plain && a.is_refused);
	ck_assert_int_eq(a.extension, EXTENSION_REQUIRED);
	ck_assert_uint_eq(a.staged_packets, 0);
	send_bytes(&ends.b, packet, sizeof(packet));
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_PLAIN);
	/* its packets are no reason to think that it has the extension */
	ck_assert(end_status(&ends, &ends.a).is_plain);
	send_frame(&ends.a, 60);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_PLAIN);
	ck_assert_uint_eq(ends.a.delivered + ends.b.delivered, 0);
}
END_TEST

START_TEST(the_extension_is_required_on_ethernet_whatever_was_asked_for)
{
	struct tunnel_peer_setup setup = {.name = "other"};

	begin();
	for (int mode = EXTENSION_AUTO; mode <= EXTENSION_REQUIRED; mode++) {
		setup.extension = (enum extension_mode)mode;
		tunnel_peer_change(
		    ends.a.tunnel, ends.a.peer, &setup, &ends.now);
		ck_assert_int_eq(
		    end_status(&ends, &ends.a).extension, EXTENSION_REQUIRED);
		ck_assert(end_status(&ends, &ends.a).has_session);
	}
}
END_TEST

/* HELLO with these features and link; 0: without the field. */
static enum drop say_hello(struct end *to, uint32_t features, uint8_t link)
{
	uint8_t hello[WIRE_HELLO_BYTES] = {0};
	struct writer w = writer_of(hello, sizeof(hello));

	writer_le(&w, WIRE_FRAME_HELLO, 1);
	writer_le(&w, WIRE_HELLO_VERSION, 1);
	writer_le(&w, link ? 9 : 6, 2);
	writer_le(&w, WIRE_HELLO_FEATURES, 1);
	writer_le(&w, 4, 1);
	writer_le(&w, features, 4);
	if (link) {
		writer_le(&w, WIRE_HELLO_LINK, 1);
		writer_le(&w, 1, 1);
		writer_le(&w, link, 1);
	}
	return inject_to(to, hello, sizeof(hello));
}

START_TEST(hello_decides_each_time_whether_the_links_fit)
{
	static const struct {
		enum wire_link own;
		uint8_t link;
		uint32_t features;
		bool is_refused;
	} cases[] = {
	    {WIRE_LINK_ETHERNET, 0, WIRE_FEATURE_ETHERNET, true},
	    {WIRE_LINK_ETHERNET, 1, WIRE_FEATURE_ETHERNET, true},
	    {WIRE_LINK_ETHERNET, 2, 0, true},
	    {WIRE_LINK_ETHERNET, 3, WIRE_FEATURE_ETHERNET, true},
	    {WIRE_LINK_ETHERNET, 2, WIRE_FEATURE_ETHERNET, false},
	    {WIRE_LINK_IP, 0, 0, false}, /* one that never says it */
	    {WIRE_LINK_IP, 1, WIRE_FEATURE_ETHERNET, false},
	    {WIRE_LINK_IP, 2, WIRE_FEATURE_ETHERNET, true},
	    {WIRE_LINK_IP, 3, 0, true},
	    {WIRE_LINK_IP, 1, 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ends_init_as(&ends,
		    &(struct ends_setup){.link = {cases[i].own, cases[i].own}});
		begin();
		ck_assert(!end_status(&ends, &ends.b).is_refused);
		ck_assert_int_eq(
		    say_hello(&ends.b, cases[i].features, cases[i].link),
		    DROP_NONE);
		ck_assert_int_eq(
		    end_status(&ends, &ends.b).is_refused, cases[i].is_refused);
		ck_assert_int_eq(
		    end_status(&ends, &ends.b).peer_link, cases[i].link);
		/* the right one heals it within the session */
		ck_assert_int_eq(say_hello(&ends.b, WIRE_FEATURE_ETHERNET,
				     (uint8_t)cases[i].own),
		    DROP_NONE);
		ck_assert(!end_status(&ends, &ends.b).is_refused);
		clear();
	}
}
END_TEST

START_TEST(a_peer_that_changes_its_mind_does_not_fill_the_log)
{
	unsigned lines = 0;
	const struct log log = {LOG_LEVEL_INFO, ends_count_line, &lines};

	taps();
	begin();
	ends.now.now.ns += HELLO_TELL_NS;
	ends.b.tunnel->log = &log;
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(
		    say_hello(&ends.b, WIRE_FEATURE_ETHERNET, i % 2 ? 2 : 1),
		    DROP_NONE);
	ck_assert_uint_eq(lines, 1);
	ends.now.now.ns += HELLO_TELL_NS;
	ck_assert_int_eq(
	    say_hello(&ends.b, WIRE_FEATURE_ETHERNET, 1), DROP_NONE);
	/* and how many were left out */
	ck_assert_uint_eq(lines, 3);
	ends.b.tunnel->log = NULL;
}
END_TEST

/* ---- time ---- */

START_TEST(keepalives_pass_an_ethernet_link_and_do_not_multiply)
{
	unsigned data;

	begin();
	send_frame(&ends.a, 60);
	data = ends.b.sent[WIRE_DATA] + ends.b.sent[WIRE_DATA_AES256GCM];
	ends_pass(&ends, 14 * NS_PER_S);
	ck_assert_uint_eq(
	    ends.b.sent[WIRE_DATA] + ends.b.sent[WIRE_DATA_AES256GCM],
	    data + 1);
	ends_pass(&ends, 60 * NS_PER_S);
	ck_assert_uint_eq(
	    ends.b.sent[WIRE_DATA] + ends.b.sent[WIRE_DATA_AES256GCM],
	    data + 1);
	ck_assert_uint_eq(ends.b.delivered, 1);
	ck_assert_uint_eq(ends.a.delivered, 0);
	ck_assert_uint_eq(ends.a.drops + ends.b.drops, 0);
	ck_assert_uint_eq(ends.a.sent[WIRE_INITIATION], 1);
}
END_TEST

/* Carries all but datagrams of a HELLO's length. */
static void settle_without_hello(void)
{
	const size_t hello =
	    (WIRE_HELLO_BYTES + 15) / 16 * 16 + WIRE_OVERHEAD_BYTES;
	struct end *both[] = {&ends.a, &ends.b};
	bool has_moved = true;

	while (has_moved) {
		has_moved = false;
		for (size_t i = 0; i < 2; i++) {
			struct packet *pkt;

			end_flush(&ends, both[i]);
			while ((pkt = packet_list_pop(&both[i]->outbox))) {
				has_moved = true;
				if (pkt->len == hello)
					pool_put(ends.pool, pkt);
				else
					end_receive(&ends, both[1 - i], pkt);
			}
		}
	}
}

static void turn_without_hello(int64_t ns)
{
	ends_advance(&ends, ns);
	tunnel_turn(ends.a.tunnel, &ends.now);
	tunnel_turn(ends.b.tunnel, &ends.now);
	settle_without_hello();
}

START_TEST(frames_wait_for_a_late_hello_and_get_one_head)
{
	uint8_t frame[FRAME_MAX];

	make_frame(frame, 0x20, 700);
	end_send(&ends, &ends.a, frame, 700);
	settle_without_hello();
	turn_without_hello(100 * NS_PER_MS);
	turn_without_hello(NS_PER_S);
	end_send(&ends, &ends.a, frame, 700);
	ck_assert(end_status(&ends, &ends.a).has_session);
	ck_assert(!end_status(&ends, &ends.a).is_refused);
	ck_assert_uint_eq(end_status(&ends, &ends.a).staged_packets, 2);
	ck_assert_uint_eq(ends.b.delivered, 0);
	ends_pass(&ends, 3 * NS_PER_S);
	ck_assert_uint_eq(ends.b.delivered, 2);
	ck_assert_uint_eq(ends.b.last_plain_len, 700);
	ck_assert_mem_eq(ends.b.last_plain, frame, 700);
	ck_assert_uint_eq(ends.a.drops + ends.b.drops, 0);
}
END_TEST

static unsigned run_for(unsigned seconds, bool has_hello)
{
	unsigned sent = 0;

	for (unsigned i = 0; i < 10 * seconds; i++, sent++) {
		uint8_t frame[60];

		make_frame(frame, 0x45, sizeof(frame));
		end_send(&ends, &ends.a, frame, sizeof(frame));
		end_send(&ends, &ends.b, frame, sizeof(frame));
		if (has_hello)
			ends_pass(&ends, 100 * NS_PER_MS);
		else
			turn_without_hello(100 * NS_PER_MS);
		ck_assert_uint_eq(ends.a.delivered, sent + 1);
		ck_assert_uint_eq(ends.b.delivered, sent + 1);
	}
	return sent;
}

START_TEST(a_rekey_never_stalls_an_ethernet_link)
{
	begin();
	(void)run_for(400, _i);
	ck_assert_uint_ge(
	    ends.a.sent[WIRE_INITIATION] + ends.b.sent[WIRE_INITIATION], 4);
	ck_assert_uint_eq(ends.a.drops + ends.b.drops, 0);
}
END_TEST

/* ---- what the path asks ---- */

START_TEST(a_peer_takes_floods_while_it_can_be_reached)
{
	const struct endpoint nowhere = {.address = {.family = FAMILY_NONE}};

	ck_assert(tunnel_peer_takes_floods(ends.a.peer, ends.now.now));
	begin();
	ck_assert(tunnel_peer_takes_floods(ends.a.peer, ends.now.now));
	tunnel_peer_set_endpoint(ends.a.peer, &nowhere);
	ck_assert(!tunnel_peer_takes_floods(ends.a.peer, ends.now.now));
}
END_TEST

START_TEST(a_peer_has_allowed_ips_while_a_prefix_is_its_own)
{
	struct prefix wide = {.address = {FAMILY_IPV4, {10}}, .bits = 8};
	struct prefix narrow = {.address = {FAMILY_IPV4, {10, 1}}, .bits = 16};
	struct prefix narrow_too = {
	    .address = {FAMILY_IPV4, {10, 1, 2, 3}}, .bits = 16};
	struct tunnel_peer_setup setup = {.name = "third"};
	struct tunnel *tunnel = ends.a.tunnel;
	struct peer *peer = ends.a.peer, *third;

	setup.public_key[0] = 9;
	ck_assert_int_eq(tunnel_peer_add(tunnel, &third, &setup, &ends.now), 0);
	ck_assert(!tunnel_peer_has_allowed_ips(peer));
	ck_assert_int_eq(tunnel_peer_allow(tunnel, peer, &wide), 0);
	ck_assert_int_eq(tunnel_peer_allow(tunnel, peer, &wide), 0);
	ck_assert_int_eq(tunnel_peer_allow(tunnel, peer, &narrow), 0);
	ck_assert(tunnel_peer_has_allowed_ips(peer));
	ck_assert_int_eq(tunnel_peer_allow(tunnel, third, &narrow_too), 0);
	ck_assert(tunnel_peer_has_allowed_ips(third));
	tunnel_peer_disallow(tunnel, peer, &narrow); /* no longer its own */
	ck_assert(tunnel_peer_has_allowed_ips(peer));
	tunnel_peer_disallow(tunnel, peer, &wide);
	tunnel_peer_disallow(tunnel, peer, &wide);
	ck_assert(!tunnel_peer_has_allowed_ips(peer));
	ck_assert(tunnel_peer_has_allowed_ips(third));
	tunnel_peer_disallow(tunnel, third, &narrow);
	ck_assert(!tunnel_peer_has_allowed_ips(third));
}
END_TEST

START_TEST(a_peer_keeps_its_port)
{
	int port;

	ck_assert_ptr_null(tunnel_peer_port(ends.a.peer));
	tunnel_peer_set_port(ends.a.peer, &port);
	ck_assert_ptr_eq(tunnel_peer_port(ends.a.peer), &port);
	ck_assert_ptr_eq(tunnel_peer_user(ends.a.peer), &ends.a);
}
END_TEST

/* ---- the suite ---- */

static TCase *own_cases(void)
{
	TCase *tc = tcase_create("links of their own");

	tcase_add_loop_test(
	    tc, frames_of_each_length_arrive_as_they_were, 0, 5);
	tcase_add_loop_test(
	    tc, text_in_frames_is_compressed_and_arrives_whole, 0, 4);
	tcase_add_test(tc, ethernet_frames_do_not_pass_an_ip_link);
	tcase_add_test(tc, hello_decides_each_time_whether_the_links_fit);
	tcase_add_test(tc, a_peer_that_changes_its_mind_does_not_fill_the_log);
	return tc;
}

static TCase *tap_cases(void)
{
	TCase *tc = tcase_create("taps");

	tcase_add_checked_fixture(tc, taps, clear);
	tcase_add_test(tc, a_frame_may_begin_like_anything_else);
	tcase_add_loop_test(
	    tc, the_checksum_state_travels_with_the_frame, 0, 3);
	tcase_add_test(tc, a_forwarded_frame_gets_a_head_of_its_own);
	tcase_add_loop_test(tc, padding_that_is_not_there_is_refused, 0, 7);
	tcase_add_test(tc, ip_packets_do_not_pass_an_ethernet_link);
	tcase_add_test(tc, nothing_is_nested_in_a_compressed_block);
	tcase_add_test(
	    tc, the_extension_is_required_on_ethernet_whatever_was_asked_for);
	tcase_add_test(
	    tc, keepalives_pass_an_ethernet_link_and_do_not_multiply);
	tcase_add_test(tc, frames_wait_for_a_late_hello_and_get_one_head);
	tcase_add_loop_test(tc, a_rekey_never_stalls_an_ethernet_link, 0, 2);
	tcase_add_test(tc, a_peer_takes_floods_while_it_can_be_reached);
	tcase_add_test(tc, a_peer_has_allowed_ips_while_a_prefix_is_its_own);
	tcase_add_test(tc, a_peer_keeps_its_port);
	return tc;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("link");
	TCase *mixed = tcase_create("tap and tun");
	TCase *plain = tcase_create("tap and plain");
	TCase *packets = tcase_create("tuns");
	TCase *unheard = tcase_create("tun and plain");

	tcase_add_checked_fixture(mixed, tap_and_tun, clear);
	tcase_add_test(mixed, a_tap_and_a_tun_refuse_each_other_at_both_ends);
	tcase_add_test(
	    mixed, refused_links_stay_refused_across_rekeys_and_ask_rarely);
	tcase_add_checked_fixture(plain, tap_and_plain, clear);
	tcase_add_test(plain, a_plain_peer_of_a_tap_is_refused);
	tcase_add_checked_fixture(packets, tuns, clear);
	tcase_add_loop_test(
	    packets, the_checksum_state_travels_with_the_packet, 0, 3);
	tcase_add_checked_fixture(unheard, tun_and_plain, clear);
	tcase_add_loop_test(
	    unheard, a_plain_peer_hears_of_no_checksum_state, 0, 3);
	suite_add_tcase(suite, packets);
	suite_add_tcase(suite, unheard);
	suite_add_tcase(suite, own_cases());
	suite_add_tcase(suite, tap_cases());
	suite_add_tcase(suite, mixed);
	suite_add_tcase(suite, plain);
	return suite;
}
