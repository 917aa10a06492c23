/* SPDX-License-Identifier: ISC */
/* What `vpnctl status` reads: schema vpnd.status/1. Names and meanings only
 * ever grow. */
#include <stdio.h>
#include <string.h>

#include "core/state.h"

static const char *const state_names[] = {
    [PEER_UP] = "up",
    [PEER_HANDSHAKING] = "handshaking",
    [PEER_DOWN] = "down",
    [PEER_IDLE] = "idle",
    [PEER_REFUSED] = "refused",
};

static const struct {
	enum wire_feature bit;
	const char *name;
} features[] = {
    {WIRE_FEATURE_CHECKSUM, "checksum"},
    {WIRE_FEATURE_ECHO, "echo"},
    {WIRE_FEATURE_CLOSE, "close"},
    {WIRE_FEATURE_ETHERNET, "ethernet"},
    {WIRE_FEATURE_BUNDLE, "bundle"},
    {WIRE_FEATURE_FRAGMENT, "fragment"},
    {WIRE_FEATURE_PROBE, "probe"},
};

/* ---- one peer ---- */

static const char *mode_name(const struct tunnel_peer_status *status)
{
	if (status->extension == EXTENSION_OFF || status->is_plain)
		return "plain WireGuard";
	return status->knows_features ? "vpnd" : "unknown";
}

static void write_identity(const struct core *core,
    const struct core_peer *peer, const struct tunnel_peer_status *status,
    enum control_rights rights, struct reply *reply)
{
	char endpoint[ENDPOINT_TEXT_BYTES], key[KEY_TEXT_BYTES];

	reply_string(reply, "name", peer->name);
	reply_string(reply, "origin", peer->is_runtime ? "runtime" : "file");
	if (rights != CONTROL_RIGHTS_ALL) {
		reply_bool(reply, "endpoint_hidden", true);
		return;
	}
	reply_string(reply, "public_key",
	    key_format(peers_conf(core, peer)->public_key, key));
	if (status->endpoint.address.family != FAMILY_NONE)
		reply_string(reply, "endpoint",
		    endpoint_format(
			&status->endpoint, endpoint, sizeof(endpoint)));
	if (endpoints_is_name(peers_conf(core, peer)))
		reply_string(reply, "endpoint_name",
		    peers_conf(core, peer)->endpoint_host);
}

static void write_state(const struct core *core, const struct core_peer *peer,
    enum control_rights rights, struct instant now, struct reply *reply)
{
	char reason[STATUS_REASON_BYTES];
	enum peer_state state =
	    status_peer(core, peer, rights, now, reason, sizeof(reason));

	reply_bool(reply, "up", state == PEER_UP);
	reply_string(reply, "state", state_names[state]);
	if (*reason)
		reply_string(reply, "reason", reason);
}

/* In whole seconds; nothing when it never was. */
void status_write_age(struct reply *reply, const char *name,
    struct instant then, struct instant now)
{
	if (!instant_is_never(then))
		reply_unsigned(reply, name,
		    (uint64_t)(instant_age_ns(then, now) / NS_PER_S));
}

static void write_session(const struct tunnel_peer_status *status,
    struct instant now, struct reply *reply)
{
	if (!instant_is_never(status->last_handshake))
		reply_signed(
		    reply, "latest_handshake_s", status->last_handshake_wall_s);
	status_write_age(reply, "handshake_age_s", status->last_handshake, now);
	status_write_age(reply, "received_age_s", status->last_received, now);
	if (status->send_aead)
		reply_string(reply, "cipher_send", status->send_aead->name);
	if (status->receive_aead)
		reply_string(
		    reply, "cipher_receive", status->receive_aead->name);
}

static void write_features(
    const struct tunnel_peer_status *status, struct reply *reply)
{
	reply_string(reply, "mode", mode_name(status));
	reply_open_array(reply, "features");
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (status->features & (uint32_t)features[i].bit)
			reply_string(reply, "", features[i].name);
	reply_close_array(reply);
	reply_bool(reply, "segments_refused", status->segments_refused);
	if (status->segments_refused)
		reply_string(reply, "segments_why", status->segments_refused);
}

