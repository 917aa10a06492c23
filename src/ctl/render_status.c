/* SPDX-License-Identifier: ISC */
/*
 * The status of a tunnel as text: a line for the tunnel, two for each peer,
 * and one more that says why a peer is down. The detailed form, for a peer
 * that was asked for by name, adds what is asked seldom.
 */
#include "ctl/render.h"

#include <string.h>

#include "base/attributes.h"
#include "ctl/figure.h"
#include "ctl/tree.h"

#define NAME_WIDTH_MIN 6

static enum ink state_ink(bool is_up, const char *state)
{
	if (is_up)
		return INK_GOOD;
	return strcmp(state, "idle") == 0 || strcmp(state, "handshaking") == 0
		   ? INK_WARN
		   : INK_BAD;
}

static void print_state(const struct paper *paper, bool is_up, const char *word)
{
	const char *state = *word ? word : is_up ? "up" : "down";

	paper_print(paper, state_ink(is_up, state), "  %-4s", state);
}

/* "  LABEL VALUE", when there is one. */
static void print_field(const struct paper *paper, const json_t *tree,
    const char *name, const char *label)
{
	if (tree_has(tree, name))
		paper_print(paper, INK_PLAIN, "  %s%s", label,
		    tree_text(tree, name, "-"));
}

static void print_number(const struct paper *paper, const json_t *tree,
    const char *name, const char *label)
{
	if (tree_has(tree, name))
		paper_print(paper, INK_PLAIN, "  %s%llu", label,
		    (unsigned long long)tree_unsigned(tree, name, 0));
}

static void print_age(const struct paper *paper, const json_t *tree,
    const char *name, const char *label)
{
	if (tree_has(tree, name))
		paper_print(paper, INK_PLAIN, "  %s%s", label,
		    figure_age(tree_unsigned(tree, name, 0)).text);
}

/* ---- the tunnel ---- */

static void print_peers_up(const struct paper *paper, const json_t *tunnel)
{
	uint64_t up = tree_unsigned(tunnel, "peers_up", 0);
	uint64_t peers = tree_unsigned(tunnel, "peers", 0);

	if (tree_has(tunnel, "peers"))
		paper_print(paper, up == peers ? INK_GOOD : INK_WARN,
		    "  %llu/%llu peers up", (unsigned long long)up,
		    (unsigned long long)peers);
}

static void tunnel_notes(const struct paper *paper, const json_t *tunnel)
{
	bool has_failed = tree_is(tunnel, "last_reload_failed");

	if (tree_is(tunnel, "under_load")) {
		paper_print(
		    paper, INK_WARN, "  under load: handshakes need a cookie");
		paper_end_line(paper);
	}
	if (tree_has(tunnel, "last_reload")) {
		paper_print(paper, has_failed ? INK_BAD : INK_FAINT,
		    "  last reload: %s", tree_text(tunnel, "last_reload", ""));
		paper_end_line(paper);
	}
}

/* On tap. */
static void switch_line(const struct paper *paper, const json_t *tunnel)
{
	if (!tree_has(tunnel, "macs"))
		return;
	print_field(paper, tunnel, "mac", "mac ");
	print_field(paper, tunnel, "bridge", "bridge ");
	print_number(paper, tunnel, "macs", "addresses ");
	paper_print(paper, INK_PLAIN, " of %llu",
	    (unsigned long long)tree_unsigned(tunnel, "macs_max", 0));
	paper_end_line(paper);
}

/* "aes256gcm libipsec-mb 9.1 GiB/s  chacha20poly1305 ..." */
static void ciphers_line(const struct paper *paper, const json_t *tunnel)
{
	const json_t *ciphers = json_object_get(tunnel, "ciphers");
	json_t *cipher;
	size_t idx;

	if (json_array_size(ciphers) == 0)
		return;
	json_array_foreach(ciphers, idx, cipher)
	{
		print_field(paper, cipher, "name", "");
		paper_print(
		    paper, INK_FAINT, " %s", tree_text(cipher, "backend", "-"));
		if (tree_has(cipher, "bytes_per_s"))
			paper_print(paper, INK_FAINT, " %s/s",
			    figure_bytes(
				tree_unsigned(cipher, "bytes_per_s", 0))
				.text);
	}
	paper_end_line(paper);
}

