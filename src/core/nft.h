/* SPDX-License-Identifier: ISC */
/*
 * The filter's rules as a table of nftables, for people who want to compare or
 * to take them along.
 *
 * How it works: each hook has a chain at priority 0, in which packets of other
 * devices are accepted first. A rule becomes one nft rule or several, all with
 * its name as their comment: one for each family when it has addresses, two to
 * reject TCP and the rest, two to limit a rate. A peer stands for its allowed
 * prefixes. The policy is the last rule, with the comment "policy".
 *
 * A rule that nft can not have, because of a program, a VLAN, an ethertype that
 * is not IP, or a rate per peer, is left out, with a comment that says so. Of
 * what is there one thing differs: nft sees ports in later fragments.
 */
#ifndef CORE_NFT_H
#define CORE_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/rule.h"

struct nft_setup {
	const char *table;  /* "vpnd_vpn0" */
	const char *device; /* "vpn0" */
	bool is_stateful;   /* packets of accepted flows skip the rules */
	/* What the peer may send from; *ret_count may be 0. */
	const struct prefix *(*prefixes)(
	    void *context, uint32_t peer_id, size_t *ret_count);
	/* Takes the next piece of text. */
	void (*write)(void *context, const char *text);
	void *context;
};

void nft_export(const struct ruleset *set, const struct nft_setup *setup);

#endif
