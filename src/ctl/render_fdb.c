/* SPDX-License-Identifier: ISC */
/* The forwarding table as text, and below it the ports that are held. */
#include <string.h>

#include "ctl/figure.h"
#include "ctl/render.h"
#include "ctl/tree.h"

#define HOST_TEXT "this host"

static const char *port_name(const json_t *tree)
{
	return tree_is(tree, "host") ? HOST_TEXT : tree_text(tree, "peer", "-");
}

/* A static address is in all VLANs; 0 stands for frames without a tag. */
static void print_vlan(const struct paper *paper, const json_t *entry)
{
	if (tree_is(entry, "static"))
		paper_print(paper, INK_PLAIN, "  %-4s", "all");
	else
		paper_print(paper, INK_PLAIN, "  %-4llu",
		    (unsigned long long)tree_unsigned(entry, "vlan", 0));
}

static void entry_line(
    const struct paper *paper, const json_t *entry, int width)
{
	bool is_static = tree_is(entry, "static");

	paper_print(paper, INK_NAME, "%-17s", tree_text(entry, "mac", "-"));
	print_vlan(paper, entry);
	paper_print(paper, INK_PLAIN, "  %-*s", width, port_name(entry));
	paper_print(paper, INK_PLAIN, "  %-7s",
	    is_static ? "-"
		      : figure_age(tree_unsigned(entry, "age_s", 0)).text);
	paper_print(paper, INK_PLAIN, "  %s", is_static ? "static" : "-");
	paper_end_line(paper);
}

static void totals_line(const struct paper *paper, const json_t *totals)
{
	if (!tree_has(totals, "macs"))
		return;
	paper_print(paper, INK_FAINT, "%llu of at most %llu addresses",
	    (unsigned long long)tree_unsigned(totals, "macs", 0),
	    (unsigned long long)tree_unsigned(totals, "macs_max", 0));
	paper_end_line(paper);
}

/* Of ports without a loop there is nothing to say. */
static void guard_line(const struct paper *paper, const json_t *port)
{
	uint64_t held_s = tree_unsigned(port, "held_for_s", 0);
	uint64_t holds = tree_unsigned(port, "holds", 0);

	if (holds == 0 && held_s == 0)
		return;
	paper_print(paper, held_s ? INK_BAD : INK_WARN,
	    "%s: the loop guard held it %s time%s", port_name(port),
	    figure_count(holds).text, holds == 1 ? "" : "s");
	if (held_s)
		paper_print(paper, INK_BAD, ", and does for %s more",
		    figure_age(held_s).text);
	paper_end_line(paper);
}

void render_fdb(const struct paper *paper, const json_t *document)
{
	const json_t *entries = json_object_get(document, "entries");
	const json_t *ports = json_object_get(document, "ports");
	int width = tree_width(entries, "peer", (int)strlen(HOST_TEXT));
	json_t *one;
	size_t idx;

	paper_print(paper, INK_FAINT, "%-17s  %-4s  %-*s  %-7s  %s", "MAC",
	    "VLAN", width, "PORT", "AGE", "FLAGS");
	paper_end_line(paper);
	json_array_foreach(entries, idx, one) entry_line(paper, one, width);
	totals_line(paper, json_object_get(document, "totals"));
	json_array_foreach(ports, idx, one) guard_line(paper, one);
}

void render_fdb_flush(const struct paper *paper, const json_t *document)
{
	uint64_t count = tree_unsigned(document, "flushed", 0);

	paper_print(paper, INK_PLAIN, "%s learned address%s forgotten",
	    figure_count(count).text, count == 1 ? "" : "es");
	if (tree_has(document, "peer"))
		paper_print(paper, INK_PLAIN, " of peer %s",
		    tree_text(document, "peer", "-"));
	paper_end_line(paper);
}