/* "8 queues  receive buffer 32.0 MiB  busy poll 50 us" */
static void print_queues(const struct paper *paper, const json_t *tunnel)
{
	uint64_t queues = tree_unsigned(tunnel, "device_queues", 0);
	uint64_t bytes = tree_unsigned(tunnel, "receive_buffer_bytes", 0);
	uint64_t poll_us = tree_unsigned(tunnel, "busy_poll_us", 0);

	if (queues)
		paper_print(paper, INK_FAINT, "  %llu queue%s",
		    (unsigned long long)queues, queues > 1 ? "s" : "");
	if (bytes)
		paper_print(paper, INK_FAINT, "  receive buffer %s",
		    figure_bytes(bytes).text);
	if (poll_us)
		paper_print(paper, INK_FAINT, "  busy poll %llu us",
		    (unsigned long long)poll_us);
}

/* "2 workers, out on CPU 0, in on CPU 1, 1234 lock waits": one alone never
 * waits. */
static void print_workers(const struct paper *paper, const json_t *tunnel)
{
	uint64_t workers = tree_unsigned(tunnel, "workers", 0);
	uint64_t waits = tree_unsigned(tunnel, "lock_waits", 0);

	if (workers)
		paper_print(paper, INK_FAINT, "  %llu worker%s",
		    (unsigned long long)workers, workers > 1 ? "s" : "");
	if (json_object_get(tunnel, "cpu_out"))
		paper_print(paper, INK_FAINT,
		    ", out on CPU %llu, in on CPU %llu",
		    (unsigned long long)tree_unsigned(tunnel, "cpu_out", 0),
		    (unsigned long long)tree_unsigned(tunnel, "cpu_in", 0));
	if (workers > 1)
		paper_print(paper, INK_FAINT, ", %s lock wait%s",
		    figure_count(waits).text, waits == 1 ? "" : "s");
}

/* "offloads tun_tso tun_uso  without udp_gso: Input/output error" */
static void offloads_line(const struct paper *paper, const json_t *tunnel)
{
	const json_t *offloads = json_object_get(tunnel, "offloads");
	json_t *offload;
	size_t idx;

	if (json_array_size(offloads) == 0)
		return;
	paper_print(paper, INK_FAINT, "  offloads");
	json_array_foreach(offloads, idx, offload)
	{
		if (tree_is(offload, "on"))
			paper_print(paper, INK_FAINT, " %s",
			    tree_text(offload, "name", "-"));
	}
	json_array_foreach(offloads, idx, offload)
	{
		if (!tree_is(offload, "on"))
			paper_print(paper, INK_WARN, "  without %s: %s",
			    tree_text(offload, "name", "-"),
			    tree_text(offload, "why", "-"));
	}
	print_queues(paper, tunnel);
	print_workers(paper, tunnel);
	paper_end_line(paper);
}

static void print_count(const struct paper *paper, const json_t *tree,
    const char *name, const char *label)
{
	uint64_t count = tree_unsigned(tree, name, 0);

	if (count)
		paper_print(paper, INK_FAINT, "  %s %s",
		    figure_count(count).text, label);
}

/* "17 waiting  230 marked as congested" */
static void congestion_line(const struct paper *paper, const json_t *tunnel)
{
	if (!tree_unsigned(tunnel, "tx_waiting", 0) &&
	    !tree_unsigned(tunnel, "tx_marked", 0))
		return;
	print_count(paper, tunnel, "tx_waiting", "waiting");
	print_count(paper, tunnel, "tx_marked", "marked as congested");
	paper_end_line(paper);
}

