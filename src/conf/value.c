/* SPDX-License-Identifier: ISC */
/* Reads single values: words, numbers, times, names, keys, paths. */
#include "conf/reader.h"

#include <stdlib.h>
#include <string.h>

#include "api/value.h"
#include "base/nearest.h"

#define NUMBER_BYTES 32 /* longer numbers are too large anyway */

static void *field_in(const struct conf_setting *setting, void *object)
{
	return (char *)object + setting->offset;
}

/* ---- words ---- */
static const char *name_of(const void *context, size_t idx)
{
	const struct config_names *names = context;

	return names->names[idx];
}

/* The word's value, or -1 and a complaint that tells all there are. */
static int find_choice(struct conf_reader *reader,
    const struct config_names *names, const struct conf_node *node)
{
	int value = config_names_find(names, node->string);
	char all[256] = "";
	const char *near;

	if (value >= 0)
		return value;
	for (size_t i = 0, len = 0; i < names->count && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len,
		    "%s\"%s\"", i ? ", " : "", names->names[i]);
	complain(reader, node, "\"%s\" is not known; there is %s", node->string,
	    all);
	near = nearest_find(node->string, name_of, names, names->count);
	if (near)
		conf_hint(reader->messages, "did you mean \"%s\"?", near);
	return -1;
}

void conf_read_choice(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	int value = find_choice(reader, setting->names, node);
	unsigned choice = (unsigned)value;

	/* With one choice there is nothing to note. */
	if (value >= 0 && setting->names->count > 1)
		memcpy(field_in(setting, object), &choice, sizeof(choice));
}

void conf_read_policy(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_place *place =
	    (void *)((char *)object + setting->place_offset);

	*place = node->place;
	conf_read_choice(reader, setting, node, object);
}

/* The scanner takes "true" and "false", in any case. */
static bool is_true(const struct conf_node *node)
{
	return (*node->raw | 0x20) == 't';
}

void conf_read_flag(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	(void)reader;
	*(bool *)field_in(setting, object) = is_true(node);
}

void conf_read_ciphers(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config *config = object;
	int cipher;

	config->ciphers_count = 0;
	config->has_cipher_order = true;
	if (!node->count)
		complain(reader, node, "there is no cipher in it");
	for (const struct conf_node *at = node->first; at; at = at->next) {
		cipher = find_choice(reader, setting->names, at);
		if (cipher < 0)
			continue;
		if (config->ciphers_count == CONFIG_CIPHERS ||
		    (config->ciphers_count &&
			config->ciphers[0] == (unsigned)cipher))
			complain(
			    reader, at, "\"%s\" is given twice", at->string);
		else
			config->ciphers[config->ciphers_count++] =
			    (enum config_cipher)cipher;
	}
}

/* ---- numbers ---- */
/* libconfig 1.5 wraps what does not fit, and 0600 changes its meaning with
 * 1.7: so the number's own text decides. What is negative or very large is
 * UINT64_MAX. False: it was complained of. */
static bool parse_number(
    struct conf_reader *reader, const struct conf_node *node, uint64_t *ret)
{
	char text[NUMBER_BYTES], *end = text;
	bool is_hex, is_short = node->raw_len < sizeof(text);
	unsigned long long value = 0;

	snprintf(text, sizeof(text), "%.*s", (int)node->raw_len, node->raw);
	is_hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	if (!is_hex && text[strspn(text, "+-")] == '0' && node->raw_len > 1) {
		complain(reader, node, "%s begins with 0", text);
		conf_hint(reader->messages,
		    "write it without, or as 0x... in hexadecimal");
		return false;
	}
	if (*text != '-')
		value = strtoull(text, &end, is_hex ? 16 : 10);
	*ret = !is_short || *end ? UINT64_MAX : value;
	return true;
}

static bool read_number(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    uint32_t *ret)
{
	uint64_t value;

	if (!parse_number(reader, node, &value))
		return false;
	if (value < setting->least || value > setting->most) {
		complain(reader, node, "%.*s is outside %u..%u",
		    (int)node->raw_len, node->raw, setting->least,
		    setting->most);
		return false;
	}
	*ret = (uint32_t)value;
	return true;
}

void conf_read_u32(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	uint32_t value;

	if (read_number(reader, setting, node, &value))
		*(uint32_t *)field_in(setting, object) = value;
}

/* What the way carries, nothing at all, or a number. */
void conf_read_mss(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	uint32_t *mss = field_in(setting, object);

	if (node->kind == CONF_INTEGER)
		conf_read_u32(reader, setting, node, object);
	else
		*mss = is_true(node) ? CONFIG_MSS_PATH : 0;
}

void conf_read_u16(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	uint32_t value;

	if (read_number(reader, setting, node, &value))
		*(uint16_t *)field_in(setting, object) = (uint16_t)value;
}

