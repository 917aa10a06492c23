/* SPDX-License-Identifier: ISC */
/* What status sockets and `vpnctl sockets` tell: schema vpnd.sockets/1. */
#include <stdio.h>

#include "core/sockets.h"

/* ---- metrics ---- */

#define WORKERS_BYTES 80

/* "" when it is not known. */
static const char *workers_metrics(
    const struct core_host *host, char text[WORKERS_BYTES])
{
	*text = '\0';
	if (host->workers)
		snprintf(text, WORKERS_BYTES,
		    "vpnd_workers %u\n"
		    "vpnd_lock_waits_total %llu\n",
		    host->workers, (unsigned long long)host->lock_waits);
	return text;
}

/* Names and values only: whoever asks is a peer, but not an administrator. */
size_t sockets_metrics(const struct core *core, const struct moment *now,
    char text[SOCKET_STATUS_BYTES])
{
	int64_t uptime_ns = instant_age_ns(core->host.started, now->now);
	struct path_totals totals;
	char workers[WORKERS_BYTES];
	int len;

	path_totals(core->path, &totals);
	len = snprintf(text, SOCKET_STATUS_BYTES,
	    "vpnd_info{tunnel=\"%s\",version=\"%.32s\"} 1\n"
	    "vpnd_uptime_seconds %lld\n"
	    "vpnd_peers %zu\n"
	    "vpnd_peers_up %zu\n"
	    "vpnd_rx_packets_total %llu\n"
	    "vpnd_rx_dropped_total %llu\n"
	    "vpnd_tx_packets_total %llu\n"
	    "vpnd_tx_dropped_total %llu\n"
	    "vpnd_tx_marked_total %llu\n"
	    "vpnd_sockets_bytes %u\n%s",
	    core->config->name, core->version,
	    instant_is_never(core->host.started)
		? 0LL
		: (long long)(uptime_ns / NS_PER_S),
	    core->config->peers_count, status_peers_up(core, now->now),
	    (unsigned long long)totals.rx_packets,
	    (unsigned long long)totals.rx_dropped,
	    (unsigned long long)totals.tx_packets,
	    (unsigned long long)totals.tx_dropped,
	    (unsigned long long)totals.tx_marked,
	    sockets_used_bytes(core->sockets->table),
	    workers_metrics(&core->host, workers));
	return len < SOCKET_STATUS_BYTES ? (size_t)len
					 : SOCKET_STATUS_BYTES - 1;
}

/* ---- vpnctl sockets ---- */

static void write_reasons(
    const struct socket_status *status, struct reply *reply)
{
	reply_open_array(reply, "reasons");
	for (int i = 0; i < DROP_COUNT; i++) {
		if (!status->by_reason[i])
			continue;
		reply_open_object(reply, "");
		reply_string(reply, "reason", drop_name((enum drop)i));
		reply_unsigned(reply, "packets", status->by_reason[i]);
		reply_close_object(reply);
	}
	reply_close_array(reply);
}

static void write_place(const struct config_socket *conf, struct reply *reply)
{
	char text[ADDRESS_TEXT_BYTES] = "*";

	if (conf->has_address)
		address_format(&conf->address, text, sizeof(text));
	reply_string(reply, "protocol",
	    conf->type == CONFIG_SOCKET_PING ? "icmp" : "udp");
	reply_string(reply, "address", text);
	reply_unsigned(reply, "port", conf->port);
	reply_string(reply, "type", config_socket_type_names.names[conf->type]);
	reply_string(reply, "filter", conf->filter.text);
	reply_string(reply, "from", conf->from.text);
}

static void write_socket(const struct core_socket *one, struct reply *reply)
{
	struct socket_status status;

	socket_status(one->socket, &status);
	reply_open_object(reply, "");
	write_place(one->conf, reply);
	reply_bool(reply, "open", socket_is_open(one->socket));
	reply_unsigned(reply, "rx_packets", status.rx_packets);
	reply_unsigned(reply, "rx_bytes", status.rx_bytes);
	reply_unsigned(reply, "rx_read", status.rx_read);
	reply_unsigned(reply, "tx_packets", one->tx_packets);
	reply_unsigned(reply, "tx_failed", one->tx_failed);
	reply_unsigned(reply, "unanswered", one->unanswered);
	reply_unsigned(reply, "drops", status.drops);
	write_reasons(&status, reply);
	reply_unsigned(reply, "queued", status.queued);
	reply_unsigned(reply, "used_bytes", status.used_bytes);
	reply_unsigned(reply, "rcvbuf_bytes", one->conf->rcvbuf);
	reply_close_object(reply);
}

void sockets_reply(const struct core *core, struct reply *reply)
{
	const struct core_sockets *set = core->sockets;

	reply_string(reply, "schema", "vpnd.sockets/1");
	reply_string(reply, "order",
	    config_socket_order_names.names[core->config->socket_order]);
	reply_unsigned(reply, "used_bytes", sockets_used_bytes(set->table));
	reply_open_array(reply, "sockets");
	for (size_t i = 0; i < set->count; i++)
		write_socket(&set->list[i], reply);
	reply_close_array(reply);
}