static void tunnel_line(const struct paper *paper, const json_t *tunnel)
{
	bool is_up = tree_is(tunnel, "device_up");

	paper_print(paper, INK_NAME, "%s", tree_text(tunnel, "name", "-"));
	print_state(paper, is_up, "");
	print_age(paper, tunnel, "uptime_s", "");
	if (tree_has(tunnel, "device"))
		paper_print(paper, INK_PLAIN, "  %s %s",
		    tree_text(tunnel, "device_type", "tun"),
		    tree_text(tunnel, "device", "-"));
	print_number(paper, tunnel, "mtu", "mtu ");
	print_number(paper, tunnel, "port", "udp :");
	print_peers_up(paper, tunnel);
	paper_end_line(paper);
	if (tree_has(tunnel, "public_key")) {
		paper_print(paper, INK_FAINT, "  public key %s",
		    tree_text(tunnel, "public_key", ""));
		paper_end_line(paper);
	}
	switch_line(paper, tunnel);
	ciphers_line(paper, tunnel);
	offloads_line(paper, tunnel);
	congestion_line(paper, tunnel);
	tunnel_notes(paper, tunnel);
}

/* ---- a peer ---- */

static void print_endpoint(const struct paper *paper, const json_t *peer)
{
	const char *otherwise =
	    tree_is(peer, "endpoint_hidden") ? "(hidden)" : "no endpoint";

	paper_print(
	    paper, INK_PLAIN, "  %s", tree_text(peer, "endpoint", otherwise));
}

static void print_handshake(const struct paper *paper, const json_t *peer)
{
	if (tree_has(peer, "handshake_age_s"))
		print_age(paper, peer, "handshake_age_s", "handshake ");
	else
		paper_print(paper, INK_PLAIN, "  no handshake yet");
}

static void print_cipher(const struct paper *paper, const json_t *peer)
{
	const char *out = tree_text(peer, "cipher_send", "");
	const char *in = tree_text(peer, "cipher_receive", out);

	if (*out && strcmp(out, in) != 0)
		paper_print(paper, INK_PLAIN, "  %s out, %s in", out, in);
	else if (*in)
		paper_print(paper, INK_PLAIN, "  %s", in);
}

/* "vpnd (lz4 zstd echo close)" or "plain WireGuard" */
static void print_mode(const struct paper *paper, const json_t *peer)
{
	const json_t *features = json_object_get(peer, "features");
	json_t *feature;
	size_t idx;

	if (strcmp(tree_text(peer, "mode", ""), "unknown") == 0)
		return; /* no session yet has told it */
	print_field(paper, peer, "mode", "");
	json_array_foreach(features, idx, feature) if (json_is_string(feature))
	    paper_print(paper, INK_PLAIN, "%s%s", idx == 0 ? " (" : " ",
		json_string_value(feature));
	if (json_array_size(features) > 0)
		paper_print(paper, INK_PLAIN, ")");
	if (json_is_true(json_object_get(peer, "segments_refused")))
		paper_print(paper, INK_WARN, "  without udp_gso: %s",
		    tree_text(peer, "segments_why", "-"));
}

static void print_traffic(const struct paper *paper, const json_t *peer,
    const char *direction, const char *bytes, const char *packets)
{
	if (!tree_has(peer, bytes))
		return;
	paper_print(paper, INK_PLAIN, "  %s %s", direction,
	    figure_bytes(tree_unsigned(peer, bytes, 0)).text);
	if (tree_has(peer, packets))
		paper_print(paper, INK_PLAIN, " in %s packets",
		    figure_count(tree_unsigned(peer, packets, 0)).text);
}

static void print_compressor(const struct paper *paper, const json_t *peer)
{
	const char *name = tree_text(peer, "compressor", "none");
	double ratio = tree_real(peer, "compress_ratio", 0);

	if (strcmp(name, "none") == 0)
		return;
	paper_print(paper, INK_PLAIN, "  %s", name);
	if (ratio > 0)
		paper_print(paper, INK_PLAIN, " %.2fx", ratio);
}

static void print_drops(const struct paper *paper, const json_t *peer)
{
	uint64_t drops = tree_unsigned(peer, "drops", 0);

	if (tree_has(peer, "drops"))
		paper_print(paper, drops ? INK_WARN : INK_PLAIN, "  drops %s",
		    figure_count(drops).text);
}

