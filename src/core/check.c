/* SPDX-License-Identifier: ISC */
/*
 * Whether a configuration can be run, in the words of a configuration error.
 *
 * The loader has checked the text; it sees no key, so our own key is compared
 * here. Doubles are refused again, as they would break the set of peers.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"

/* Appends to error[0..room); keeps it terminated. */
__attribute__((format(printf, 4, 0))) static size_t append(
    char *error, size_t room, size_t at, const char *format, va_list arguments)
{
	int len;

	if (at >= room)
		return at;
	len = vsnprintf(error + at, room - at, format, arguments);
	return len < 0 ? at : at + (size_t)len;
}

static size_t place_write(const struct config *config,
    const struct config_place *place, char *error, size_t room)
{
	int len = place->line
		      ? snprintf(error, room, "%s:%u:%u: error: ", config->file,
			    place->line, place->column)
		      : snprintf(error, room, "%s: error: ", config->file);

	return len < 0 ? 0 : (size_t)len;
}

int check_refuse(const struct config *config, const struct config_place *place,
    char *error, size_t room, const char *format, ...)
{
	size_t at = place_write(config, place, error, room);
	va_list arguments;

	va_start(arguments, format);
	(void)append(error, room, at, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int check_out_of_memory(const struct config *config, char *error, size_t room)
{
	snprintf(error, room, "%s: error: out of memory", config->file);
	return -ENOMEM;
}

int check_peer_failed(
    const struct config *config, size_t idx, int err, char *error, size_t room)
{
	const struct config_peer *peer = &config->peers[idx];

	if (err == -ENOMEM)
		return check_out_of_memory(config, error, room);
	if (err == -EEXIST || err == -ENOSPC)
		return check_refuse(config, &peer->place, error, room,
		    "macs: the switch has no room for those of peer \"%s\", "
		    "or one is another port's",
		    peer->name);
	return check_refuse(config, &peer->public_key_place, error, room,
	    "public_key: the key of peer \"%s\" is none that a host can have",
	    peer->name);
}

int check_filter_failed(
    const struct config *config, int err, char *error, size_t room)
{
	if (err == -ENOMEM)
		return check_out_of_memory(config, error, room);
	snprintf(error, room,
	    "%s: error: filter: an expression is no program that vpnd runs",
	    config->file);
	return err;
}

/* ---- own key ---- */

static int check_own_key(const struct config *config,
    const struct core_keys *keys, char *error, size_t room)
{
	uint8_t own[CONFIG_KEY_BYTES];

	if (keys_is_zero(keys->private_key))
		return check_refuse(config, &config->private_key_place, error,
		    room, "private_key_file: %s holds no key, only zeros",
		    config->private_key_file);
	keys_public(own, keys->private_key);
	for (size_t i = 0; i < config->peers_count; i++) {
		const struct config_peer *peer = &config->peers[i];

		if (memcmp(peer->public_key, own, sizeof(own)) == 0)
			return check_refuse(config, &peer->public_key_place,
			    error, room,
			    "public_key: peer \"%s\" has this host's own key",
			    peer->name);
	}
	return 0;
}

/* ---- doubles: sort, then look at neighbours ---- */

struct entry {
	const struct config_peer *peer;
	const struct prefix *prefix; /* one of its allowed_ips, or NULL */
	const struct mac *mac;	     /* one of its macs, or NULL */
};

typedef int compare_fn(const void *, const void *);

static int compare_names(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->peer->name, y->peer->name);
}

static int compare_keys(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(
	    x->peer->public_key, y->peer->public_key, CONFIG_KEY_BYTES);
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct prefix *x = ((const struct entry *)a)->prefix;
	const struct prefix *y = ((const struct entry *)b)->prefix;

	if (x->address.family != y->address.family)
		return x->address.family < y->address.family ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits < y->bits ? -1 : 1;
	return memcmp(
	    x->address.bytes, y->address.bytes, sizeof(x->address.bytes));
}

static int compare_macs(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(x->mac->bytes, y->mac->bytes, MAC_BYTES);
}

/* The second one of two that compare equal goes to *ret, the first to its
 * neighbour; NULL: there are none. */
static const struct entry *find_double(
    struct entry *entries, size_t count, compare_fn *compare)
{
	qsort(entries, count, sizeof(*entries), compare);
	for (size_t i = 1; i < count; i++)
		if (compare(&entries[i - 1], &entries[i]) == 0)
			return &entries[i];
	return NULL;
}

/* In the order of the file. */
static void put_in_order(
    const struct entry *at, const struct config_peer *ret[2])
{
	bool is_swapped = at[-1].peer > at->peer;

	ret[0] = is_swapped ? at->peer : at[-1].peer;
	ret[1] = is_swapped ? at[-1].peer : at->peer;
}

static int check_double_peers(const struct config *config,
    struct entry *entries, char *error, size_t room)
{
	const struct config_peer *pair[2];
	const struct entry *at;

	for (size_t i = 0; i < config->peers_count; i++)
		entries[i] = (struct entry){.peer = &config->peers[i]};
	at = find_double(entries, config->peers_count, compare_names);
	if (at) {
		put_in_order(at, pair);
		return check_refuse(config, &pair[1]->place, error, room,
		    "name: there are two peers \"%s\"", pair[1]->name);
	}
	at = find_double(entries, config->peers_count, compare_keys);
	if (!at)
		return 0;
	put_in_order(at, pair);
	return check_refuse(config, &pair[1]->public_key_place, error, room,
	    "public_key: peer \"%s\" has the key of peer \"%s\"", pair[1]->name,
	    pair[0]->name);
}

static int check_double_prefixes(const struct config *config,
    struct entry *entries, char *error, size_t room)
{
	const struct config_peer *pair[2];
	char text[PREFIX_TEXT_BYTES];
	const struct entry *at;
	size_t count = 0;

	for (size_t i = 0; i < config->peers_count; i++)
		for (size_t j = 0; j < config->peers[i].allowed_ips_count; j++)
			entries[count++] =
			    (struct entry){.peer = &config->peers[i],
				.prefix = &config->peers[i].allowed_ips[j]};
	at = find_double(entries, count, compare_prefixes);
	if (!at)
		return 0;
	put_in_order(at, pair);
	return check_refuse(config, &pair[1]->place, error, room,
	    "allowed_ips: %s of peer \"%s\" is in the list of peer \"%s\" too",
	    prefix_format(at->prefix, text, sizeof(text)), pair[1]->name,
	    pair[0]->name);
}

/* ---- static addresses of the switch ---- */

static size_t list_macs(const struct config *config, struct entry *entries)
{
	size_t count = 0;

	for (size_t i = 0; i < config->peers_count; i++)
		for (size_t j = 0; j < config->peers[i].macs_count; j++)
			entries[count++] =
			    (struct entry){.peer = &config->peers[i],
				.mac = &config->peers[i].macs[j]};
	return count;
}

static int check_double_macs(const struct config *config, struct entry *entries,
    size_t count, char *error, size_t room)
{
	const struct entry *at = find_double(entries, count, compare_macs);
	const struct config_peer *pair[2];
	char text[MAC_TEXT_BYTES];

	if (!at)
		return 0;
	put_in_order(at, pair);
	return check_refuse(config, &pair[1]->place, error, room,
	    "macs: %s of peer \"%s\" is in the list of peer \"%s\" too",
	    mac_format(at->mac, text, sizeof(text)), pair[1]->name,
	    pair[0]->name);
}

/* The device's own address is in the table as well. */
static int check_macs_room(
    const struct config *config, size_t count, char *error, size_t room)
{
	const struct config_place none = {0};

	if (count == 0 || count < config->l2.macs_max)
		return 0;
	return check_refuse(config, &none, error, room,
	    "macs: with the device's own address there are %zu, and "
	    "l2.max_macs is %u",
	    count + 1, config->l2.macs_max);
}

static int check_macs(const struct config *config, const struct mac *own,
    struct entry *entries, char *error, size_t room)
{
	size_t count = list_macs(config, entries);
	int err = check_double_macs(config, entries, count, error, room);

	for (size_t i = 0; !err && own && i < count; i++)
		if (mac_is_equal(entries[i].mac, own))
			err = check_refuse(config, &entries[i].peer->place,
			    error, room,
			    "macs: peer \"%s\" has the address of this "
			    "host's device",
			    entries[i].peer->name);
	return err ? err : check_macs_room(config, count, error, room);
}

/* ---- the whole ---- */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t entries_count(const struct config *config)
{
	size_t prefixes = 0, macs = 0;

	for (size_t i = 0; i < config->peers_count; i++) {
		prefixes += config->peers[i].allowed_ips_count;
		macs += config->peers[i].macs_count;
	}
	return larger(config->peers_count, larger(prefixes, macs));
}

int check_config(const struct config *config, const struct core_keys *keys,
    const struct mac *own_mac, char *error, size_t room)
{
	struct entry *entries;
	int err;

	assert(keys->preshared_count == config->peers_count);
	err = check_own_key(config, keys, error, room);
	if (err)
		return err;
	entries = calloc(entries_count(config) + 1, sizeof(*entries));
	if (!entries)
		return check_out_of_memory(config, error, room);
	err = check_double_peers(config, entries, error, room);
	if (!err)
		err = check_double_prefixes(config, entries, error, room);
	if (!err)
		err = check_macs(config, own_mac, entries, error, room);
	free(entries);
	return err;
}
