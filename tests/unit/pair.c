/* SPDX-License-Identifier: ISC */
/* Cores joined by a wire, for the tests of core. */
#include "pair.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "packet/l4.h"
#include "unit.h"

#define PACKETS	     256
#define PACKET_BYTES 1600
#define ERROR_BYTES  512
#define VALUE_BYTES  512
#define PORT	     51820

static const char *const names[PAIR_ENDS] = {"left", "right", "third"};

static void init_end(struct pair_end *end, size_t idx)
{
	char text[ENDPOINT_TEXT_BYTES];

	memset(end, 0, sizeof(*end));
	ck_assert_int_eq(pool_new(&end->pool, PACKETS, PACKET_BYTES), 0);
	randombytes_buf(end->private_key, sizeof(end->private_key));
	crypto_scalarmult_base(end->public_key, end->private_key);
	snprintf(text, sizeof(text), "192.0.2.%zu:%d", idx + 1, PORT);
	ck_assert_int_eq(endpoint_parse(&end->where, text), 0);
}

void pair_init(struct pair *pair)
{
	ck_assert_int_ge(sodium_init(), 0);
	for (size_t i = 0; i < PAIR_ENDS; i++)
		init_end(&pair->ends[i], i);
	pair->moment =
	    (struct moment){.now = {1000 * NS_PER_S}, .wall_s = 1700000000};
}

void pair_clear(struct pair *pair)
{
	for (size_t i = 0; i < PAIR_ENDS; i++) {
		core_free(pair->ends[i].core);
		pool_free(pair->ends[i].pool);
	}
}

void pair_allow(struct config_peer *peer, const char *text)
{
	struct prefix prefix;

	ck_assert_int_eq(prefix_parse(&prefix, text), 0);
	ck_assert_int_eq(config_add_prefix(&peer->allowed_ips,
			     &peer->allowed_ips_count, &prefix),
	    0);
}

struct config_peer *pair_add_peer(
    struct config *config, const char *name, const char *prefix)
{
	struct config_peer *peer = config_add_peer(config);
	uint8_t private_key[CONFIG_KEY_BYTES];

	ck_assert_ptr_nonnull(peer);
	snprintf(peer->name, sizeof(peer->name), "%s", name);
	randombytes_buf(private_key, sizeof(private_key));
	crypto_scalarmult_base(peer->public_key, private_key);
	if (prefix)
		pair_allow(peer, prefix);
	return peer;
}

struct config_peer *pair_add_end(const struct pair *pair, struct config *config,
    size_t idx, const char *prefix)
{
	const struct pair_end *other = &pair->ends[idx];
	struct config_peer *peer = pair_add_peer(config, names[idx], prefix);
	char host[ADDRESS_TEXT_BYTES];

	memcpy(peer->public_key, other->public_key, CONFIG_KEY_BYTES);
	address_format(&other->where.address, host, sizeof(host));
	ck_assert_int_eq(config_set_text(&peer->endpoint_host, host), 0);
	peer->endpoint_port = other->where.port;
	return peer;
}

struct config *pair_config(const struct pair *pair, size_t idx)
{
	struct config *config = config_new();
	size_t other = idx == 0 ? 1 : 0;
	char text[PREFIX_TEXT_BYTES];

	ck_assert_ptr_nonnull(config);
	snprintf(config->name, sizeof(config->name), "%s", names[idx]);
	strcpy(config->file, "/etc/vpnd/site.conf");
	strcpy(config->device, "vpn0");
	snprintf(text, sizeof(text), "10.0.0.%zu/32", other + 1);
	pair_add_end(pair, config, other, text);
	return config;
}

struct core_keys *pair_keys(const struct pair *pair, size_t idx, size_t peers)
{
	struct core_keys *keys = core_keys_new(&memory_heap, peers);

	ck_assert_ptr_nonnull(keys);
	memcpy(
	    keys->private_key, pair->ends[idx].private_key, CONFIG_KEY_BYTES);
	return keys;
}

