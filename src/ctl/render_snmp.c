/* SPDX-License-Identifier: ISC */
/* Counters in the layout of /proc/net/snmp, netstat and snmp6: what reads
 * those files reads this. */
#include <string.h>

#include "ctl/render.h"
#include "ctl/tree.h"

static bool has_text(const json_t *counter, const char *name, const char *text)
{
	return strcmp(tree_text(counter, name, ""), text) == 0;
}

static bool is_of_group(const json_t *counter, const json_t *first)
{
	return has_text(counter, "group", tree_text(first, "group", "")) &&
	       has_text(counter, "file", tree_text(first, "file", ""));
}

static void print_value(const struct paper *paper, const json_t *counter)
{
	paper_print(paper, INK_PLAIN, "%llu",
	    (unsigned long long)tree_unsigned(counter, "value", 0));
}

/* "Ip: InReceives InHdrErrors ...", "Ip: 15839 0 ..." */
static void group_lines(
    const struct paper *paper, const json_t *counters, const json_t *first)
{
	json_t *one;
	size_t idx;

	paper_print(paper, INK_NAME, "%s:", tree_text(first, "group", "-"));
	json_array_foreach(counters, idx, one) if (is_of_group(one, first))
	    paper_print(paper, INK_NAME, " %s", tree_text(one, "name", "-"));
	paper_end_line(paper);
	paper_print(paper, INK_PLAIN, "%s:", tree_text(first, "group", "-"));
	json_array_foreach(counters, idx, one) if (is_of_group(one, first))
	{
		paper_print(paper, INK_PLAIN, " ");
		print_value(paper, one);
	}
	paper_end_line(paper);
}

/* "Ip6InReceives                   	0" */
static void counter_line(const struct paper *paper, const json_t *counter)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s", tree_text(counter, "group", ""),
	    tree_text(counter, "name", ""));
	paper_print(paper, INK_NAME, "%-32s", name);
	fputc('\t', paper->file);
	print_value(paper, counter);
	paper_end_line(paper);
}

void render_snmp(const struct paper *paper, const json_t *document)
{
	const json_t *counters = json_object_get(document, "counters");
	const json_t *last = NULL;
	json_t *one;
	size_t idx;

	json_array_foreach(counters, idx, one)
	{
		if (has_text(one, "file", "snmp6"))
			counter_line(paper, one);
		else if (!last || !is_of_group(one, last))
			group_lines(paper, counters, one);
		last = one;
	}
}