static void write_compression(
    const struct tunnel_peer_status *status, struct reply *reply)
{
	uint64_t in = status->compress_in_bytes;
	uint64_t out = status->compress_out_bytes;

	reply_string(reply, "compressor",
	    status->compressor ? status->compressor->name : "none");
	if (out)
		reply_milli(
		    reply, "compress_ratio", (int64_t)(in * 1000 / out));
	reply_unsigned(reply, "compress_in_bytes", in);
	reply_unsigned(reply, "compress_out_bytes", out);
	reply_unsigned(reply, "compressed_packets", status->compressed_packets);
	reply_unsigned(reply, "expanded_packets", status->expanded_packets);
}

static void write_traffic(
    const struct tunnel_peer_status *status, struct reply *reply)
{
	reply_unsigned(reply, "rx_bytes", status->rx_bytes);
	reply_unsigned(reply, "tx_bytes", status->tx_bytes);
	reply_unsigned(reply, "rx_packets", status->rx_packets);
	reply_unsigned(reply, "tx_packets", status->tx_packets);
	reply_unsigned(reply, "rx_inner_bytes", status->rx_inner_bytes);
	reply_unsigned(reply, "tx_inner_bytes", status->tx_inner_bytes);
	reply_unsigned(reply, "drops", status->drops);
	reply_unsigned(reply, "unknown_frames", status->unknown_frames);
	reply_unsigned(reply, "staged_packets", status->staged_packets);
}

static void write_dropped_one(void *context, const struct path_drop *drop)
{
	struct reply *reply = context;

	reply_open_object(reply, "");
	reply_string(reply, "direction", drop->direction);
	reply_string(reply, "stage", drop->stage);
	reply_string(reply, "reason", drop_name(drop->reason));
	reply_unsigned(reply, "packets", drop->packets);
	reply_close_object(reply);
}

static void write_dropped(
    const struct core *core, const struct core_peer *peer, struct reply *reply)
{
	reply_open_array(reply, "dropped");
	path_each_peer_drop(
	    core->path, tunnel_peer_id(peer->peer), write_dropped_one, reply);
	reply_close_array(reply);
}

static void write_prefixes(struct reply *reply, const char *name,
    const struct prefix *prefixes, size_t count)
{
	char text[PREFIX_TEXT_BYTES];

	reply_open_array(reply, name);
	for (size_t i = 0; i < count; i++)
		reply_string(
		    reply, "", prefix_format(&prefixes[i], text, sizeof(text)));
	reply_close_array(reply);
}

static void write_settings(const struct config_peer *conf,
    const struct tunnel_peer_status *status, struct reply *reply)
{
	write_prefixes(
	    reply, "allowed_ips", conf->allowed_ips, conf->allowed_ips_count);
	reply_unsigned(reply, "keepalive_s", status->keepalive_s);
	if (conf->rate_kbit)
		reply_unsigned(reply, "rate_kbit", conf->rate_kbit);
	reply_bool(reply, "preshared_key", status->has_preshared_key);
	reply_string(
	    reply, "extension", config_extension_name(conf->extension));
}

static void write_peer(const struct core *core, const struct core_peer *peer,
    enum control_rights rights, struct instant now, struct reply *reply)
{
	struct tunnel_peer_status status;

	tunnel_peer_status(peer->peer, now, &status);
	reply_open_object(reply, "");
	write_identity(core, peer, &status, rights, reply);
	write_state(core, peer, rights, now, reply);
	write_session(&status, now, reply);
	write_features(&status, reply);
	write_compression(&status, reply);
	write_traffic(&status, reply);
	write_dropped(core, peer, reply);
	write_settings(peers_conf(core, peer), &status, reply);
	tap_write_port(core, peer, now, reply);
	reply_close_object(reply);
}

