/* SPDX-License-Identifier: ISC */
/*
 * The switch once more, as simple as can be: one list of entries that is
 * walked, and no hash. What bridge.h says, and nothing of how it is done.
 */
#ifndef SWITCH_ORACLE_H
#define SWITCH_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/bridge.h"

#define ORACLE_PORTS   6 /* the first one is the host's */
#define ORACLE_ENTRIES 64
#define ORACLE_FLOOD   (-1)

struct oracle_entry {
	struct mac mac;
	uint16_t vlan;
	bool is_static;
	int port;
	struct instant seen, moves_since, settled;
	int moves;
	int home; /* port; -1: it is gone */
};

struct oracle_port {
	bool exists, is_locked;
	struct vlan_set vlans;
	struct instant held_until; /* INSTANT_NEVER: not held */
	uint64_t holds;
	/* When the bucket will be full again. */
	struct instant full[BRIDGE_STORMS];
	bool has_alarm;
	int alarm_other;
	struct mac alarm_mac;
	uint16_t alarm_vlan;
};

struct oracle {
	struct bridge_limits limits;
	struct oracle_port ports[ORACLE_PORTS];
	/* The most recently seen first; static ones anywhere. */
	struct oracle_entry entries[ORACLE_ENTRIES];
	int len;
};

void oracle_init(struct oracle *oracle, const struct bridge_limits *limits);
int oracle_set_limits(
    struct oracle *oracle, const struct bridge_limits *limits);
void oracle_set_host_mac(struct oracle *oracle, const struct mac *mac);
int oracle_port_set(struct oracle *oracle, int port,
    const struct bridge_port_setup *setup, bool is_new);
void oracle_port_remove(struct oracle *oracle, int port);
/* `port` -1: of all. */
void oracle_flush(struct oracle *oracle, int port);
void oracle_hold(struct oracle *oracle, int port, struct instant until);
/* *ret_to: a port, or ORACLE_FLOOD; set with DROP_NONE. */
enum drop oracle_ingress(struct oracle *oracle, int from,
    const struct packet *pkt, struct instant now, int *ret_to);
enum drop oracle_egress(const struct oracle *oracle, int from, int to,
    const struct packet *pkt, struct instant now);
bool oracle_is_held(const struct oracle *oracle, int port, struct instant now);
/* Takes away what is too old. */
void oracle_age(struct oracle *oracle, struct instant now);
/* Static or learned entries of a port (-1: of all). */
int oracle_count(const struct oracle *oracle, int port, bool is_static);

#endif
