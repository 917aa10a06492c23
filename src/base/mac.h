/* SPDX-License-Identifier: ISC */
/* MAC addresses (IEEE 802) and sets of VLANs (IEEE 802.1Q), and their text. */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"

#define MAC_BYTES      6
#define MAC_TEXT_BYTES 18 /* "02:00:5e:10:00:01" with the final NUL */
#define VLAN_COUNT     4096

struct mac {
	uint8_t bytes[MAC_BYTES];
};

/* A set of VLAN ids; 0 stands for untagged and priority-tagged frames. */
struct vlan_set {
	uint64_t bits[VLAN_COUNT / 64];
};

static inline bool mac_is_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->bytes, b->bytes, MAC_BYTES) == 0;
}

/* Multicast and broadcast: the group bit. */
static inline bool mac_is_group(const struct mac *mac)
{
	return mac->bytes[0] & 1;
}

bool mac_is_zero(const struct mac *mac);
bool mac_is_broadcast(const struct mac *mac);
/* 01:80:c2:00:00:00 to 0f: what no bridge forwards (IEEE 802.1Q, 8.6.3). */
bool mac_is_link_local(const struct mac *mac);

/* Six pairs of hexadecimal digits with colons. 0 or -EINVAL. */
must_check int mac_parse(struct mac *ret, const char *text);
/* Writes the text with its NUL; room >= MAC_TEXT_BYTES. Returns it. */
const char *mac_format(const struct mac *mac, char *text, size_t room);

static inline bool vlan_set_has(const struct vlan_set *set, uint16_t vlan)
{
	vlan %= VLAN_COUNT;
	return set->bits[vlan / 64] >> (vlan % 64) & 1;
}

static inline void vlan_set_add(struct vlan_set *set, uint16_t vlan)
{
	vlan %= VLAN_COUNT;
	set->bits[vlan / 64] |= UINT64_C(1) << (vlan % 64);
}

#define VLAN_SET_TEXT_BYTES 16384 /* the longest text of any set, with NUL */

/* "0,10-20,4094": ids 0..4094 and ranges; at least one. 0 or -EINVAL. */
must_check int vlan_set_parse(struct vlan_set *ret, const char *text);
/* The shortest such text; room >= VLAN_SET_TEXT_BYTES. Returns it. */
const char *vlan_set_format(
    const struct vlan_set *set, char *text, size_t room);

#endif
