/* SPDX-License-Identifier: ISC */
/* Text for nft, and the sides of rules as sets of addresses. */
#ifndef CORE_NFT_WRITE_H
#define CORE_NFT_WRITE_H

#include "core/nft.h"

/* A piece of at most 255 bytes. */
void __attribute__((format(printf, 2, 3)))
nft_printf(const struct nft_setup *setup, const char *format, ...);

/* A named set for each side with several prefixes of a family. */
void nft_write_sets(const struct nft_setup *setup, const struct ruleset *set);

/* Whether the side (NULL: any) can have an address of the family. */
must_check bool nft_side_has_family(const struct nft_setup *setup,
    const struct rule_side *side, enum family family);

/* "ip saddr 10.9.0.0/24 " or "ip6 daddr @side_3_ipv6 "; nothing for NULL. */
void nft_write_side(const struct nft_setup *setup, const struct ruleset *set,
    const struct rule_side *side, bool is_from, enum family family);

#endif
