/* SPDX-License-Identifier: ISC */
/* Captures: packets copied for somebody who looks on. */
#include "core/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"
#include "base/cursor.h"
#include "base/ring.h"
#include "packet/envelope.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "protocol/wire.h"

#define SCRATCH_BYTES (ENVELOPE_BYTES_MAX + 65536)
#define NS_PER_WALL_S UINT64_C(1000000000)

struct capture {
	struct captures *captures;
	unsigned watched;
	char peer[CONFIG_NAME_BYTES]; /* "": all */
	struct bpf_instruction *program;
	uint32_t snap_bytes;
	uint64_t left; /* packets until the end; UINT64_MAX: no end */
	bool is_stopped;
	struct ring ring;
	uint64_t lost; /* that no record tells yet */
};

/* A packet as it is shown; made once for all captures. */
struct view {
	const struct path_sight *sight;
	struct bpf_packet bpf;
	uint32_t captured, len; /* of a super-packet more than a program sees */
	bool is_outer;
	const char *peer; /* NULL: nobody has asked yet */
};

/* ---- what a program sees ---- */

/* Of a segment, behind the IP header. */
static uint32_t l4_header_len(const struct packet *pkt)
{
	const uint8_t *l4 = l4_data(pkt);

	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		return UDP_BYTES;
	if (pkt->l4_protocol == IP_PROTOCOL_TCP && l4_len(pkt) >= TCP_BYTES)
		return (uint32_t)(l4[12] >> 4) * 4;
	return 0;
}

/* Without the padding that WireGuard puts behind an IP packet. */
static uint32_t ip_len(const struct packet *pkt)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);
	uint8_t version = cursor_u8(&c) >> 4;
	uint32_t len;

	cursor_skip(&c, version == FAMILY_IPV6 ? 3 : 1);
	len = cursor_be16(&c);
	if (version == FAMILY_IPV6)
		len += IPV6_BYTES;
	return c.has_failed || len < IPV4_BYTES || len > pkt->len ? pkt->len
								  : len;
}

/* What no offload would have sent: one of its segments. */
static uint32_t segment_len(const struct packet *pkt, bool is_ethernet)
{
	struct packet copy = *pkt;
	uint32_t len;

	if ((is_ethernet && packet_parse_ethernet(&copy)) ||
	    packet_parse_ip(&copy))
		return pkt->len;
	len = copy.l2_bytes + copy.l3_bytes + l4_header_len(&copy) +
	      copy.segment_bytes;
	return len < pkt->len ? len : pkt->len;
}

static uint16_t ethertype_of(const struct bpf_packet *bpf, bool is_ethernet)
{
	struct cursor c = cursor_of(bpf->bytes, bpf->len);
	uint8_t version;

	if (is_ethernet) {
		cursor_skip(&c, 2 * sizeof(struct mac));
		return cursor_be16(&c);
	}
	version = cursor_u8(&c) >> 4;
	if (version == FAMILY_IPV4)
		return ETHERTYPE_IPV4;
	return version == FAMILY_IPV6 ? ETHERTYPE_IPV6 : 0;
}

static void view_packet(const struct captures *captures, struct view *view)
{
	const struct packet *pkt = view->sight->pkt;

	view->bpf.bytes = packet_data(pkt);
	view->captured = captures->is_ethernet ? pkt->len : ip_len(pkt);
	view->len = view->captured;
	view->bpf.len = pkt->segments > 1
			    ? segment_len(pkt, captures->is_ethernet)
			    : view->len;
	view->bpf.wire_len = view->bpf.len;
}