/* ---- the tunnel ---- */

static void write_host(
    const struct core *core, struct instant now, struct reply *reply)
{
	const struct core_host *host = &core->host;

	reply_string(reply, "device", host->device);
	reply_string(reply, "device_type",
	    config_device_type_names.names[core->config->device_type]);
	reply_bool(reply, "device_up", host->is_device_up);
	reply_unsigned(reply, "mtu", host->mtu);
	if (host->queues)
		reply_unsigned(reply, "device_queues", host->queues);
	reply_unsigned(reply, "port", host->port);
	if (host->receive_buffer_bytes)
		reply_unsigned(reply, "receive_buffer_bytes",
		    host->receive_buffer_bytes);
	reply_unsigned(reply, "busy_poll_us", core->config->busy_poll_us);
	reply_unsigned(reply, "busy_polls", host->busy_polls);
	if (host->workers) {
		reply_unsigned(reply, "workers", host->workers);
		reply_unsigned(reply, "lock_waits", host->lock_waits);
	}
	if (host->workers > 1 && host->cpu_out >= 0 && host->cpu_in >= 0) {
		reply_unsigned(reply, "cpu_out", (uint64_t)host->cpu_out);
		reply_unsigned(reply, "cpu_in", (uint64_t)host->cpu_in);
	}
	reply_unsigned(reply, "fwmark", host->fwmark);
	reply_unsigned(reply, "table", host->table);
	if (!instant_is_never(host->started))
		reply_unsigned(reply, "uptime_s",
		    (uint64_t)(instant_age_ns(host->started, now) / NS_PER_S));
	if (host->last_reload) {
		reply_string(reply, "last_reload", host->last_reload);
		reply_bool(
		    reply, "last_reload_failed", host->last_reload_failed);
	}
}

void core_note_workers(struct core *core, uint32_t workers)
{
	core->host.workers = workers;
}

void core_note_lock_waits(struct core *core, uint64_t lock_waits)
{
	core->host.lock_waits = lock_waits;
}

struct sums {
	uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, drops;
};

static struct sums sum_up(const struct core *core, struct instant now)
{
	struct sums sums = {0};

	for (size_t i = 0; i < core->config->peers_count; i++) {
		struct tunnel_peer_status status;

		tunnel_peer_status(core->peers[i]->peer, now, &status);
		sums.rx_bytes += status.rx_bytes;
		sums.tx_bytes += status.tx_bytes;
		sums.rx_packets += status.rx_packets;
		sums.tx_packets += status.tx_packets;
	}
	return sums;
}

void status_write_totals(const struct core *core, struct reply *reply)
{
	struct path_totals totals;

	path_totals(core->path, &totals);
	reply_open_object(reply, "totals");
	reply_unsigned(reply, "rx_packets", totals.rx_packets);
	reply_unsigned(reply, "rx_ours", totals.rx_ours);
	reply_unsigned(reply, "rx_delivered", totals.rx_delivered);
	reply_unsigned(reply, "rx_consumed", totals.rx_consumed);
	reply_unsigned(reply, "rx_forwarded", totals.rx_forwarded);
	reply_unsigned(reply, "rx_dropped", totals.rx_dropped);
	reply_unsigned(reply, "tx_packets", totals.tx_packets);
	reply_unsigned(reply, "tx_ours", totals.tx_ours);
	reply_unsigned(reply, "tx_switched", totals.tx_switched);
	reply_unsigned(reply, "tx_waiting", totals.tx_waiting);
	reply_unsigned(reply, "tx_cut", totals.tx_cut);
	reply_unsigned(reply, "tx_marked", totals.tx_marked);
	reply_unsigned(reply, "tx_sent", totals.tx_sent);
	reply_unsigned(reply, "tx_dropped", totals.tx_dropped);
	reply_close_object(reply);
}

