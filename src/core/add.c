/* SPDX-License-Identifier: ISC */
/*
 * The arguments of "peer add": NAME, then pairs of a word and its value.
 *
 * They are as strict as the configuration file, so that what works here works
 * there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/value.h"
#include "base/nearest.h"
#include "core/state.h"

struct parser {
	const struct core *core;
	struct config_peer *peer;
	struct core_answer *why;
	bool has_preshared_key;
	bool has_compress;
};

#define refuse(p, ...)                                                         \
	(answer_set((p)->why, CONTROL_USAGE, __VA_ARGS__), -EINVAL)

typedef int parse_fn(struct parser *p, const char *text);

/* Values parted by commas. */
static int each_of_list(struct parser *p, const char *text, parse_fn *parse)
{
	char one[PREFIX_TEXT_BYTES + 1]; /* no MAC address is longer */
	int err = 0;

	do {
		size_t len = strcspn(text, ",");

		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		err = parse(p, one);
		text += len;
	} while (!err && *text++);
	return err;
}

/* ---- values ---- */

static int parse_name(struct parser *p, const char *text)
{
	const char *problem = value_name_problem(text);

	if (problem)
		return refuse(p, "name: it %s", problem);
	if (peers_find(p->core, text))
		return refuse(p, "name: there is a peer \"%s\" already", text);
	snprintf(p->peer->name, sizeof(p->peer->name), "%s", text);
	return 0;
}

static int parse_key(struct parser *p, const char *text)
{
	const struct core_peer *other;
	uint8_t *key = p->peer->public_key;

	if (key_parse(key, text))
		return refuse(p,
		    "public-key: not a key: 44 characters of base64 that "
		    "`vpnctl pubkey` printed");
	if (memcmp(key, tunnel_public_key(p->core->tunnel), CONFIG_KEY_BYTES) ==
	    0)
		return refuse(p, "public-key: it is this host's own");
	other = peers_find_key(p->core, key);
	if (other)
		return refuse(
		    p, "public-key: peer \"%s\" has it already", other->name);
	return 0;
}

static int parse_endpoint(struct parser *p, const char *text)
{
	char host[CONFIG_HOST_BYTES];
	const char *problem =
	    value_endpoint(host, &p->peer->endpoint_port, text);

	if (problem)
		return refuse(p, "endpoint: %s", problem);
	return config_set_text(&p->peer->endpoint_host, host);
}

static const struct config_peer *find_owner(
    const struct core *core, const struct prefix *prefix)
{
	for (size_t i = 0; i < core->config->peers_count; i++)
		if (peers_has_prefix(&core->config->peers[i], prefix))
			return &core->config->peers[i];
	return NULL;
}

static int parse_prefix(struct parser *p, const char *text)
{
	const struct config_peer *owner;
	struct prefix prefix;

	if (prefix_parse(&prefix, text))
		return refuse(
		    p, "allowed-ips: \"%.80s\" is not a prefix", text);
	(void)prefix_mask(&prefix);
	if (peers_has_prefix(p->peer, &prefix))
		return refuse(p, "allowed-ips: %s is there twice", text);
	owner = find_owner(p->core, &prefix);
	if (owner)
		return refuse(p, "allowed-ips: peer \"%s\" has %s already",
		    owner->name, text);
	return config_add_prefix(
	    &p->peer->allowed_ips, &p->peer->allowed_ips_count, &prefix);
}

static int parse_prefixes(struct parser *p, const char *text)
{
	return each_of_list(p, text, parse_prefix);
}

static int parse_keepalive(struct parser *p, const char *text)
{
	if (value_duration(&p->peer->keepalive_s, text, CONFIG_KEEPALIVE_MAX))
		return 0;
	return refuse(p,
	    "keepalive: neither \"off\" nor a time like \"25s\", at most %ds",
	    CONFIG_KEEPALIVE_MAX);
}

static int parse_preshared_key_file(struct parser *p, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= CONFIG_PATH_BYTES)
		return refuse(p, "preshared-key-file: not a file's name");
	if (!p->has_preshared_key)
		return refuse(p, "preshared-key-file: it was not read");
	return config_set_text(&p->peer->preshared_key_file, text);
}

static int parse_compress(struct parser *p, const char *text)
{
	int value = config_names_find(&config_compress_names, text);

	if (value < 0)
		return refuse(p, "compress: not \"none\", \"lz4\" or \"zstd\"");
	p->peer->compress = (enum config_compress)value;
	p->has_compress = true;
	return 0;
}

static int parse_extension(struct parser *p, const char *text)
{
	int value = config_names_find(&config_extension_names, text);

	if (value < 0)
		return refuse(
		    p, "extension: not \"auto\", \"off\" or \"required\"");
	p->peer->extension = (enum config_extension)value;
	return 0;
}

static int parse_rate(struct parser *p, const char *text)
{
	if (value_peer_rate(&p->peer->rate_kbit, text))
		return 0;
	return refuse(
	    p, "rate: neither \"off\" nor a rate like \"100mbit\" or \"2gbit\"");
}

/* ---- on tap ---- */

