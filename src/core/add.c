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

/* ---- values ---- */

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool is_word(const char *text, size_t room)
{
	size_t len = strlen(text);

	if (len == 0 || len >= room || *text == '.' || *text == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_word_byte(text[i]))
			return false;
	return true;
}

static int parse_name(struct parser *p, const char *text)
{
	if (!is_word(text, sizeof(p->peer->name)))
		return refuse(p,
		    "name: 1 to %d letters, digits, \".\", \"_\" and \"-\", "
		    "the first a letter, a digit or \"_\"",
		    CONFIG_NAME_BYTES - 1);
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

/* 1 to 5 digits and nothing else; -1: it is none of 1..65535. */
static long parse_number(const char *text, size_t len)
{
	long value = 0;

	if (len == 0 || len > 5 || (*text == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = 10 * value + (text[i] - '0');
	}
	return value <= UINT16_MAX ? value : -1;
}

/* Something that looks like an address has to be one. */
static bool is_host_name(const char *host)
{
	return is_word(host, CONFIG_HOST_BYTES) &&
	       strspn(host, "0123456789.") != strlen(host);
}

static int parse_host_name(struct parser *p, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	long port = colon ? parse_number(colon + 1, strlen(colon + 1)) : -1;
	char *host = p->peer->endpoint_host;

	if (len > 0 && len < CONFIG_HOST_BYTES)
		memcpy(host, text, len);
	if (port < 1 || !is_host_name(host))
		return refuse(p,
		    "endpoint: not HOST:PORT, with a name, an IPv4 address "
		    "or an [IPv6] address, and a port of 1..65535");
	p->peer->endpoint_port = (uint16_t)port;
	return 0;
}

static int parse_endpoint(struct parser *p, const char *text)
{
	struct endpoint literal;

	if (endpoint_parse(&literal, text))
		return parse_host_name(p, text);
	address_format(
	    &literal.address, p->peer->endpoint_host, ADDRESS_TEXT_BYTES);
	p->peer->endpoint_port = literal.port;
	return 0;
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

/* Prefixes parted by commas. */
static int parse_list(struct parser *p, const char *text)
{
	char one[PREFIX_TEXT_BYTES + 1];
	int err = 0;

	do {
		size_t len = strcspn(text, ",");

		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		err = parse_prefix(p, one);
		text += len;
	} while (!err && *text++);
	return err;
}

static const struct {
	char unit;
	long seconds;
} time_units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};

static int parse_keepalive(struct parser *p, const char *text)
{
	size_t len = strlen(text);
	long value = -1;

	for (size_t i = 0; len > 1 && i < ARRAY_SIZE(time_units); i++)
		if (text[len - 1] == time_units[i].unit)
			value =
			    parse_number(text, len - 1) * time_units[i].seconds;
	if (value < 0 || value > CONFIG_KEEPALIVE_MAX)
		return refuse(p,
		    "keepalive: not a time like \"25s\", at most %ds",
		    CONFIG_KEEPALIVE_MAX);
	p->peer->keepalive_s = (uint32_t)value;
	return 0;
}

static int parse_preshared_key_file(struct parser *p, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= sizeof(p->peer->preshared_key_file))
		return refuse(p, "preshared-key-file: not a file's name");
	if (!p->has_preshared_key)
		return refuse(p, "preshared-key-file: it was not read");
	memcpy(p->peer->preshared_key_file, text, len);
	return 0;
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

/* ---- the whole ---- */

static const struct word {
	const char *name;
	int (*parse)(struct parser *p, const char *text);
} words[] = {
    {"public-key", parse_key},
    {"endpoint", parse_endpoint},
    {"allowed-ips", parse_list},
    {"keepalive", parse_keepalive},
    {"preshared-key-file", parse_preshared_key_file},
    {"compress", parse_compress},
    {"extension", parse_extension},
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
		*have |= 1u << i;
		return words[i].parse(p, value);
	}
	return refuse_word(p, name);
}

static int check_whole(struct parser *p, unsigned have)
{
	if (!(have & 1u << 0))
		return refuse(p, "public-key is missing");
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
	err = parse_name(&parser, request->arguments[0]);
	return err ? err : parse_pairs(&parser, request);
}
