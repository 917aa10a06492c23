/* SPDX-License-Identifier: ISC */
/* vpnd's own sockets, one line each, their memory as `ss -m` writes it. */
#include <string.h>

#include "ctl/render.h"
#include "ctl/tree.h"

static unsigned long long number(const json_t *tree, const char *name)
{
	return (unsigned long long)tree_unsigned(tree, name, 0);
}

/* An echo request has no port. */
static void print_place(const struct paper *paper, const json_t *one)
{
	const char *address = tree_text(one, "address", "-");
	bool has_colon = strchr(address, ':');

	paper_print(paper, INK_PLAIN, "%-4s ", tree_text(one, "protocol", "-"));
	paper_print(paper, INK_NAME, has_colon ? "[%s]" : "%s", address);
	if (number(one, "port"))
		paper_print(paper, INK_NAME, ":%llu", number(one, "port"));
	paper_print(paper, INK_PLAIN, " %s", tree_text(one, "type", "-"));
}

static void print_reasons(const struct paper *paper, const json_t *reasons)
{
	const char *before = " (";
	json_t *one;
	size_t idx;

	json_array_foreach(reasons, idx, one)
	{
		paper_print(paper, INK_WARN, "%s%s %llu", before,
		    tree_text(one, "reason", "-"), number(one, "packets"));
		before = ", ";
	}
	if (json_array_size(reasons))
		paper_print(paper, INK_WARN, ")");
}

/* What it did besides receiving, if it did. */
static void print_sent(const struct paper *paper, const json_t *one)
{
	static const struct {
		const char *name, *word;
	} counts[] = {{"tx_packets", "tx"}, {"unanswered", "unanswered"},
	    {"tx_failed", "failed"}};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (number(one, counts[i].name))
			paper_print(paper, INK_PLAIN, " %s %llu",
			    counts[i].word, number(one, counts[i].name));
}

static void socket_line(const struct paper *paper, const json_t *one)
{
	print_place(paper, one);
	if (tree_has(one, "open") && !tree_is(one, "open"))
		paper_print(paper, INK_FAINT, " (nobody has it)");
	paper_print(paper, INK_PLAIN, " rx %llu", number(one, "rx_packets"));
	print_sent(paper, one);
	paper_print(paper, number(one, "drops") ? INK_WARN : INK_PLAIN,
	    " drops %llu", number(one, "drops"));
	print_reasons(paper, json_object_get(one, "reasons"));
	paper_print(paper, INK_FAINT, " skmem:(r%llu,rb%llu,d%llu)",
	    number(one, "used_bytes"), number(one, "rcvbuf_bytes"),
	    number(one, "drops"));
	paper_end_line(paper);
}

void render_sockets(const struct paper *paper, const json_t *document)
{
	const json_t *sockets = json_object_get(document, "sockets");
	json_t *one;
	size_t idx;

	if (!json_array_size(sockets)) {
		paper_print(paper, INK_FAINT, "no sockets");
		paper_end_line(paper);
	}
	json_array_foreach(sockets, idx, one) socket_line(paper, one);
}