static int parse_mac(struct parser *p, const char *text)
{
	const struct mac *own = ports_host_mac(p->core);
	const struct config_peer *owner;
	struct mac mac;
	const char *problem = value_mac(&mac, text);

	if (problem)
		return refuse(p, "macs: \"%.80s\" %s", text, problem);
	if (ports_has_mac(p->peer, &mac))
		return refuse(p, "macs: %s is there twice", text);
	if (own && mac_is_equal(own, &mac))
		return refuse(
		    p, "macs: %s is that of this host's device", text);
	if (p->peer->macs_count == CONFIG_STATIC_MACS_MAX)
		return refuse(p, "macs: more than %d", CONFIG_STATIC_MACS_MAX);
	owner = ports_find_owner(p->core, &mac);
	if (owner)
		return refuse(
		    p, "macs: peer \"%s\" has %s already", owner->name, text);
	return config_add_mac(p->peer, &mac);
}

static int parse_macs(struct parser *p, const char *text)
{
	return each_of_list(p, text, parse_mac);
}

static int parse_vlans(struct parser *p, const char *text)
{
	struct vlan_set vlans = {{0}};
	const char *problem = value_vlans(&vlans, text);

	if (problem)
		return refuse(p, "vlans: \"%.80s\" %s", text, problem);
	return config_set_vlans(p->peer, &vlans);
}

static int parse_flag(
    struct parser *p, const char *name, const char *text, bool *ret)
{
	*ret = strcmp(text, "true") == 0;
	if (*ret || strcmp(text, "false") == 0)
		return 0;
	return refuse(p, "%s: neither \"true\" nor \"false\"", name);
}

static int parse_router(struct parser *p, const char *text)
{
	return parse_flag(p, "router", text, &p->peer->is_router);
}

static int parse_dhcp_server(struct parser *p, const char *text)
{
	return parse_flag(p, "dhcp-server", text, &p->peer->is_dhcp_server);
}

/* ---- the whole ---- */

static const struct word {
	const char *name;
	parse_fn *parse;
	bool is_of_tap;
} words[] = {
    {"public-key", parse_key, false},
    {"endpoint", parse_endpoint, false},
    {"allowed-ips", parse_prefixes, false},
    {"keepalive", parse_keepalive, false},
    {"preshared-key-file", parse_preshared_key_file, false},
    {"compress", parse_compress, false},
    {"extension", parse_extension, false},
    {"rate", parse_rate, false},
    {"macs", parse_macs, true},
    {"vlans", parse_vlans, true},
    {"router", parse_router, true},
    {"dhcp-server", parse_dhcp_server, true},
};

static const char *word_at(const void *context, size_t idx)
{
	(void)context;
	return words[idx].name;
}

static int refuse_word(struct parser *p, const char *text)
{
	const char *nearest =
	    nearest_find(text, word_at, NULL, ARRAY_SIZE(words));

	if (nearest)
		return refuse(p, "unknown word \"%.64s\"; did you mean \"%s\"?",
		    text, nearest);
	return refuse(p, "unknown word \"%.64s\"", text);
}

/* `have` notes the words that came. */
static int parse_pair(
    struct parser *p, const char *name, const char *value, unsigned *have)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].name, name) != 0)
			continue;
		if (*have & 1u << i)
			return refuse(p, "%s is there twice", name);
		if (!value)
			return refuse(p, "%s has no value", name);
		if (words[i].is_of_tap && !p->core->bridge)
			return refuse(p,
			    "%s is for tap, and this tunnel's device is a tun",
			    name);
		*have |= 1u << i;
		return words[i].parse(p, value);
	}
	return refuse_word(p, name);
}

static int check_whole(struct parser *p, unsigned have)
{
	if (!(have & 1u << 0))
		return refuse(p, "public-key is missing");
	if (p->core->bridge && p->peer->extension != CONFIG_EXTENSION_REQUIRED)
		return refuse(p, "extension: a tap tunnel needs it, so it is "
				 "\"required\"");
	if (p->peer->extension != CONFIG_EXTENSION_OFF)
		return 0;
	if (p->has_compress && p->peer->compress != CONFIG_COMPRESS_NONE)
		return refuse(p,
		    "compress: a peer with extension = \"off\" can not "
		    "expand");
	p->peer->compress = CONFIG_COMPRESS_NONE;
	return 0;
}

static int parse_pairs(struct parser *p, const struct control_request *request)
{
	unsigned have = 0;
	int err = 0;

	for (size_t i = 1; !err && i < request->arguments_count; i += 2)
		err = parse_pair(p, request->arguments[i],
		    i + 1 < request->arguments_count ? request->arguments[i + 1]
						     : NULL,
		    &have);
	return err ? err : check_whole(p, have);
}

int add_parse(struct core *core, struct config_peer *ret,
    const struct control_request *request, bool has_preshared_key,
    struct core_answer *why)
{
	struct parser parser = {
	    .core = core,
	    .peer = ret,
	    .why = why,
	    .has_preshared_key = has_preshared_key,
	};
	int err;

	memset(ret, 0, sizeof(*ret));
	ret->compress = core->config->compress;
	if (core->bridge)
		ret->extension = CONFIG_EXTENSION_REQUIRED;
	err = parse_name(&parser, request->arguments[0]);
	return err ? err : parse_pairs(&parser, request);
}