/* "auto", or a number of threads. */
void conf_read_workers(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	uint32_t *workers = field_in(setting, object);
	uint64_t value = 0;

	if (node->kind == CONF_INTEGER && !parse_number(reader, node, &value))
		return;
	if (value >= setting->least && value <= setting->most) {
		*workers = (uint32_t)value;
	} else if (node->kind == CONF_STRING && !strcmp(node->string, "auto")) {
		*workers = CONFIG_WORKERS_AUTO;
	} else {
		complain(reader, node, "%.*s is neither \"auto\", 1 nor 2",
		    (int)node->raw_len, node->raw);
		conf_hint(reader->messages,
		    "workers = \"auto\"; takes a second one while one CPU is "
		    "not enough; the numbers have no quotes");
	}
}

/* "auto", "none", or a table as number or string. */
void conf_read_routes(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config *config = object;
	uint32_t table = 0;

	if (node->kind == CONF_INTEGER) {
		if (!read_number(reader, setting, node, &table))
			return;
	} else if (!strcmp(node->string, "auto")) {
		config->routes = CONFIG_ROUTES_AUTO;
		return;
	} else if (!strcmp(node->string, "none")) {
		config->routes = CONFIG_ROUTES_NONE;
		return;
	} else if (!value_digits(&table, node->string, setting->most) ||
		   table < setting->least) {
		complain(reader, node,
		    "\"%s\" is neither \"auto\" nor \"none\" nor the number "
		    "of a routing table (%u..%u)",
		    node->string, setting->least, setting->most);
		return;
	}
	config->routes = CONFIG_ROUTES_TABLE;
	config->routes_table = table;
}

/* ---- times ---- */
void conf_read_duration(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	uint32_t seconds;

	if (value_duration(&seconds, node->string, setting->most) &&
	    seconds >= setting->least) {
		*(uint32_t *)field_in(setting, object) = seconds;
		return;
	}
	complain(reader, node,
	    "\"%s\" is no time between \"%us\" and \"%us\"%s", node->string,
	    setting->least ? setting->least : 1, setting->most,
	    setting->least ? "" : ", nor \"off\"");
	conf_hint(reader->messages,
	    "a number and its unit: s, m or h, as in %s", setting->example);
}

/* ---- names ---- */
static const char *const reserved_devices[] = {
    "lo", "all", "default", ".", ".."};

/* As the kernel's dev_valid_name(); '%' makes it choose a number. */
const char *conf_device_name_problem(const char *name)
{
	if (!*name || strlen(name) >= CONFIG_DEVICE_BYTES)
		return "has not 1 to 15 bytes";
	if (strpbrk(name, "/:% \t\"\\"))
		return "has a character that can not be in the name of an "
		       "interface";
	for (size_t i = 0; i < ARRAY_SIZE(reserved_devices); i++)
		if (!strcmp(name, reserved_devices[i]))
			return "is taken by the system";
	return NULL;
}

static bool read_name(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object, const char *problem)
{
	if (problem)
		complain(reader, node, "\"%s\" %s", node->string, problem);
	else
		strcpy(field_in(setting, object), node->string);
	return !problem;
}

void conf_read_device_name(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	(void)read_name(reader, setting, node, object,
	    conf_device_name_problem(node->string));
}

void conf_read_peer_name(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	if (read_name(reader, setting, node, object,
		value_name_problem(node->string)) &&
	    !conf_unique_add(
		&reader->names, node->string, reader->object, node->place))
		reader->has_no_memory = true;
}

/* ---- keys and their files ---- */
void conf_read_key(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	static const uint8_t zeros[CONFIG_KEY_BYTES];
	struct config_peer *peer = object;
	uint8_t *key = field_in(setting, object);

	peer->public_key_place = node->place;
	if (key_parse(key, node->string) ||
	    !memcmp(key, zeros, sizeof(zeros))) {
		complain(reader, node, "this is no public key");
		conf_hint(reader->messages,
		    "44 characters of base64, as \"vpnctl pubkey\" and "
		    "\"wg pubkey\" print them");
	} else if (!conf_unique_add(&reader->keys, node->string, reader->object,
		       node->place)) {
		reader->has_no_memory = true;
	}
}

/* False: it was complained of. */
static bool is_path(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	struct config_place *place =
	    (void *)((char *)object + setting->place_offset);

	*place = node->place;
	if (*node->string != '/')
		complain(reader, node,
		    "\"%s\" is no absolute path (it begins with \"/\")",
		    node->string);
	else if (strlen(node->string) >= CONFIG_PATH_BYTES)
		complain(reader, node, "this path is longer than %d bytes",
		    CONFIG_PATH_BYTES - 1);
	else
		return true;
	return false;
}

void conf_read_path(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	if (is_path(reader, setting, node, object))
		strcpy(field_in(setting, object), node->string);
}

void conf_read_peer_path(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	if (is_path(reader, setting, node, object) &&
	    config_set_text(field_in(setting, object), node->string))
		reader->has_no_memory = true;
}
