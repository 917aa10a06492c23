/* SPDX-License-Identifier: ISC */
/* Whether two configurations differ in their filters or sockets. */
#include <string.h>

#include "core/state.h"

/* Peers of the rules of two configurations are compared by name. */
struct pair {
	const struct config *a, *b;
};

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_peers(
    struct pair in, const struct config_ends *a, const struct config_ends *b)
{
	if (a->peers_count != b->peers_count)
		return false;
	for (size_t i = 0; i < a->peers_count; i++)
		if (strcmp(in.a->peers[a->peers[i]].name,
			in.b->peers[b->peers[i]].name) != 0)
			return false;
	return true;
}

static bool same_ends(
    struct pair in, const struct config_ends *a, const struct config_ends *b)
{
	if (!same_text(a->text, b->text) || !same_peers(in, a, b) ||
	    a->prefixes_count != b->prefixes_count)
		return false;
	for (size_t i = 0; i < a->prefixes_count; i++)
		if (!prefix_is_equal(&a->prefixes[i], &b->prefixes[i]))
			return false;
	return true;
}

/* Of one set of peers. */
static bool same_indices(
    const struct config_ends *a, const struct config_ends *b)
{
	if (!same_text(a->text, b->text) || a->peers_count != b->peers_count ||
	    a->prefixes_count != b->prefixes_count)
		return false;
	for (size_t i = 0; i < a->peers_count; i++)
		if (a->peers[i] != b->peers[i])
			return false;
	for (size_t i = 0; i < a->prefixes_count; i++)
		if (!prefix_is_equal(&a->prefixes[i], &b->prefixes[i]))
			return false;
	return true;
}

/* What it owns is compared by itself, and its place in the file is none of its
 * meaning. */
static void copy_flat(struct config_rule *ret, const struct config_rule *rule)
{
	memcpy(ret, rule, sizeof(*ret));
	memset(&ret->from, 0, sizeof(ret->from));
	memset(&ret->to, 0, sizeof(ret->to));
	memset(&ret->match, 0, sizeof(ret->match));
	memset(&ret->place, 0, sizeof(ret->place));
}

/* Rules are zeroed when they are made, so what pads them is equal. */
static bool same_flat(const struct config_rule *a, const struct config_rule *b)
{
	struct config_rule flat[2];

	copy_flat(&flat[0], a);
	copy_flat(&flat[1], b);
	return memcmp(&flat[0], &flat[1], sizeof(flat[0])) == 0;
}

static bool same_rule(
    struct pair in, const struct config_rule *a, const struct config_rule *b)
{
	return same_flat(a, b) && same_ends(in, &a->from, &b->from) &&
	       same_ends(in, &a->to, &b->to) &&
	       same_text(a->match.text, b->match.text);
}

bool filter_is_same_rule(
    const struct config_rule *a, const struct config_rule *b)
{
	return same_flat(a, b) && same_indices(&a->from, &b->from) &&
	       same_indices(&a->to, &b->to) &&
	       same_text(a->match.text, b->match.text);
}

bool filter_is_on_differs(const struct config *a, const struct config *b)
{
	return a->filter.is_on != b->filter.is_on;
}

bool filter_stateful_differs(const struct config *a, const struct config *b)
{
	return a->filter.is_stateful != b->filter.is_stateful;
}

bool filter_flows_differs(const struct config *a, const struct config *b)
{
	return a->filter.flows_max != b->filter.flows_max ||
	       a->filter.flows_per_peer != b->filter.flows_per_peer;
}

bool filter_policy_differs(const struct config *a, const struct config *b)
{
	return memcmp(a->filter.policy, b->filter.policy,
		   sizeof(a->filter.policy)) != 0;
}

bool filter_rules_differs(const struct config *a, const struct config *b)
{
	struct pair in = {a, b};

	if (a->filter.rules_count != b->filter.rules_count)
		return true;
	for (size_t i = 0; i < a->filter.rules_count; i++)
		if (!same_rule(in, &a->filter.rules[i], &b->filter.rules[i]))
			return true;
	return false;
}

static bool same_socket(struct pair in, const struct config_socket *a,
    const struct config_socket *b)
{
	return a->type == b->type && a->has_address == b->has_address &&
	       address_is_equal(&a->address, &b->address) &&
	       a->port == b->port && a->rcvbuf == b->rcvbuf &&
	       same_text(a->filter.text, b->filter.text) &&
	       same_ends(in, &a->from, &b->from);
}

bool filter_sockets_differs(const struct config *a, const struct config *b)
{
	struct pair in = {a, b};

	if (a->sockets_count != b->sockets_count)
		return true;
	for (size_t i = 0; i < a->sockets_count; i++)
		if (!same_socket(in, &a->sockets[i], &b->sockets[i]))
			return true;
	return false;
}

bool filter_socket_order_differs(const struct config *a, const struct config *b)
{
	return a->socket_order != b->socket_order;
}