static void write_sums(
    const struct core *core, struct instant now, struct reply *reply)
{
	struct sums sums = sum_up(core, now);
	struct path_totals totals;

	path_totals(core->path, &totals);
	reply_unsigned(reply, "rx_bytes", sums.rx_bytes);
	reply_unsigned(reply, "tx_bytes", sums.tx_bytes);
	reply_unsigned(reply, "rx_packets", sums.rx_packets);
	reply_unsigned(reply, "tx_packets", sums.tx_packets);
	reply_unsigned(reply, "drops", totals.rx_dropped + totals.tx_dropped);
	reply_unsigned(reply, "tx_waiting", totals.tx_waiting);
	reply_unsigned(reply, "tx_marked", totals.tx_marked);
}

/* Which back end does the work, and how fast it was when vpnd started. */
static void write_ciphers(const struct core *core, struct reply *reply)
{
	struct tunnel_aead aeads[TUNNEL_AEADS];
	size_t count = core_aeads(core, core->config, aeads);

	reply_open_array(reply, "ciphers");
	for (size_t i = 0; i < count; i++) {
		const struct aead *aead =
		    tunnel_backend(core->tunnel, aeads[i].id);

		reply_open_object(reply, "");
		reply_string(reply, "name", aead->name);
		reply_string(reply, "backend", aead->backend);
		if (aeads[i].speed)
			reply_unsigned(reply, "bytes_per_s",
			    aeads[i].speed * UINT64_C(1000000));
		reply_close_object(reply);
	}
	reply_close_array(reply);
}

static void write_offloads(const struct core *core, struct reply *reply)
{
	reply_open_array(reply, "offloads");
	for (size_t i = 0; i < CORE_OFFLOADS; i++) {
		const struct core_offload *offload = &core->host.offloads[i];

		if (!offload->name)
			continue;
		reply_open_object(reply, "");
		reply_string(reply, "name", offload->name);
		reply_bool(reply, "on", offload->is_on);
		if (!offload->is_on)
			reply_string(reply, "why", offload->why);
		reply_close_object(reply);
	}
	reply_close_array(reply);
}

static void write_tunnel(
    const struct core *core, struct instant now, struct reply *reply)
{
	const struct config *config = core->config;
	char key[KEY_TEXT_BYTES];
	struct tunnel_status status;

	tunnel_status(core->tunnel, now, &status);
	reply_open_object(reply, "tunnel");
	reply_string(reply, "name", config->name);
	reply_string(reply, "version", core->version);
	reply_string(reply, "public_key",
	    key_format(tunnel_public_key(core->tunnel), key));
	write_host(core, now, reply);
	tap_write_switch(core, now, reply);
	write_prefixes(
	    reply, "addresses", config->addresses, config->addresses_count);
	reply_string(reply, "compress", config_compress_name(config->compress));
	write_ciphers(core, reply);
	write_offloads(core, reply);
	reply_unsigned(reply, "peers", config->peers_count);
	reply_unsigned(reply, "peers_up", status_peers_up(core, now));
	reply_bool(reply, "under_load", status.is_under_load);
	reply_unsigned(reply, "staged_bytes", status.staged_bytes);
	write_sums(core, now, reply);
	reply_close_object(reply);
}

void status_reply(struct core *core, const struct core_peer *only,
    enum control_rights rights, const struct moment *now, struct reply *reply)
{
	reply_string(reply, "schema", "vpnd.status/1");
	write_tunnel(core, now->now, reply);
	reply_open_array(reply, "peers");
	for (size_t i = 0; i < core->config->peers_count; i++)
		if (!only || only == core->peers[i])
			write_peer(
			    core, core->peers[i], rights, now->now, reply);
	reply_close_array(reply);
}

void core_status_line(
    struct core *core, const struct moment *now, char *line, size_t room)
{
	snprintf(line, room, "%zu/%zu peers up%s",
	    status_peers_up(core, now->now), core->config->peers_count,
	    core->host.last_reload_failed ? "; the last reload failed" : "");
}