/* Without a word on where it is from, a datagram is not shown as one. */
static void view_datagram(const struct captures *captures, struct view *view)
{
	const struct path_sight *sight = view->sight;
	const struct packet *pkt = sight->pkt;
	uint32_t len = pkt->len;
	struct envelope envelope = {.endpoint = &pkt->endpoint,
	    .own_port = captures->own_port,
	    .is_outbound = sight->is_outbound,
	    .is_ethernet = captures->is_ethernet,
	    .ecn = pkt->outer_ecn,
	    .payload = packet_data(pkt),
	    .len = len};
	size_t head = envelope_write(captures->scratch, &envelope);

	view->is_outer = true;
	if (!head)
		return;
	if (sight->bytes == PATH_BYTES_HEADER && len > WIRE_DATA_HEADER_BYTES)
		len = WIRE_DATA_HEADER_BYTES;
	memcpy(captures->scratch + head, envelope.payload, len);
	view->bpf.bytes = captures->scratch;
	view->bpf.len = (uint32_t)head + len;
	view->bpf.wire_len = (uint32_t)head + pkt->len;
	view->captured = view->bpf.len;
	view->len = view->bpf.wire_len;
}

static struct view view_of(
    const struct captures *captures, const struct path_sight *sight)
{
	struct view view = {.sight = sight,
	    .bpf = {.bytes = captures->scratch,
		.wire_len = sight->pkt->len,
		.type = sight->is_outbound ? BPF_OUTGOING : BPF_TO_HOST},
	    .len = sight->pkt->len};

	if (sight->bytes == PATH_BYTES_INNER)
		view_packet(captures, &view);
	else if (sight->bytes != PATH_BYTES_NONE)
		view_datagram(captures, &view);
	view.bpf.protocol = ethertype_of(&view.bpf, captures->is_ethernet);
	return view;
}

/* ---- records ---- */

static void put_lost(struct capture *capture)
{
	struct capture_record record = {.kind = CAPTURE_LOST,
	    .lost = capture->lost,
	    .peer = "",
	    .stage = "",
	    .reason = ""};
	uint8_t head[CAPTURE_HEAD_BYTES];
	struct ring_piece piece = {head, capture_head_write(head, &record)};

	if (ring_put(&capture->ring, &piece, 1))
		capture->lost = 0;
}

/* First of all tells what was lost before. */
static bool put(struct capture *capture, const struct capture_record *record)
{
	uint8_t head[CAPTURE_HEAD_BYTES];
	struct ring_piece pieces[] = {{head, capture_head_write(head, record)},
	    {record->bytes, record->captured}};

	if (capture->lost)
		put_lost(capture);
	if (capture->lost || !ring_put(&capture->ring, pieces, 2)) {
		capture->lost++;
		return false;
	}
	capture->captures->has_news = true;
	return true;
}

static uint8_t flags_of(const struct view *view)
{
	const struct path_sight *sight = view->sight;
	bool is_drop = sight->what == PATH_WATCH_DROPS;

	return (uint8_t)((sight->is_outbound ? CAPTURE_OUTBOUND : 0) |
			 (view->is_outer ? CAPTURE_OUTER : 0) |
			 (is_drop ? CAPTURE_DROP : 0));
}

static struct capture_record record_of(
    const struct capture *capture, const struct view *view)
{
	const struct path_sight *sight = view->sight;
	const struct packet *pkt = sight->pkt;
	bool is_drop = sight->what == PATH_WATCH_DROPS;
	struct capture_record record = {.kind = CAPTURE_PACKET,
	    .flags = flags_of(view),
	    .time_ns = (uint64_t)sight->now->wall_s * NS_PER_WALL_S +
		       sight->now->wall_ns,
	    .segments = pkt->segments,
	    .segment_bytes = pkt->segment_bytes,
	    .len = view->len,
	    .captured = view->captured,
	    .bytes = view->bpf.bytes,
	    .peer = view->peer,
	    .stage = is_drop ? sight->stage : "",
	    .reason = is_drop ? drop_name(pkt->drop) : ""};

	if (record.captured > capture->snap_bytes)
		record.captured = capture->snap_bytes;
	return record;
}

/* ---- one packet ---- */

static bool accepts(const struct capture *capture, const struct view *view)
{
	return !capture->program || bpf_run(capture->program, &view->bpf);
}

static bool wants_peer(const struct captures *captures,
    const struct capture *capture, struct view *view)
{
	if (!view->peer)
		view->peer =
		    captures->peer_name(captures->context, view->sight);
	return !capture->peer[0] || strcmp(capture->peer, view->peer) == 0;
}

