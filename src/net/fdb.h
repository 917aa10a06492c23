/* SPDX-License-Identifier: ISC */
/*
 * The forwarding table: (VLAN, MAC address) -> port.
 *
 * How it works: all entries are made with the table. A keyed hash (SipHash:
 * strangers choose the addresses) leads to a chain; all that were learned are
 * on one list too, the one that was seen longest ago first, so that what is too
 * old is found without a walk. An entry older than the ageing time is not
 * there, whether it was taken away yet or not. Static entries are in all VLANs
 * and never age. Nothing but fdb_new and fdb_resize allocates.
 */
#ifndef NET_FDB_H
#define NET_FDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/mac.h"

struct fdb;
struct bridge_port;

/* One entry; the table's, changed by the table only. */
struct fdb_entry {
	struct mac mac;
	uint16_t vlan;
	bool is_static;
	struct bridge_port *port;
	struct instant seen;
	struct instant moves_since; /* the window that `moves` counts in */
	uint32_t moves;
	struct instant settled;	     /* where it is: since its last move */
	struct bridge_port *home;    /* see loop.c; NULL: it is gone */
	uint32_t next, newer, older; /* the table's own: indices */
};

enum fdb_result {
	FDB_KNOWN,   /* it was there, and is fresh again */
	FDB_LEARNED, /* it is new */
	FDB_MOVED,   /* it had another port: *ret_before */
	FDB_STATIC,  /* a static one of another port: nothing changed */
	FDB_FULL,    /* no room, or `may_add` was false */
};

must_check int fdb_new(
    struct fdb **ret, uint32_t room, const uint8_t secret[16]);
void fdb_free(struct fdb *fdb); /* NULL is fine */
/* Keeps static entries, then the most recently seen. 0, -ENOMEM, or -ENOSPC:
 * not even the static ones fit; then nothing is changed. */
must_check int fdb_resize(struct fdb *fdb, uint32_t room);
void fdb_set_ageing(struct fdb *fdb, int64_t ageing_ns);

/* The entry of (vlan, mac), a static one before a learned one; NULL: none. */
const struct fdb_entry *fdb_lookup(const struct fdb *fdb, const struct mac *mac,
    uint16_t vlan, struct instant now);

/* A frame with that source came in at `port`. *ret_before is set with
 * FDB_MOVED and FDB_STATIC; *ret_entry with all but FDB_FULL. */
enum fdb_result fdb_learn(struct fdb *fdb, struct bridge_port *port,
    const struct mac *mac, uint16_t vlan, bool may_add, struct instant now,
    struct bridge_port **ret_before, struct fdb_entry **ret_entry);

/* 0, -EEXIST (another port has it) or -ENOSPC. */
must_check int fdb_add_static(
    struct fdb *fdb, struct bridge_port *port, const struct mac *mac);
void fdb_remove_static(struct fdb *fdb, const struct mac *mac);

/* Forgets learned entries, of one port or (NULL) of all. */
void fdb_flush(struct fdb *fdb, const struct bridge_port *port);
/* Frees what is too old. */
void fdb_age(struct fdb *fdb, struct instant now);

/* Live entries in all, and learned from one port. */
uint32_t fdb_len(struct fdb *fdb, struct instant now);
uint32_t fdb_port_len(
    struct fdb *fdb, const struct bridge_port *port, struct instant now);

/* Static ones, then the most recently seen. */
void fdb_each(const struct fdb *fdb, struct instant now,
    void (*found)(void *context, const struct fdb_entry *entry), void *context);

#endif
