/* SPDX-License-Identifier: ISC */
/*
 * The invariants, held after every event at a host.
 *
 * How it works: all is judged from outside: what arrived, what left, what came
 * out of the device, what the status says. The world knows which datagrams a
 * core made and which were damaged or invented, so it knows what must be met
 * with silence. A session is known by the indices in its handshake messages.
 *	leaves	only to a peer's endpoint, or to whom just sent a genuine
 *		handshake message, and then no more than that had
 *	silence for what is not genuine, and for repetitions
 *	nonces	the counter of a session only grows
 *	age	no data under keys older than 180 s, nor under unconfirmed ones
 *	roaming	only for the newest authenticated datagram of that peer
 *	storms	no more initiations than the schedule has
 *	inner	each packet exactly as sent, from its sender, at most once;
 *		a frame at most once per host, never where it came from
 *	pool	each packet is in the pool or staged
 *	counts	what came in went out, was used up, waits, or was dropped
 *	switch	its table keeps its limits and forgets in time (lan.c)
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "sim.h"

#define REJECT_AFTER_NS	 (180 * SIM_S)
#define SEEN_INCARNATION 0x7fu
#define SEEN_ANSWERED	 0x80u

static uint8_t message_type(const struct datagram *it)
{
	return it->len ? it->bytes[0] : 0;
}

static bool is_data_type(uint8_t type)
{
	return type == WIRE_DATA || type == WIRE_DATA_AES256GCM;
}

static uint64_t read_le(const uint8_t *bytes, size_t offset, size_t len)
{
	struct cursor c = cursor_of(bytes + offset, len);

	return cursor_le(&c, len);
}

static struct session *find_local(const struct host *host, uint32_t index)
{
	struct session *it = host->sessions;

	while (it && it->local_index != index)
		it = it->older;
	return it;
}

static struct session *find_remote(const struct host *host, uint32_t index)
{
	struct session *it = host->sessions;

	while (it && it->remote_index != index)
		it = it->older;
	return it;
}

static void add_session(
    struct host *host, uint32_t local, uint32_t remote, bool is_responder)
{
	struct session *it = calloc(1, sizeof(*it));

	if (!it)
		abort();
	it->local_index = local;
	it->remote_index = remote;
	it->born = host->world->now;
	it->is_responder = is_responder;
	it->older = host->sessions;
	host->sessions = it;
}

void check_forget(struct host *host)
{
	while (host->sessions) {
		struct session *it = host->sessions;

		host->sessions = it->older;
		free(it);
	}
}

/* What the core has; the plan may already be ahead of it. */
struct finding {
	struct endpoint *known;
	size_t count, staged;
	uint64_t accepted;
	struct instant now;
};

static void find(void *context, struct peer *peer)
{
	struct finding *finding = context;
	struct tunnel_peer_status status;

	tunnel_peer_status(peer, finding->now, &status);
	finding->staged += status.staged_packets;
	finding->accepted += status.rx_packets;
	if (finding->known && finding->count < 2 * SIM_HOSTS)
		finding->known[finding->count++] = status.endpoint;
}

static struct finding look(const struct host *host, struct endpoint *known)
{
	struct finding finding = {.known = known, .now = host->world->now};

	tunnel_each_peer(core_tunnel(host->core), find, &finding);
	return finding;
}

static bool is_known(const struct host *host, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < ARRAY_SIZE(host->known); i++)
		if (endpoint_is_equal(&host->known[i], endpoint))
			return true;
	return false;
}

void check_before(struct host *host)
{
	memset(host->known, 0, sizeof(host->known));
	host->accepted = look(host, host->known).accepted;
	host->may_reset_endpoints = false;
	host->is_repeat = false;
	host->opened = NULL;
	for (size_t i = 0; i < SIM_HOSTS; i++) {
		struct peer *peer = host_peer(host, i);

		host->peers[i] =
		    peer ? *tunnel_peer_endpoint(peer) : (struct endpoint){0};
	}
}

static uint8_t *seen_of(const struct host *host, const struct datagram *it)
{
	return &host->world->seen[it->id * SIM_HOSTS + host->idx];
}

static uint8_t incarnation_of(const struct host *host)
{
	return host->incarnation % SEEN_INCARNATION + 1;
}