static void show(
    struct captures *captures, struct capture *capture, struct view *view)
{
	struct capture_record record;

	if (!accepts(capture, view) || !wants_peer(captures, capture, view))
		return;
	record = record_of(capture, view);
	if (put(capture, &record) && !--capture->left)
		capture_stop(capture);
}

static bool wants(const struct capture *capture, enum path_watched what)
{
	return capture && !capture->is_stopped && capture->watched & what;
}

void captures_show(void *context, const struct path_sight *sight)
{
	struct captures *captures = context;
	struct view view = view_of(captures, sight);

	for (size_t i = 0; i < CAPTURES_MAX; i++)
		if (wants(captures->list[i], sight->what))
			show(captures, captures->list[i], &view);
}

/* ---- their lives ---- */

static void watch(struct captures *captures)
{
	unsigned watched = 0;

	for (size_t i = 0; i < CAPTURES_MAX; i++)
		if (captures->list[i] && !captures->list[i]->is_stopped)
			watched |= captures->list[i]->watched;
	path_set_watched(captures->path, watched);
}

static struct capture **place_of(
    struct captures *captures, const struct capture *capture)
{
	for (size_t i = 0; i < CAPTURES_MAX; i++)
		if (captures->list[i] == capture)
			return &captures->list[i];
	return NULL;
}

static void take_want(struct capture *capture, const struct capture_want *want)
{
	size_t len = want->peer ? strlen(want->peer) : 0;

	if (len < sizeof(capture->peer) && len)
		memcpy(capture->peer, want->peer, len + 1);
	capture->watched = want->watched;
	capture->snap_bytes = want->snap_bytes;
	capture->left = want->count ? want->count : UINT64_MAX;
	capture->program = want->program;
}

/* The ring is empty: it has room. */
static void put_begin(struct capture *capture)
{
	struct capture_record record = {.kind = CAPTURE_BEGIN,
	    .flags = capture->captures->is_ethernet ? CAPTURE_ETHERNET : 0,
	    .peer = "",
	    .stage = "",
	    .reason = ""};

	(void)put(capture, &record);
}

static struct capture *make(
    struct captures *captures, const struct capture_want *want)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!captures->scratch)
		captures->scratch = malloc(SCRATCH_BYTES);
	if (!captures->scratch || !capture ||
	    ring_init(&capture->ring, CAPTURE_RING_BYTES)) {
		free(capture);
		return NULL;
	}
	capture->captures = captures;
	take_want(capture, want);
	put_begin(capture);
	return capture;
}

int captures_begin(struct captures *captures, struct capture **ret,
    const struct capture_want *want)
{
	struct capture **place = place_of(captures, NULL);
	struct capture *capture = place ? make(captures, want) : NULL;

	if (!capture) {
		free(want->program);
		return place ? -ENOMEM : -EBUSY;
	}
	*place = *ret = capture;
	watch(captures);
	return 0;
}

void capture_stop(struct capture *capture)
{
	capture->is_stopped = true;
	watch(capture->captures);
}

void capture_free(struct capture *capture)
{
	struct captures *captures = capture->captures;

	*place_of(captures, capture) = NULL;
	watch(captures);
	ring_clear(&capture->ring);
	free(capture->program);
	free(capture);
}

void captures_clear(struct captures *captures)
{
	for (size_t i = 0; i < CAPTURES_MAX; i++)
		if (captures->list[i])
			capture_free(captures->list[i]);
	free(captures->scratch);
	captures->scratch = NULL;
}

/* ---- its client ---- */

size_t capture_take(struct capture *capture, uint8_t *to, size_t room)
{
	size_t used = 0, len;

	if (capture->lost)
		put_lost(capture);
	while (ring_peek(&capture->ring, &len) && len <= room - used) {
		ring_take(&capture->ring, to + used);
		used += len;
	}
	return used;
}

bool capture_is_over(const struct capture *capture)
{
	return capture->is_stopped && !capture->ring.used && !capture->lost;
}
