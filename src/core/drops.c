/* SPDX-License-Identifier: ISC */
/* What `vpnctl drops` reads: schema vpnd.drops/1. */
#include <string.h>

#include "core/state.h"

struct writer {
	const struct core *core;
	struct reply *reply;
	struct instant now;
	bool has_examples;
	bool has_times; /* of one peer there are none */
};

/* What may be done, where that is more than what the reason says. */
static const struct hint {
	enum drop reason;
	const char *stage; /* NULL: any */
	const char *text;
} hints[] = {
    {DROP_IP_RPFILTER, NULL, "if it is the peer's, add it to its allowed_ips"},
    {DROP_IP_OUTNOROUTES, NULL, "no peer has it in its allowed_ips"},
    {DROP_NETFILTER_DROP, "encap",
	"the host's firewall refused it (EPERM): see its rules for output"},
    {DROP_NETFILTER_DROP, NULL,
	"the filter refused it: vpnctl trace says which rule"},
    {DROP_FULL_RING, NULL,
	"the host sends more than vpnd encrypts, or floods one of its queues: "
	"see offloads and workers in vpnctl status"},
    {DROP_SOCKET_RCVBUFF, "outer",
	"more arrives than vpnd decrypts: see ciphers, offloads and workers in "
	"vpnctl status"},
    {DROP_SOCKET_RCVBUFF, "sock_queue",
	"its receive buffer is full: raise rcvbuf, or read faster"},
    {DROP_NEIGH_FAILED, NULL, "the peer does not answer: see vpnctl status"},
    {DROP_NEIGH_DEAD, NULL, "the peer has no endpoint: see vpnctl status"},
    {DROP_VPN_MAC_QUOTA, NULL, "raise l2.max_macs_per_peer or l2.max_macs"},
    {DROP_VPN_STORM, NULL, "faster than l2.storm allows"},
};

static const char *hint_of(const struct path_drop *drop)
{
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].reason == drop->reason &&
		    (!hints[i].stage ||
			strcmp(hints[i].stage, drop->stage) == 0))
			return hints[i].text;
	return NULL;
}

/* NULL: it is gone, or unknown. */
static const char *name_of(const struct core *core, uint32_t id)
{
	for (size_t i = 0; id && i < core->config->peers_count; i++)
		if (tunnel_peer_id(core->peers[i]->peer) == id)
			return core->peers[i]->name;
	return NULL;
}

/* Examples show addresses, which are masked for those who may only read. */
static void write_example(const struct writer *w, const struct path_drop *drop)
{
	if (!w->has_examples || !*drop->example)
		return;
	reply_string(w->reply, "example", drop->example);
	reply_string(
	    w->reply, "example_peer", name_of(w->core, drop->example_peer));
}

static void write_drop(void *context, const struct path_drop *drop)
{
	const struct writer *w = context;

	reply_open_object(w->reply, "");
	reply_string(w->reply, "direction", drop->direction);
	reply_string(w->reply, "stage", drop->stage);
	reply_string(w->reply, "reason", drop_name(drop->reason));
	reply_string(w->reply, "text",
	    drop->reason ? drop_text(drop->reason)
			 : "of more reasons than are told apart");
	reply_string(w->reply, "hint", hint_of(drop));
	reply_unsigned(w->reply, "packets", drop->packets);
	if (w->has_times)
		status_write_age(w->reply, "last_age_s", drop->last, w->now);
	write_example(w, drop);
	reply_close_object(w->reply);
}

void drops_reply(struct core *core, const struct core_peer *only,
    enum control_rights rights, const struct moment *now, struct reply *reply)
{
	struct writer writer = {
	    .core = core,
	    .reply = reply,
	    .now = now->now,
	    .has_examples = rights == CONTROL_RIGHTS_ALL && !only,
	    .has_times = !only,
	};

	reply_string(reply, "schema", "vpnd.drops/1");
	if (only)
		reply_string(reply, "peer", only->name);
	reply_open_array(reply, "drops");
	if (only)
		path_each_peer_drop(core->path, tunnel_peer_id(only->peer),
		    write_drop, &writer);
	else
		path_each_drop(core->path, write_drop, &writer);
	reply_close_array(reply);
	status_write_totals(core, reply);
}
