/* SPDX-License-Identifier: ISC */
/* The packet that is to be traced: from a line, or from its bytes. */
#include <string.h>

#include "base/cursor.h"
#include "core/trace.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/spec.h"

/* A station that no peer is known to have. */
static const struct mac nobody = {{0x02, 0, 0, 0, 0, 0x01}};

/* ---- MAC addresses that nobody gave ---- */

struct search {
	const struct bridge_port *port;
	bool has_found;
	struct mac mac;
};

static void consider(void *context, const struct bridge_entry *entry)
{
	struct search *search = context;

	if (entry->port != search->port || search->has_found)
		return;
	search->has_found = true;
	search->mac = entry->mac;
}

/* Where the switch would send it: the first that it knows behind the port. */
static struct mac mac_behind(const struct core *core,
    const struct core_peer *peer, const struct moment *now)
{
	struct search search = {
	    .port = peer ? peer->port : bridge_host(core->bridge),
	    .mac = nobody};

	bridge_each_entry(core->bridge, now->now, consider, &search);
	return search.mac;
}

static struct mac destination_mac(const struct core *core,
    const struct core_peer *from, const struct address *destination,
    const struct moment *now)
{
	static const struct mac all = {{255, 255, 255, 255, 255, 255}};
	const struct peer *peer = tunnel_route(core->tunnel, destination);

	if (peer)
		return mac_behind(core, tunnel_peer_user(peer), now);
	return from ? mac_behind(core, NULL, now) : all;
}

static void fill_macs(const struct core *core, const struct core_peer *from,
    struct packet_spec *spec, const struct moment *now)
{
	static const struct address nowhere = {.family = FAMILY_NONE};
	bool is_ip = spec->kind == SPEC_IP;

	if (spec->has_macs)
		return;
	spec->source_mac = mac_behind(core, from, now);
	spec->destination_mac = destination_mac(
	    core, from, is_ip ? &spec->destination : &nowhere, now);
	if (spec->kind == SPEC_ARP)
		memset(&spec->destination_mac, 0xff, MAC_BYTES);
}

/* ---- from a line ---- */

static bool fail(struct core_answer *answer, const struct spec_error *error)
{
	if (error->column)
		answer_set(answer, CONTROL_USAGE, "packet, column %zu: %s",
		    error->column, error->text);
	else
		answer_set(answer, CONTROL_USAGE, "packet: %s", error->text);
	return false;
}

static bool from_line(struct core *core, const struct core_peer *peer,
    const char *line, const struct moment *now, struct packet *pkt,
    struct core_answer *answer)
{
	struct packet_spec spec;
	struct spec_error error;

	if (packet_spec_parse(&spec, line, &error))
		return fail(answer, &error);
	if (core->bridge)
		fill_macs(core, peer, &spec, now);
	if (packet_spec_build(
		&spec, core->bridge, pool_largest(core->pool), pkt, &error))
		return fail(answer, &error);
	return true;
}

/* ---- from bytes ---- */

static int digit_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at =
	    c ? strchr(digits, c | ('A' <= c && c <= 'F' ? 32 : 0)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Blanks and colons may stand between bytes. */
static bool read_hex(
    const char *text, struct writer *w, struct core_answer *answer)
{
	for (size_t i = 0; text[i]; i++) {
		int high = digit_of(text[i]), low;

		if (high < 0 && strchr(" :\t", text[i]))
			continue;
		low = digit_of(text[i + 1]);
		if (high < 0 || low < 0) {
			answer_set(answer, CONTROL_USAGE,
			    "-x, column %zu: two hexadecimal digits for each "
			    "byte are wanted",
			    i + 1);
			return false;
		}
		writer_be(w, (uint64_t)(high << 4 | low), 1);
		i++;
	}
	return true;
}

/* An IP packet gets the frame that it would be in. */
static void put_frame(struct core *core, const struct core_peer *peer,
    const struct moment *now, struct packet *pkt)
{
	struct packet look = *pkt;
	struct mac source = mac_behind(core, peer, now), destination;
	struct writer w;

	(void)!packet_parse_ip(&look);
	destination = destination_mac(core, peer, &look.destination, now);
	pkt->offset -= ETHERNET_BYTES;
	pkt->len += ETHERNET_BYTES;
	w = writer_of(packet_data(pkt), ETHERNET_BYTES);
	writer_bytes(&w, destination.bytes, MAC_BYTES);
	writer_bytes(&w, source.bytes, MAC_BYTES);
	writer_be(&w,
	    look.family == FAMILY_IPV6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4, 2);
}

static bool take_frame_off(struct packet *pkt, struct core_answer *answer)
{
	if (packet_parse_ethernet(pkt) ||
	    (pkt->ethertype != ETHERTYPE_IPV4 &&
		pkt->ethertype != ETHERTYPE_IPV6)) {
		answer_set(answer, CONTROL_USAGE,
		    "the tunnel has a tun device, and this frame carries no "
		    "IP");
		return false;
	}
	pkt->offset += pkt->l2_bytes;
	pkt->len -= pkt->l2_bytes;
	pkt->l2_bytes = 0;
	return true;
}

static bool from_hex(struct core *core, const struct core_peer *peer,
    bool is_frame, const char *text, const struct moment *now,
    struct packet *pkt, struct core_answer *answer)
{
	size_t room = pool_largest(core->pool);
	struct writer w = writer_of(packet_data(pkt), room);

	if (!read_hex(text, &w, answer))
		return false;
	pkt->len = (uint32_t)(room - w.left);
	if (w.has_failed || !pkt->len) {
		answer_set(answer, CONTROL_USAGE,
		    "a packet of 1 to %zu bytes is wanted", room);
		return false;
	}
	if (is_frame && !core->bridge)
		return take_frame_off(pkt, answer);
	if (!is_frame && core->bridge)
		put_frame(core, peer, now, pkt);
	return true;
}

struct packet *trace_packet(struct core *core, const struct core_peer *peer,
    const char *how, const char *text, const struct moment *now,
    struct core_answer *ret)
{
	bool is_line = strcmp(how, "line") == 0;
	bool is_frame = strcmp(how, "ethernet") == 0, is_made;
	struct packet *pkt;

	if (!is_line && !is_frame && strcmp(how, "ip") != 0) {
		answer_set(ret, CONTROL_USAGE,
		    "\"%.32s\" is no way to give a packet", how);
		return NULL;
	}
	pkt = pool_get(core->pool);
	if (!pkt) {
		answer_set(
		    ret, CONTROL_FAILED, "no packet buffer is free for it");
		return NULL;
	}
	if (is_line)
		is_made = from_line(core, peer, text, now, pkt, ret);
	else
		is_made = from_hex(core, peer, is_frame, text, now, pkt, ret);
	if (is_made)
		return pkt;
	pool_put(core->pool, pkt);
	return NULL;
}
