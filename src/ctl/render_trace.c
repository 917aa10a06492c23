/* SPDX-License-Identifier: ISC */
/* vpnd.trace/1 as text: a line for each stage, and the verdict. */
#include "ctl/render.h"

#include "ctl/tree.h"

#define STAGE_WIDTH    11
#define FUNCTION_WIDTH 20
#define VERDICT_WIDTH  5

static void render_step(
    const struct paper *paper, const json_t *step, size_t number)
{
	const char *verdict = tree_text(step, "verdict", "-");
	const char *why = tree_text(step, "why", "");

	paper_print(paper, INK_FAINT, "%3zu ", number);
	paper_print(paper, INK_NAME, "%-*s ", STAGE_WIDTH,
	    tree_text(step, "stage", "-"));
	paper_print(paper, INK_FAINT, "%-*s ", FUNCTION_WIDTH,
	    tree_text(step, "kernel_function", "-"));
	paper_print(paper, *verdict == 'D' ? INK_BAD : INK_GOOD, "%-*s",
	    *why ? VERDICT_WIDTH : 0, verdict);
	paper_print(paper, INK_PLAIN, "%s%s", *why ? " " : "", why);
	paper_end_line(paper);
}

/* "would answer ICMP 3/13", "copies for bob, carol": strings of an array. */
static void render_list(
    const struct paper *paper, const char *before, const json_t *list)
{
	size_t idx;
	json_t *item;

	json_array_foreach(list, idx, item) paper_print(paper, INK_PLAIN,
	    "%s%s", idx ? ", " : before, json_string_value(item));
}

static void render_dropped(const struct paper *paper, const json_t *document)
{
	paper_print(paper, INK_BAD, "%s", tree_text(document, "reason", "-"));
	render_list(
	    paper, ", would answer ", json_object_get(document, "answers"));
	if (tree_has(document, "place"))
		paper_print(paper, INK_FAINT, " (%s)",
		    tree_text(document, "place", ""));
}

static void render_passed(const struct paper *paper, const json_t *document)
{
	const char *verdict = tree_text(document, "verdict", "-");
	const char *to = tree_text(document, "to", "");

	paper_print(paper, INK_GOOD, "%s", verdict);
	if (*verdict == 'd')
		to = tree_text(document, "device", "");
	if (*to)
		paper_print(paper, INK_PLAIN, " %s %s",
		    *verdict == 'q' ? "for" : "to", to);
	render_list(
	    paper, ", answered by ", json_object_get(document, "answers"));
	render_list(paper, ", copies to ", json_object_get(document, "copies"));
}

/* "#12 from peer b: ", "#13 answer to #12: "; a dry packet has no number. */
static void render_origin(const struct paper *paper, const json_t *document)
{
	const char *as = tree_text(document, "made_as", "");

	if (tree_has(document, "id"))
		paper_print(paper, INK_FAINT, "#%llu ",
		    (unsigned long long)tree_unsigned(document, "id", 0));
	if (*as)
		paper_print(paper, INK_NAME, "%s %s #%llu: ", as,
		    *as == 'a' ? "to" : "of",
		    (unsigned long long)tree_unsigned(document, "parent", 0));
	else if (tree_is(document, "host"))
		paper_print(paper, INK_NAME, "from the host: ");
	else
		paper_print(paper, INK_NAME,
		    "from peer %s: ", tree_text(document, "from", "-"));
}

void render_trace(const struct paper *paper, const json_t *document)
{
	const json_t *steps = json_object_get(document, "steps");
	size_t idx;
	json_t *step;

	render_origin(paper, document);
	paper_print(paper, INK_PLAIN, "%s", tree_text(document, "packet", ""));
	paper_end_line(paper);
	json_array_foreach(steps, idx, step) render_step(paper, step, idx + 1);
	paper_print(paper, INK_PLAIN, "verdict: ");
	if (tree_is(document, "dropped"))
		render_dropped(paper, document);
	else
		render_passed(paper, document);
	paper_end_line(paper);
}
