/* SPDX-License-Identifier: ISC */
/* The MAC address of a tap whose configuration names none. */
#ifndef DAEMON_HWADDR_H
#define DAEMON_HWADDR_H

#include "api/config.h"

/*
 * Locally administered and unicast; the same for the same key and tunnel, so
 * that neighbours and leases outlive a restart and a device that is made anew.
 */
void hwaddr_derive(struct mac *ret, const uint8_t public_key[CONFIG_KEY_BYTES],
    const char *tunnel);

#endif