void check_arrival(struct host *host, const struct datagram *cause)
{
	uint8_t type = message_type(cause);

	if (!cause->is_genuine)
		return;
	host->is_repeat =
	    (*seen_of(host, cause) & SEEN_INCARNATION) == incarnation_of(host);
	if (host->is_repeat)
		return;
	*seen_of(host, cause) = 0;
	if (type == WIRE_RESPONSE)
		add_session(host,
		    (uint32_t)read_le(cause->bytes, WIRE_RESPONSE_RECEIVER, 4),
		    (uint32_t)read_le(cause->bytes, WIRE_RESPONSE_SENDER, 4),
		    false);
	if (!is_data_type(type))
		return;
	host->opened = find_local(
	    host, (uint32_t)read_le(cause->bytes, WIRE_DATA_RECEIVER, 4));
	if (host->opened)
		host->opened->is_confirmed = true;
}

/* Only what the core accepted may not come again. */
static void note_accepted(
    struct host *host, const struct datagram *cause, uint64_t accepted)
{
	if (accepted == host->accepted || host->may_reset_endpoints)
		return;
	if (!cause || !cause->is_genuine || host->is_repeat) {
		world_fail(
		    host->world, "h%zu accepts what it must not", host->idx);
		return;
	}
	*seen_of(host, cause) =
	    (*seen_of(host, cause) & SEEN_ANSWERED) | incarnation_of(host);
}

/* ---- what leaves ---- */

/* Two peers may seem to be at one endpoint, so the peer itself comes first. */
static size_t target_of(const struct host *host, const struct packet *pkt)
{
	for (size_t i = 0; pkt->peer && i < SIM_HOSTS; i++)
		if (host_peer(host, i) == pkt->peer)
			return i;
	for (size_t i = 0; i < SIM_HOSTS; i++) {
		const struct peer *peer = host_peer(host, i);

		if (peer &&
		    (endpoint_is_equal(&host->peers[i], &pkt->endpoint) ||
			endpoint_is_equal(
			    tunnel_peer_endpoint(peer), &pkt->endpoint)))
			return i;
	}
	return SIM_HOSTS;
}

static void check_addressee(struct host *host, const struct packet *pkt,
    const struct datagram *cause, size_t target)
{
	if (cause && !cause->is_genuine)
		world_fail(
		    host->world, "h%zu answers what is not genuine", host->idx);
	if (cause && host->is_repeat && message_type(cause) != WIRE_INITIATION)
		world_fail(host->world, "h%zu answers a repetition", host->idx);
	if (target < SIM_HOSTS || is_known(host, &pkt->endpoint))
		return;
	(void)look(host, host->known); /* as of now */
	if (is_known(host, &pkt->endpoint))
		return;
	if (!cause || !endpoint_is_equal(&cause->from, &pkt->endpoint))
		world_fail(host->world, "h%zu sends to nobody", host->idx);
	else if (pkt->len > cause->len)
		world_fail(host->world, "h%zu amplifies", host->idx);
}

static void depart_initiation(struct host *host, const uint8_t *bytes,
    size_t target, const struct datagram *cause)
{
	struct instant *recent = host->initiations[target % SIM_HOSTS];
	struct instant oldest = recent[0];

	(void)bytes;
	(void)cause;
	memmove(recent, recent + 1, (CHECK_INITIATIONS - 1) * sizeof(*recent));
	recent[CHECK_INITIATIONS - 1] = host->world->now;
	if (oldest.ns && host->world->now.ns - oldest.ns < SIM_S)
		world_fail(host->world, "h%zu: a storm of initiations to h%zu",
		    host->idx, target);
}

static void depart_response(struct host *host, const uint8_t *bytes,
    size_t target, const struct datagram *cause)
{
	(void)target;
	if (!cause || message_type(cause) != WIRE_INITIATION) {
		world_fail(
		    host->world, "h%zu: a response to nothing", host->idx);
		return;
	}
	if (*seen_of(host, cause) & SEEN_ANSWERED)
		world_fail(host->world, "h%zu: two responses to one initiation",
		    host->idx);
	*seen_of(host, cause) |= SEEN_ANSWERED;
	add_session(host, (uint32_t)read_le(bytes, WIRE_RESPONSE_SENDER, 4),
	    (uint32_t)read_le(bytes, WIRE_RESPONSE_RECEIVER, 4), true);
}

static void depart_cookie(struct host *host, const uint8_t *bytes,
    size_t target, const struct datagram *cause)
{
	(void)bytes;
	(void)target;
	if (!cause || message_type(cause) > WIRE_RESPONSE)
		world_fail(
		    host->world, "h%zu: a cookie for nothing", host->idx);
}

