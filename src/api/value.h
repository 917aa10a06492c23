/* SPDX-License-Identifier: ISC */
/*
 * Values that people write, in the file or as arguments of vpnctl: what is
 * accepted in one place is accepted in the other.
 */
#ifndef API_VALUE_H
#define API_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/config.h"
#include "base/attributes.h"

/* Decimal digits without leading zeros, at most `most`; false: they are not. */
must_check bool value_digits(uint32_t *ret, const char *text, uint32_t most);

/* "25s", "2m", "1h", "off" or "0", in seconds; false: no time, or a longer one
 * than `most` seconds. */
must_check bool value_duration(uint32_t *ret, const char *text, uint32_t most);

/* A peer's rate, "100mbit" or "off", in kbit per second; false: none, or not
 * between 1kbit and CONFIG_PEER_RATE_MAX. */
must_check bool value_peer_rate(uint32_t *ret, const char *text);

/* Why `name` can not be that of a peer or tunnel ("has ..."); NULL: it can. */
const char *value_name_problem(const char *name);

/* "0.0.0.0" or "::". */
bool value_address_is_unspecified(const struct address *address);

/* Multicast, or all hosts: nobody's own. */
bool value_address_is_group(const struct address *address);

/* Why `mac` can not be that of a host ("is ..."); NULL: it can. */
must_check const char *value_mac_problem(const struct mac *mac);

/* A MAC address of a host: NULL, or why the text is none ("is ..."). */
must_check const char *value_mac(struct mac *ret, const char *text);

/* "0,10-20": NULL, or why the text is no set of VLANs ("is ..."). */
must_check const char *value_vlans(struct vlan_set *ret, const char *text);

/* Splits "HOST:PORT" or "[IPV6]:PORT". NULL, or why it is no endpoint ("its
 * ..."); then host and port are undefined. */
must_check const char *value_endpoint(
    char host[CONFIG_HOST_BYTES], uint16_t *port, const char *text);

#endif
