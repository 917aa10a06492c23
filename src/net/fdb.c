/* SPDX-License-Identifier: ISC */
/*
 * The forwarding table: (VLAN, MAC address) -> port.
 *
 * How it works: entries are numbered from 1, and 0 is none, so that zeroed
 * memory is an empty table. An entry is on the list of unused ones, or in a
 * chain of the hash and on the list of its kind: learned, or static. Both
 * lists are in the order of `seen`. A static entry is found under a VLAN that
 * no frame can have. The table counts the entries of each port, too.
 */
#include "net/fdb.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "net/state.h"

#define VLAN_ALL	  0xffff
#define AGEING_DEFAULT_NS (300 * NS_PER_S)

struct list {
	uint32_t oldest, newest, len;
};

struct fdb {
	struct fdb_entry *entries;
	uint32_t *heads; /* a power of two of them */
	uint32_t room, mask, unused;
	struct list learned, fixed;
	int64_t ageing_ns;
	uint8_t secret[16];
};

static_assert(crypto_shorthash_KEYBYTES == 16, "the secret is the key");

/* Where an address is in each VLAN: one hash, as it is the dear part. The odd
 * step leads to another chain in each VLAN. */
struct place {
	uint32_t first, step;
};

static struct place place_of(const struct fdb *fdb, const struct mac *mac)
{
	uint8_t hash[crypto_shorthash_BYTES];
	struct place place;

	crypto_shorthash(hash, mac->bytes, MAC_BYTES, fdb->secret);
	memcpy(&place.first, hash, sizeof(place.first));
	memcpy(&place.step, hash + sizeof(place.first), sizeof(place.step));
	place.step |= 1;
	return place;
}

static uint32_t *head_of(
    const struct fdb *fdb, struct place place, uint16_t vlan)
{
	return &fdb->heads[(place.first + vlan * place.step) & fdb->mask];
}

static uint32_t index_of(const struct fdb *fdb, const struct fdb_entry *entry)
{
	return (uint32_t)(entry - fdb->entries);
}

static struct fdb_entry *entry_at(const struct fdb *fdb, uint32_t idx)
{
	return idx ? &fdb->entries[idx] : NULL;
}

static struct fdb_entry *find(const struct fdb *fdb, struct place place,
    const struct mac *mac, uint16_t vlan)
{
	uint32_t at = *head_of(fdb, place, vlan);

	while (at && (fdb->entries[at].vlan != vlan ||
			 !mac_is_equal(&fdb->entries[at].mac, mac)))
		at = fdb->entries[at].next;
	return entry_at(fdb, at);
}

static struct fdb_entry *find_static(
    const struct fdb *fdb, const struct mac *mac)
{
	return find(fdb, place_of(fdb, mac), mac, VLAN_ALL);
}

static struct list *list_of(struct fdb *fdb, const struct fdb_entry *entry)
{
	return entry->is_static ? &fdb->fixed : &fdb->learned;
}

static void list_append(struct fdb *fdb, struct fdb_entry *entry)
{
	struct list *list = list_of(fdb, entry);
	uint32_t at = index_of(fdb, entry);

	entry->newer = 0;
	entry->older = list->newest;
	if (list->newest)
		fdb->entries[list->newest].newer = at;
	else
		list->oldest = at;
	list->newest = at;
	list->len++;
}

static void list_remove(struct fdb *fdb, struct fdb_entry *entry)
{
	struct list *list = list_of(fdb, entry);

	if (entry->newer)
		fdb->entries[entry->newer].older = entry->older;
	else
		list->newest = entry->older;
	if (entry->older)
		fdb->entries[entry->older].newer = entry->newer;
	else
		list->oldest = entry->newer;
	list->len--;
}

static void chain_remove(struct fdb *fdb, const struct fdb_entry *entry)
{
	struct place place = place_of(fdb, &entry->mac);
	uint32_t *at = head_of(fdb, place, entry->vlan);

	while (*at != index_of(fdb, entry))
		at = &fdb->entries[*at].next;
	*at = entry->next;
}

static uint32_t *count_of(const struct fdb_entry *entry)
{
	return entry->is_static ? &entry->port->macs_static
				: &entry->port->macs;
}

static void release(struct fdb *fdb, struct fdb_entry *entry)
{
	--*count_of(entry);
	chain_remove(fdb, entry);
	list_remove(fdb, entry);
	*entry = (struct fdb_entry){.next = fdb->unused};
	fdb->unused = index_of(fdb, entry);
}

/* Takes an unused entry for a copy of `like`, as the newest; NULL: none left.
 */
static struct fdb_entry *insert(struct fdb *fdb, const struct fdb_entry *like)
{
	struct fdb_entry *entry = entry_at(fdb, fdb->unused);
	uint32_t *head;