static void depart_data(struct host *host, const uint8_t *bytes, size_t target,
    const struct datagram *cause)
{
	uint64_t counter = read_le(bytes, WIRE_DATA_COUNTER, 8);
	struct session *it =
	    find_remote(host, (uint32_t)read_le(bytes, WIRE_DATA_RECEIVER, 4));
	struct world *world = host->world;

	(void)target;
	(void)cause;
	if (!it) {
		world_fail(world, "h%zu: data without session", host->idx);
		return;
	}
	world_trace(world, "counter", host->idx, it->remote_index, counter,
	    it->sent_counter);
	if (it->has_sent && counter <= it->sent_counter)
		world_fail(world, "h%zu: nonce %llu used again", host->idx,
		    (unsigned long long)counter);
	if (it->is_responder && !it->is_confirmed)
		world_fail(
		    world, "h%zu: data under an unconfirmed key", host->idx);
	if (world->now.ns - it->born.ns > REJECT_AFTER_NS)
		world_fail(world, "h%zu: data under an old key", host->idx);
	it->has_sent = true;
	it->sent_counter = counter;
}

typedef void depart_fn(struct host *host, const uint8_t *bytes, size_t target,
    const struct datagram *cause);
static depart_fn *const departures[] = {
    [WIRE_INITIATION] = depart_initiation,
    [WIRE_RESPONSE] = depart_response,
    [WIRE_COOKIE_REPLY] = depart_cookie,
    [WIRE_DATA] = depart_data,
    [WIRE_DATA_AES256GCM] = depart_data,
};

/* What the configuration says of the extension. */
static void check_extension(
    const struct host *host, const struct packet *pkt, size_t target)
{
	const struct peer_plan *plan = &host->plan.peers[target % SIM_HOSTS];
	uint8_t type = packet_data(pkt)[0];
	bool is_required =
	    plan->extension == CONFIG_EXTENSION_REQUIRED || host->plan.is_tap;
	struct tunnel_peer_status status;

	if (!is_data_type(type) || target == SIM_HOSTS)
		return;
	if (plan->extension == CONFIG_EXTENSION_OFF &&
	    (pkt->frame || type == WIRE_DATA_AES256GCM))
		world_fail(host->world, "h%zu: extension in spite of \"off\"",
		    host->idx);
	if (pkt->is_ours)
		return;
	status = host_peer_status(host, target);
	if (is_required && !status.knows_features)
		world_fail(
		    host->world, "h%zu: traffic to a plain peer", host->idx);
	if (status.is_refused)
		world_fail(
		    host->world, "h%zu: traffic to a refused peer", host->idx);
}

void check_departure(
    struct host *host, const struct packet *pkt, const struct datagram *cause)
{
	const uint8_t *bytes = packet_data(pkt);
	size_t target = target_of(host, pkt);

	world_trace(host->world, "leaves", host->idx, bytes[0], pkt->len,
	    inner_hash(0, bytes, pkt->len));
	if (pkt->len < WIRE_DATA_BYTES_MIN || bytes[0] == 0 ||
	    bytes[0] >= ARRAY_SIZE(departures)) {
		world_fail(host->world, "h%zu: no message", host->idx);
		return;
	}
	check_addressee(host, pkt, cause, target);
	check_extension(host, pkt, target);
	departures[bytes[0]](host, bytes, target, cause);
}

/* ---- what comes out of the device ---- */

/* On tap, a peer with allowed IPs may use no other ones. */
static void check_claim(
    const struct host *host, const struct packet *pkt, size_t sender)
{
	const struct inner_book *book = &host->world->book;
	size_t number = inner_number(book, pkt, true);
	const struct inner_entry *entry = &book->entries[number];
	struct address address = inner_address(entry->claims, entry->is_ipv6);
	struct peer *peer = host_peer(host, sender);

	if (peer && tunnel_peer_has_allowed_ips(peer) &&
	    tunnel_route(core_tunnel(host->core), &address) != peer)
		world_fail(host->world,
		    "h%zu gets a frame with the address of h%u from h%zu",
		    host->idx, entry->claims, sender);
}

void check_delivery(
    struct host *host, const struct packet *pkt, const struct datagram *cause)
{
	struct world *world = host->world;
	const char *wrong = inner_check(&world->book, pkt,
	    cause ? cause->sender : SIM_HOSTS, host->idx, host->plan.is_tap);

