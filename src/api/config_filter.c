/* SPDX-License-Identifier: ISC */
/* The filter and the sockets of a configuration: growth, names, peers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/config_list.h"

static const char *const hook_names[] = {
    [CONFIG_HOOK_PREROUTING] = "prerouting",
    [CONFIG_HOOK_INPUT] = "input",
    [CONFIG_HOOK_FORWARD] = "forward",
    [CONFIG_HOOK_OUTPUT] = "output",
    [CONFIG_HOOK_POSTROUTING] = "postrouting",
};
static const char *const action_names[] = {
    [CONFIG_ACTION_ACCEPT] = "accept",
    [CONFIG_ACTION_DROP] = "drop",
    [CONFIG_ACTION_REJECT] = "reject",
    [CONFIG_ACTION_COUNT] = "count",
};
static const char *const family_names[] = {
    [CONFIG_FAMILY_ANY] = "any",
    [CONFIG_FAMILY_IPV4] = "ipv4",
    [CONFIG_FAMILY_IPV6] = "ipv6",
};
static const char *const state_names[] = {
    [CONFIG_STATE_NEW] = "new",
    [CONFIG_STATE_ESTABLISHED] = "established",
    [CONFIG_STATE_RELATED] = "related",
    [CONFIG_STATE_INVALID] = "invalid",
    [CONFIG_STATE_UNTRACKED] = "untracked",
};
static const char *const socket_type_names[] = {
    [CONFIG_SOCKET_ECHO] = "echo",
    [CONFIG_SOCKET_DISCARD] = "discard",
    [CONFIG_SOCKET_STATUS] = "status",
    [CONFIG_SOCKET_PING] = "ping",
    [CONFIG_SOCKET_CLIENT] = "client",
};
static const char *const socket_order_names[] = {
    [CONFIG_SOCKET_ORDER_CLASSIC] = "classic",
    [CONFIG_SOCKET_ORDER_KERNEL] = "kernel",
};

#define NAMES(list)                                                            \
	{                                                                      \
		list, ARRAY_SIZE(list)                                         \
	}

const struct config_names config_hook_names = NAMES(hook_names);
const struct config_names config_action_names = NAMES(action_names);
/* All but "count". */
const struct config_names config_policy_names = {
    action_names, CONFIG_ACTION_COUNT};
const struct config_names config_family_names = NAMES(family_names);
const struct config_names config_state_names = NAMES(state_names);
const struct config_names config_socket_type_names = NAMES(socket_type_names);
const struct config_names config_socket_order_names = NAMES(socket_order_names);

struct config_rule *config_add_rule(struct config_filter *filter)
{
	struct config_rule *rules = config_list_grow(
	    filter->rules, filter->rules_count, sizeof(*rules));

	if (!rules)
		return NULL;
	filter->rules = rules;
	rules += filter->rules_count++;
	memset(rules, 0, sizeof(*rules));
	return rules;
}

struct config_socket *config_add_socket(struct config *config)
{
	struct config_socket *sockets = config_list_grow(
	    config->sockets, config->sockets_count, sizeof(*sockets));

	if (!sockets)
		return NULL;
	config->sockets = sockets;
	sockets += config->sockets_count++;
	*sockets = (struct config_socket){
	    .rcvbuf = CONFIG_RCVBUF_DEFAULT, .address = {FAMILY_IPV6, {0}}};
	return sockets;
}

int config_ends_add_peer(struct config_ends *ends, uint32_t idx)
{
	uint32_t *peers =
	    config_list_grow(ends->peers, ends->peers_count, sizeof(*peers));

	if (!peers)
		return -ENOMEM;
	ends->peers = peers;
	peers[ends->peers_count++] = idx;
	return 0;
}

/* ---- a peer that is gone ---- */

static void ends_forget(struct config_ends *ends, uint32_t idx)
{
	size_t kept = 0;

	for (size_t i = 0; i < ends->peers_count; i++) {
		uint32_t peer = ends->peers[i];

		if (peer != idx)
			ends->peers[kept++] = peer - (peer > idx);
	}
	ends->peers_count = kept;
}

void config_forget_peer(struct config *config, uint32_t idx)
{
	for (size_t i = 0; i < config->filter.rules_count; i++) {
		ends_forget(&config->filter.rules[i].from, idx);
		ends_forget(&config->filter.rules[i].to, idx);
	}
	for (size_t i = 0; i < config->sockets_count; i++)
		ends_forget(&config->sockets[i].from, idx);
}

/* ---- the end ---- */

static void ends_clear(struct config_ends *ends)
{
	free(ends->text);
	free(ends->peers);
	free(ends->prefixes);
}

static void program_clear(struct config_program *program)
{
	free(program->text);
	free(program->list);
}

void config_filter_clear(struct config_filter *filter)
{
	for (size_t i = 0; i < filter->rules_count; i++) {
		ends_clear(&filter->rules[i].from);
		ends_clear(&filter->rules[i].to);
		program_clear(&filter->rules[i].match);
	}
	free(filter->rules);
}

void config_socket_clear(struct config_socket *socket)
{
	ends_clear(&socket->from);
	program_clear(&socket->filter);
}