void pair_start(struct pair *pair, size_t idx, struct config *config)
{
	struct pair_end *end = &pair->ends[idx];
	struct core_setup setup = {
	    .config = config,
	    .keys = pair_keys(pair, idx, config->peers_count),
	    .memory = &memory_heap,
	    .pool = end->pool,
	    .version = "1.2.3",
	};
	char error[ERROR_BYTES] = "";

	ck_assert_int_eq(
	    core_new(&end->core, &setup, &pair->moment, error, sizeof(error)),
	    0);
	ck_assert_str_eq(error, "");
}

void pair_start_both(struct pair *pair)
{
	pair_init(pair);
	for (size_t i = 0; i < 2; i++)
		pair_start(pair, i, pair_config(pair, i));
}

/* ---- the wire ---- */

static bool is_for(const struct pair_end *end, const struct packet *pkt)
{
	return end->core && !end->is_deaf &&
	       endpoint_is_equal(&pkt->endpoint, &end->where);
}

static void copy_to(const struct pair_end *from, const struct pair_end *to,
    const struct packet *pkt, struct packet_list *list)
{
	struct packet *copy = pool_get(to->pool);

	ck_assert_ptr_nonnull(copy);
	copy->len = pkt->len;
	memcpy(packet_data(copy), packet_data(pkt), pkt->len);
	copy->endpoint = from->where;
	packet_list_push(list, copy);
}

static void take_delivered(struct pair_end *end)
{
	struct packet_list *list = core_to_device(end->core);
	struct packet *pkt;

	while ((pkt = packet_list_pop(list))) {
		size_t len =
		    pkt->len < sizeof(end->last) ? pkt->len : sizeof(end->last);

		memcpy(end->last, packet_data(pkt), len);
		end->delivered++;
		pool_put(end->pool, pkt);
	}
}

/* Everything that end `from` has to send; true when there was something. */
static bool carry_from(struct pair *pair, size_t from)
{
	struct pair_end *end = &pair->ends[from];
	struct packet_list arrived[PAIR_ENDS] = {0};
	struct packet *pkt;
	bool had_some = false;

	while ((pkt = packet_list_pop(core_to_wire(end->core)))) {
		for (size_t i = 0; i < PAIR_ENDS; i++)
			if (i != from && is_for(&pair->ends[i], pkt))
				copy_to(end, &pair->ends[i], pkt, &arrived[i]);
		end->sent_bytes = pkt->len;
		end->sent++;
		pool_put(end->pool, pkt);
		had_some = true;
	}
	for (size_t i = 0; i < PAIR_ENDS; i++)
		if (arrived[i].len) {
			core_from_wire(
			    pair->ends[i].core, &arrived[i], &pair->moment);
			take_delivered(&pair->ends[i]);
		}
	return had_some;
}

void pair_carry(struct pair *pair)
{
	bool had_some;

	do {
		had_some = false;
		for (size_t i = 0; i < PAIR_ENDS; i++)
			if (pair->ends[i].core)
				had_some |= carry_from(pair, i);
	} while (had_some);
}

static struct instant next_deadline(const struct pair *pair)
{
	struct instant next = INSTANT_NEVER;

	for (size_t i = 0; i < PAIR_ENDS; i++)
		if (pair->ends[i].core)
			next = instant_earlier(
			    next, core_deadline(pair->ends[i].core));
	return next;
}

static void set_clock(struct pair *pair, struct instant now)
{
	pair->moment.wall_s +=
	    now.ns / NS_PER_S - pair->moment.now.ns / NS_PER_S;
	pair->moment.wall_ns = (uint32_t)(now.ns % NS_PER_S);
	pair->moment.now = now;
}

static void turn_all(struct pair *pair)
{
	for (size_t i = 0; i < PAIR_ENDS; i++)
		if (pair->ends[i].core)
			core_turn(pair->ends[i].core, &pair->moment);
	pair_carry(pair);
}

void pair_pass(struct pair *pair, int64_t ns)
{
	struct instant end = instant_after(pair->moment.now, ns);
	struct instant next;

	pair_carry(pair);
	while (next = next_deadline(pair), instant_is_before(next, end)) {
		if (instant_is_before(pair->moment.now, next))
			set_clock(pair, next);
		turn_all(pair);
	}
	set_clock(pair, end);
	turn_all(pair);
}