	world_trace(world, "delivers", host->idx, pkt->len,
	    world->book.delivered, inner_hash(0, packet_data(pkt), pkt->len));
	if (wrong)
		world_fail(world, "h%zu gets %s", host->idx, wrong);
	else if (!cause || !cause->is_genuine || host->is_repeat)
		world_fail(world, "h%zu delivers from nowhere", host->idx);
	else if (!host->opened)
		world_fail(world, "h%zu delivers without session", host->idx);
	else if (world->now.ns - host->opened->born.ns > REJECT_AFTER_NS)
		world_fail(world, "h%zu accepts an old key", host->idx);
	else if (host->plan.is_tap)
		check_claim(host, pkt, cause->sender);
}

/* ---- what is left ---- */

/* A host that is silent where it was last may be tried where the configuration
 * has it, and back. */
static bool may_fall_back(const struct host *host, const struct datagram *cause,
    const struct endpoint *to, size_t peer)
{
	return !cause &&
	       (endpoint_is_equal(to, &host->world->hosts[peer].home) ||
		   endpoint_is_equal(to, &host->proven[peer]));
}

static bool may_roam(const struct host *host, const struct datagram *cause,
    const struct endpoint *to, size_t peer)
{
	if (!cause || !cause->is_genuine || host->is_repeat ||
	    cause->sender != peer || !endpoint_is_equal(&cause->from, to))
		return false;
	if (!is_data_type(message_type(cause)))
		return message_type(cause) != WIRE_COOKIE_REPLY;
	return host->opened && read_le(cause->bytes, WIRE_DATA_COUNTER, 8) >=
				   host->opened->received_next;
}

static void check_endpoints(struct host *host, const struct datagram *cause)
{
	for (size_t i = 0; i < SIM_HOSTS; i++) {
		const struct peer *peer = host_peer(host, i);
		const struct endpoint *now;

		if (!peer || host->may_reset_endpoints)
			continue;
		now = tunnel_peer_endpoint(peer);
		if (endpoint_is_equal(now, &host->peers[i]))
			continue;
		if (may_roam(host, cause, now, i))
			host->proven[i] = *now;
		else if (!may_fall_back(host, cause, now, i))
			world_fail(host->world,
			    "h%zu: the endpoint of h%zu moves without cause",
			    host->idx, i);
	}
}

/* Of what the core could read: it knows no other counters. */
static void note_counter(
    struct host *host, const struct datagram *cause, uint64_t accepted)
{
	uint64_t counter;

	if (!host->opened || accepted == host->accepted)
		return;
	counter = read_le(cause->bytes, WIRE_DATA_COUNTER, 8);
	if (counter >= host->opened->received_next)
		host->opened->received_next = counter + 1;
}

static void check_counts(const struct host *host, size_t staged)
{
	struct path_totals totals;

	path_totals(core_path(host->core), &totals);
	if (totals.rx_packets + totals.rx_ours !=
	    totals.rx_delivered + totals.rx_consumed + totals.rx_forwarded +
		totals.rx_dropped)
		world_fail(host->world, "h%zu: inbound counters do not add up",
		    host->idx);
	if (totals.tx_packets + totals.tx_ours + totals.tx_switched +
		totals.tx_cut !=
	    totals.tx_sent + totals.tx_dropped + staged)
		world_fail(host->world,
		    "h%zu: outbound counters do not add up: %llu + %llu + "
		    "%llu != %llu + %llu + %zu",
		    host->idx, (unsigned long long)totals.tx_packets,
		    (unsigned long long)totals.tx_ours,
		    (unsigned long long)totals.tx_switched,
		    (unsigned long long)totals.tx_sent,
		    (unsigned long long)totals.tx_dropped, staged);
}

void check_after(struct host *host, const struct datagram *cause)
{
	struct finding finding = look(host, NULL);
	size_t staged = finding.staged;

	host->world->events++;
	note_accepted(host, cause, finding.accepted);
	check_endpoints(host, cause);
	note_counter(host, cause, finding.accepted);
	if (host->may_reset_endpoints)
		memset(host->initiations, 0, sizeof(host->initiations));
	if (pool_available(host->pool) + staged != pool_count(host->pool))
		world_fail(host->world, "h%zu: the pool lacks %zu packets",
		    host->idx,
		    pool_count(host->pool) - staged -
			pool_available(host->pool));
	check_counts(host, staged);
	lan_check(host);
}
