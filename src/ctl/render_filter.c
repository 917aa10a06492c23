/* SPDX-License-Identifier: ISC */
/* The filter as text: each hook's rules, then its policy; and for nft. */
#include <string.h>

#include "ctl/figure.h"
#include "ctl/render.h"
#include "ctl/tree.h"

#define POLICY "policy"

static enum ink ink_of(const char *action)
{
	if (strcmp(action, "accept") == 0)
		return INK_GOOD;
	if (strcmp(action, "count") == 0)
		return INK_PLAIN;
	return INK_BAD;
}

static void counters(const struct paper *paper, const json_t *tree)
{
	paper_print(paper, INK_PLAIN, "  %-8s  %-9s",
	    figure_count(tree_unsigned(tree, "packets", 0)).text,
	    figure_bytes(tree_unsigned(tree, "bytes", 0)).text);
}

static void line_begin(
    const struct paper *paper, const json_t *tree, const char *name, int width)
{
	const char *action = tree_text(tree, "action", "-");

	paper_print(paper, INK_PLAIN, "%-11s  ", tree_text(tree, "hook", "-"));
	paper_print(paper, INK_NAME, "%-*s", width, name);
	paper_print(paper, ink_of(action), "  %-6s", action);
	counters(paper, tree);
}

static void rule_line(const struct paper *paper, const json_t *rule, int width)
{
	uint64_t over = tree_unsigned(rule, "packets_over_rate", 0);
	const char *matches = tree_text(rule, "matches", "");

	line_begin(paper, rule, tree_text(rule, "name", "-"), width);
	paper_print(
	    paper, INK_PLAIN, "  %s", *matches ? matches : "all packets");
	if (tree_is(rule, "log"))
		paper_print(paper, INK_FAINT, ", log");
	if (over)
		paper_print(paper, INK_WARN, ", %s over its rate",
		    figure_count(over).text);
	paper_end_line(paper);
}

static void hook_lines(const struct paper *paper, const json_t *rules,
    const json_t *policy, int width)
{
	const char *hook = tree_text(policy, "hook", "-");
	const json_t *rule;
	size_t idx;

	json_array_foreach(rules, idx, rule)
	{
		if (strcmp(tree_text(rule, "hook", ""), hook) == 0)
			rule_line(paper, rule, width);
	}
	line_begin(paper, policy, POLICY, width);
	paper_print(paper, INK_FAINT, "  what no rule decided");
	paper_end_line(paper);
}

void render_filter(const struct paper *paper, const json_t *document)
{
	const json_t *rules = json_object_get(document, "rules");
	const json_t *policies = json_object_get(document, "policies");
	int width = tree_width(rules, "name", (int)strlen(POLICY));
	const json_t *policy;
	size_t idx;

	paper_print(paper, INK_FAINT, "%-11s  %-*s  %-6s  %-8s  %-9s  %s",
	    "HOOK", width, "RULE", "ACTION", "PACKETS", "BYTES", "MATCHES");
	paper_end_line(paper);
	json_array_foreach(policies, idx, policy)
	{
		hook_lines(paper, rules, policy, width);
	}
	if (tree_is(document, "stateful"))
		paper_print(paper, INK_FAINT,
		    "packets of flows that rules accepted are not counted");
	else
		paper_print(paper, INK_FAINT,
		    "stateless: each packet is put before the rules");
	paper_end_line(paper);
}

static void log_line(const struct paper *paper, const json_t *entry, int width)
{
	const char *action = tree_text(entry, "action", "-");

	paper_print(paper, INK_PLAIN, "%-7s  ",
	    figure_age(tree_unsigned(entry, "age_s", 0)).text);
	paper_print(
	    paper, INK_NAME, "%-*s", width, tree_text(entry, "rule", "-"));
	paper_print(paper, ink_of(action), "  %-6s", action);
	paper_print(paper, INK_PLAIN, "  %-11s", tree_text(entry, "hook", "-"));
	if (tree_has(entry, "from"))
		paper_print(paper, INK_PLAIN, "  from %s",
		    tree_text(entry, "from", "-"));
	if (tree_has(entry, "to"))
		paper_print(
		    paper, INK_PLAIN, "  to %s", tree_text(entry, "to", "-"));
	paper_print(paper, INK_PLAIN, "  %s", tree_text(entry, "packet", "-"));
	paper_end_line(paper);
}

void render_filter_log(const struct paper *paper, const json_t *document)
{
	const json_t *entries = json_object_get(document, "entries");
	int width = tree_width(entries, "rule", (int)strlen("RULE"));
	json_t *entry;
	size_t idx;

	paper_print(paper, INK_FAINT, "%-7s  %-*s  %-6s  %-11s  %s", "AGE",
	    width, "RULE", "ACTION", "HOOK", "PACKET");
	paper_end_line(paper);
	json_array_foreach(entries, idx, entry) log_line(paper, entry, width);
}

void render_filter_nft(const struct paper *paper, const json_t *document)
{
	const json_t *lines = json_object_get(document, "lines"), *line;
	size_t idx;

	json_array_foreach(lines, idx, line)
	{
		const char *text = json_string_value(line);

		paper_print(paper, INK_PLAIN, "%s", text ? text : "");
		paper_end_line(paper);
	}
}
