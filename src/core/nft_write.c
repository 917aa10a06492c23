/* SPDX-License-Identifier: ISC */
/* The sides of rules, peers as their prefixes, in the words of nft. */
#include "core/nft_write.h"

#include <stdarg.h>
#include <stdio.h>

void nft_printf(const struct nft_setup *setup, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	setup->write(setup->context, text);
}

/* Goes through the prefixes of a side, and of its peers. */
struct walk {
	const struct nft_setup *setup;
	const struct rule_side *side;
	enum family family;
	size_t peer; /* the next one */
	const struct prefix *list;
	size_t left;
};

static struct walk walk_start(const struct nft_setup *setup,
    const struct rule_side *side, enum family family)
{
	return (struct walk){.setup = setup,
	    .side = side,
	    .family = family,
	    .list = side->prefixes,
	    .left = side->prefixes_count};
}

/* NULL at the end. */
static const struct prefix *walk_next(struct walk *walk)
{
	for (;;) {
		while (walk->left) {
			const struct prefix *prefix = walk->list++;

			walk->left--;
			if (prefix->address.family == walk->family)
				return prefix;
		}
		if (walk->peer == walk->side->peers_count)
			return NULL;
		walk->list = walk->setup->prefixes(walk->setup->context,
		    walk->side->peers[walk->peer++], &walk->left);
	}
}

static bool has_several(const struct nft_setup *setup,
    const struct rule_side *side, enum family family)
{
	struct walk walk = walk_start(setup, side, family);

	return walk_next(&walk) && walk_next(&walk);
}

bool nft_side_has_family(const struct nft_setup *setup,
    const struct rule_side *side, enum family family)
{
	struct walk walk;

	if (!side)
		return true;
	walk = walk_start(setup, side, family);
	return walk_next(&walk) != NULL;
}

static const char *family_word(enum family family)
{
	return family == FAMILY_IPV4 ? "ipv4" : "ipv6";
}

static void write_set(const struct nft_setup *setup,
    const struct rule_side *side, size_t idx, enum family family)
{
	struct walk walk = walk_start(setup, side, family);
	const char *name = family_word(family), *comma = "";
	const struct prefix *prefix;
	char text[PREFIX_TEXT_BYTES];

	nft_printf(setup,
	    "\tset side_%zu_%s {\n\t\ttype %s_addr\n"
	    "\t\tflags interval\n\t\tauto-merge\n"
	    "\t\telements = { ",
	    idx, name, name);
	while ((prefix = walk_next(&walk))) {
		nft_printf(setup, "%s%s", comma,
		    prefix_format(prefix, text, sizeof(text)));
		comma = ",\n\t\t\t";
	}
	nft_printf(setup, " }\n\t}\n");
}

void nft_write_sets(const struct nft_setup *setup, const struct ruleset *set)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	const struct rule_side *side;

	for (size_t i = 0; (side = ruleset_side(set, i)); i++)
		for (size_t k = 0; k < ARRAY_SIZE(families); k++)
			if (has_several(setup, side, families[k]))
				write_set(setup, side, i, families[k]);
}

void nft_write_side(const struct nft_setup *setup, const struct ruleset *set,
    const struct rule_side *side, bool is_from, enum family family)
{
	struct walk walk;
	char text[PREFIX_TEXT_BYTES];

	if (!side)
		return;
	nft_printf(setup, "%s %s ", family == FAMILY_IPV4 ? "ip" : "ip6",
	    is_from ? "saddr" : "daddr");
	if (has_several(setup, side, family)) {
		nft_printf(setup, "@side_%zu_%s ", ruleset_side_idx(set, side),
		    family_word(family));
		return;
	}
	walk = walk_start(setup, side, family);
	nft_printf(
	    setup, "%s ", prefix_format(walk_next(&walk), text, sizeof(text)));
}