	if (!entry)
		return NULL;
	fdb->unused = entry->next;
	*entry = *like;
	head = head_of(fdb, place_of(fdb, &entry->mac), entry->vlan);
	entry->next = *head;
	*head = index_of(fdb, entry);
	list_append(fdb, entry);
	++*count_of(entry);
	return entry;
}

/* Arrays for `room` entries, all of them unused. */
static int make_room(struct fdb *fdb, uint32_t room)
{
	uint32_t heads = 1;

	while (heads < room && heads < UINT32_C(1) << 31)
		heads *= 2;
	fdb->entries = calloc((size_t)room + 1, sizeof(*fdb->entries));
	fdb->heads = calloc(heads, sizeof(*fdb->heads));
	if (!fdb->entries || !fdb->heads) {
		free(fdb->entries);
		free(fdb->heads);
		return -ENOMEM;
	}
	for (uint32_t i = 1; i < room; i++)
		fdb->entries[i].next = i + 1;
	fdb->room = room;
	fdb->mask = heads - 1;
	fdb->unused = room ? 1 : 0;
	fdb->learned = fdb->fixed = (struct list){0};
	return 0;
}

int fdb_new(struct fdb **ret, uint32_t room, const uint8_t secret[16])
{
	struct fdb *fdb = calloc(1, sizeof(*fdb));

	if (!fdb)
		return -ENOMEM;
	if (make_room(fdb, room)) {
		free(fdb);
		return -ENOMEM;
	}
	fdb->ageing_ns = AGEING_DEFAULT_NS;
	memcpy(fdb->secret, secret, sizeof(fdb->secret));
	*ret = fdb;
	return 0;
}

void fdb_free(struct fdb *fdb)
{
	if (!fdb)
		return;
	free(fdb->entries);
	free(fdb->heads);
	free(fdb);
}

/* Releases the oldest `count` that the list has of a port (NULL: of all). */
static void flush_list(struct fdb *fdb, const struct list *list,
    const struct bridge_port *port, uint32_t count)
{
	struct fdb_entry *entry = entry_at(fdb, list->oldest), *newer;

	for (; entry && count; entry = newer) {
		newer = entry_at(fdb, entry->newer);
		if (port && entry->port != port)
			continue;
		release(fdb, entry);
		count--;
	}
}

/* Copies what the list has; the ports have as many entries as before. */
static void move_list(
    struct fdb *to, const struct fdb *from, const struct list *list)
{
	const struct fdb_entry *entry = entry_at(from, list->oldest);

	for (; entry; entry = entry_at(from, entry->newer)) {
		(void)insert(to, entry);
		--*count_of(entry);
	}
}

int fdb_resize(struct fdb *fdb, uint32_t room)
{
	struct fdb next = *fdb;
	uint32_t statics = fdb->fixed.len;

	if (room == fdb->room)
		return 0;
	if (room < statics)
		return -ENOSPC;
	if (make_room(&next, room))
		return -ENOMEM;
	if (fdb->learned.len > room - statics)
		flush_list(fdb, &fdb->learned, NULL,
		    fdb->learned.len - (room - statics));
	move_list(&next, fdb, &fdb->fixed);
	move_list(&next, fdb, &fdb->learned);
	free(fdb->entries);
	free(fdb->heads);
	*fdb = next;
	return 0;
}

void fdb_set_ageing(struct fdb *fdb, int64_t ageing_ns)
{
	fdb->ageing_ns = ageing_ns;
}

void fdb_go_home(struct fdb *fdb, int64_t window_ns, struct instant now)
{
	struct fdb_entry *entry = entry_at(fdb, fdb->learned.oldest);

	for (; entry; entry = entry_at(fdb, entry->newer)) {
		if (!entry->moves || !entry->home ||
		    instant_age_ns(entry->moves_since, now) >= window_ns)
			continue;
		entry->moves = 0;
		entry->port->macs--;
		entry->port = entry->home;
		entry->port->macs++;
	}
}

void fdb_forget_home(struct fdb *fdb, const struct bridge_port *port)
{
	struct fdb_entry *entry = entry_at(fdb, fdb->learned.oldest);

	for (; entry; entry = entry_at(fdb, entry->newer))
		if (entry->home == port)
			entry->home = NULL;
}

static bool is_too_old(
    const struct fdb *fdb, const struct fdb_entry *entry, struct instant now)
{
	return !entry->is_static &&
	       instant_age_ns(entry->seen, now) >= fdb->ageing_ns;
}

const struct fdb_entry *fdb_lookup(const struct fdb *fdb, const struct mac *mac,
    uint16_t vlan, struct instant now)
{
	struct place place = place_of(fdb, mac);
	const struct fdb_entry *entry = find(fdb, place, mac, VLAN_ALL);

	if (!entry)
		entry = find(fdb, place, mac, vlan);
	return entry && !is_too_old(fdb, entry, now) ? entry : NULL;
}