void pair_connect(struct pair *pair)
{
	core_connect(pair->ends[0].core, &pair->moment);
	pair_carry(pair);
	/* The extension's HELLO may wait a little. */
	pair_pass(pair, NS_PER_S);
}

void pair_send_bytes(
    struct pair *pair, size_t from, const uint8_t *bytes, size_t len)
{
	struct pair_end *end = &pair->ends[from];
	struct packet *pkt = pool_get(end->pool);
	struct packet_list list = {0};

	ck_assert_ptr_nonnull(pkt);
	memcpy(packet_data(pkt), bytes, len);
	pkt->len = (uint32_t)len;
	packet_list_push(&list, pkt);
	core_from_device(end->core, &list, &pair->moment);
}

void pair_send(struct pair *pair, size_t from, const char *destination)
{
	uint8_t packet[IPV4_BYTES + UDP_BYTES] = {
	    0x45, 0, 0, sizeof(packet), 0, 0, 0, 0, 64, 17};
	struct address to;

	ck_assert_int_eq(address_parse(&to, destination), 0);
	memcpy(
	    packet + 12, (const uint8_t[]){10, 0, 0, (uint8_t)(from + 1)}, 4);
	memcpy(packet + 16, to.bytes, 4);
	packet[IPV4_BYTES + 5] = UDP_BYTES; /* without a checksum */
	header_finish(packet, IPV4_BYTES);
	pair_send_bytes(pair, from, packet, sizeof(packet));
}

const char *pair_owner_of(
    const struct pair *pair, size_t idx, const char *address)
{
	struct core *core = pair->ends[idx].core;
	const struct config *config = core_config(core);
	struct address parsed;
	struct peer *peer;

	ck_assert_int_eq(address_parse(&parsed, address), 0);
	peer = tunnel_route(core_tunnel(core), &parsed);
	for (size_t i = 0; peer && i < config->peers_count; i++)
		if (peer == tunnel_peer_find(
				core_tunnel(core), config->peers[i].public_key))
			return config->peers[i].name;
	return peer ? "a peer without configuration" : "nobody";
}

bool pair_has_session(struct pair *pair)
{
	size_t delivered = pair->ends[1].delivered;
	size_t sent = pair->ends[0].sent;

	pair_send(pair, 0, "10.0.0.2");
	pair_carry(pair);
	return pair->ends[1].delivered == delivered + 1 &&
	       pair->ends[0].sent == sent + 1;
}

/* ---- commands and events ---- */

char *pair_ask(struct pair *pair, size_t idx, enum control_rights rights,
    struct core_answer *answer, const char *verb, ...)
{
	struct control_request request = {.verb = verb};
	struct reply reply;
	const char *argument;
	va_list arguments;

	va_start(arguments, verb);
	while ((argument = va_arg(arguments, const char *)))
		request.arguments[request.arguments_count++] = argument;
	va_end(arguments);
	reply_init(&reply);
	core_command(pair->ends[idx].core, &request, rights, NULL,
	    &pair->moment, &reply, answer);
	if (!reply.text)
		return calloc(1, 1);
	return reply.text;
}

const char *pair_value(const char *reply, const char *name)
{
	static char value[VALUE_BYTES];
	char *copy = strdup(reply), *at = copy;
	struct reply_line line;
	int more;

	ck_assert_ptr_nonnull(copy);
	*value = '\0';
	while ((more = reply_read(&line, &at)) == 1 && !*value)
		if (line.value && strcmp(line.name, name) == 0)
			snprintf(value, sizeof(value), "%s", line.value);
	ck_assert_int_ge(more, 0);
	free(copy);
	return value;
}

bool pair_event(struct pair *pair, size_t idx, enum core_event_kind kind,
    struct core_event *ret)
{
	while (core_take_event(pair->ends[idx].core, ret))
		if (ret->kind == kind)
			return true;
	return false;
}