static void peer_line(const struct paper *paper, const json_t *peer, int width)
{
	paper_print(
	    paper, INK_NAME, "  %-*s", width, tree_text(peer, "name", "-"));
	print_state(paper, tree_is(peer, "up"), tree_text(peer, "state", ""));
	print_endpoint(paper, peer);
	print_handshake(paper, peer);
	print_cipher(paper, peer);
	print_mode(paper, peer);
	paper_end_line(paper);
}

static void traffic_line(
    const struct paper *paper, const json_t *peer, int width)
{
	if (!tree_has(peer, "rx_bytes") && !tree_has(peer, "tx_bytes"))
		return;
	paper_print(paper, INK_PLAIN, "  %*s", width, "");
	print_traffic(paper, peer, "rx", "rx_bytes", "rx_packets");
	print_traffic(paper, peer, "tx", "tx_bytes", "tx_packets");
	print_compressor(paper, peer);
	print_number(paper, peer, "macs", "macs ");
	print_drops(paper, peer);
	paper_end_line(paper);
}

static void reason_line(
    const struct paper *paper, const json_t *peer, int width)
{
	if (tree_is(peer, "up") || !tree_has(peer, "reason"))
		return;
	paper_print(paper, INK_BAD, "  %*s  %s", width, "",
	    tree_text(peer, "reason", ""));
	paper_end_line(paper);
}

static void warning_line(
    const struct paper *paper, const json_t *peer, int width)
{
	if (!tree_has(peer, "warning"))
		return;
	paper_print(paper, INK_WARN, "  %*s  %s", width, "",
	    tree_text(peer, "warning", ""));
	paper_end_line(paper);
}

/* ---- what is asked seldom ---- */

static const struct detail {
	const char *name, *label;
} details[] = {
    {"public_key", "public key"},
    {"endpoint_name", "endpoint's name"},
    {"origin", "origin"},
    {"extension", "extension"},
    {"keepalive_s", "keepalive, seconds"},
    {"rate_kbit", "rate, kbit per second"},
    {"preshared_key", "pre-shared key"},
    {"allowed_ips", "allowed ips"},
    {"static_macs", "static addresses"},
    {"vlans", "vlans"},
    {"router", "may be a router"},
    {"dhcp_server", "may be a DHCP server"},
    {"holds", "times held by the loop guard"},
    {"staged_packets", "packets waiting for a session"},
    {"unknown_frames", "unknown frames"},
    {"compress_in_bytes", "bytes before compression"},
    {"compress_out_bytes", "bytes after compression"},
};

static void detail_value(const struct paper *paper, const json_t *value)
{
	json_t *one;
	size_t idx;

	if (json_is_string(value))
		paper_print(paper, INK_PLAIN, " %s", json_string_value(value));
	else if (json_is_integer(value))
		paper_print(paper, INK_PLAIN, " %" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_boolean(value))
		paper_print(
		    paper, INK_PLAIN, json_is_true(value) ? " yes" : " no");
	json_array_foreach(value, idx, one) detail_value(paper, one);
}

static bool is_empty(const json_t *value)
{
	return json_is_array(value) && json_array_size(value) == 0;
}

static void peer_details(const struct paper *paper, const json_t *peer)
{
	for (size_t i = 0; i < ARRAY_SIZE(details); i++) {
		const json_t *value = json_object_get(peer, details[i].name);

		if (!value || is_empty(value))
			continue;
		paper_print(paper, INK_FAINT, "    %s", details[i].label);
		detail_value(paper, value);
		paper_end_line(paper);
	}
}

void render_status(const struct paper *paper, const json_t *document)
{
	const json_t *tunnel = json_object_get(document, "tunnel");
	const json_t *peers = json_object_get(document, "peers");
	int width = tree_width(peers, "name", NAME_WIDTH_MIN);
	json_t *peer;
	size_t idx;

	if (tunnel)
		tunnel_line(paper, tunnel);
	json_array_foreach(peers, idx, peer)
	{
		peer_line(paper, peer, width);
		traffic_line(paper, peer, width);
		reason_line(paper, peer, width);
		warning_line(paper, peer, width);
		if (paper->is_detailed)
			peer_details(paper, peer);
	}
}