static struct fdb_entry *add(struct fdb *fdb, struct bridge_port *port,
    const struct mac *mac, uint16_t vlan, struct instant now)
{
	struct fdb_entry entry = {.mac = *mac,
	    .vlan = vlan,
	    .port = port,
	    .seen = now,
	    .settled = now,
	    .home = port};

	return insert(fdb, &entry);
}

static void refresh(struct fdb *fdb, struct fdb_entry *entry,
    struct bridge_port *port, struct instant now)
{
	entry->port->macs--;
	port->macs++;
	entry->port = port;
	entry->seen = now;
	list_remove(fdb, entry);
	list_append(fdb, entry);
}

enum fdb_result fdb_learn(struct fdb *fdb, struct bridge_port *port,
    const struct mac *mac, uint16_t vlan, bool may_add, struct instant now,
    struct bridge_port **ret_before, struct fdb_entry **ret_entry)
{
	struct place place = place_of(fdb, mac);
	struct fdb_entry *entry = find(fdb, place, mac, VLAN_ALL);
	struct bridge_port *before = entry ? entry->port : NULL;

	if (!entry) {
		fdb_age(fdb, now);
		entry = find(fdb, place, mac, vlan);
	}
	if (!entry) {
		entry = may_add ? add(fdb, port, mac, vlan, now) : NULL;
		*ret_entry = entry;
		return entry ? FDB_LEARNED : FDB_FULL;
	}
	if (!entry->is_static) {
		before = entry->port;
		if (before != port && !may_add)
			return FDB_FULL;
		refresh(fdb, entry, port, now);
	}
	*ret_entry = entry;
	if (before == port)
		return FDB_KNOWN;
	*ret_before = before;
	return entry->is_static ? FDB_STATIC : FDB_MOVED;
}

/* Learned entries that a new static one stands for. */
static void forget_learned(struct fdb *fdb, const struct mac *mac)
{
	struct fdb_entry *entry = entry_at(fdb, fdb->learned.oldest), *newer;

	for (; entry; entry = newer) {
		newer = entry_at(fdb, entry->newer);
		if (mac_is_equal(&entry->mac, mac))
			release(fdb, entry);
	}
}

int fdb_add_static(
    struct fdb *fdb, struct bridge_port *port, const struct mac *mac)
{
	const struct fdb_entry fixed = {
	    .mac = *mac, .vlan = VLAN_ALL, .is_static = true, .port = port};
	const struct fdb_entry *entry = find_static(fdb, mac);

	if (entry)
		return entry->port == port ? 0 : -EEXIST;
	if (fdb->fixed.len == fdb->room)
		return -ENOSPC;
	forget_learned(fdb, mac);
	if (!fdb->unused)
		flush_list(fdb, &fdb->learned, NULL, 1);
	entry = insert(fdb, &fixed);
	assert(entry);
	return 0;
}

void fdb_remove_static(struct fdb *fdb, const struct mac *mac)
{
	struct fdb_entry *entry = find_static(fdb, mac);

	if (entry)
		release(fdb, entry);
}

const struct bridge_port *fdb_static_port(
    const struct fdb *fdb, const struct mac *mac)
{
	const struct fdb_entry *entry = find_static(fdb, mac);

	return entry ? entry->port : NULL;
}

void fdb_flush(struct fdb *fdb, const struct bridge_port *port)
{
	flush_list(fdb, &fdb->learned, port, UINT32_MAX);
}

void fdb_keep_newest(
    struct fdb *fdb, const struct bridge_port *port, uint32_t keep)
{
	if (port->macs > keep)
		flush_list(fdb, &fdb->learned, port, port->macs - keep);
}

void fdb_flush_static(struct fdb *fdb, const struct bridge_port *port)
{
	flush_list(fdb, &fdb->fixed, port, UINT32_MAX);
}

uint32_t fdb_static_len(const struct fdb *fdb)
{
	return fdb->fixed.len;
}

void fdb_age(struct fdb *fdb, struct instant now)
{
	struct fdb_entry *entry = entry_at(fdb, fdb->learned.oldest);

	while (entry && is_too_old(fdb, entry, now)) {
		flush_list(fdb, &fdb->learned, NULL, 1);
		entry = entry_at(fdb, fdb->learned.oldest);
	}
}

uint32_t fdb_len(struct fdb *fdb, struct instant now)
{
	fdb_age(fdb, now);
	return fdb->fixed.len + fdb->learned.len;
}

uint32_t fdb_port_len(
    struct fdb *fdb, const struct bridge_port *port, struct instant now)
{
	fdb_age(fdb, now);
	return port->macs;
}

void fdb_each(const struct fdb *fdb, struct instant now,
    void (*found)(void *context, const struct fdb_entry *entry), void *context)
{
	const struct list *lists[] = {&fdb->fixed, &fdb->learned};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct fdb_entry *entry = entry_at(fdb, lists[i]->newest);

		for (; entry && !is_too_old(fdb, entry, now);
		     entry = entry_at(fdb, entry->older))
			found(context, entry);
	}
}
