/* SPDX-License-Identifier: ISC */
/* vpnd.drops/1, and the drops of a stream, as text. */
#include <string.h>
#include <time.h>

#include "ctl/figure.h"
#include "ctl/render.h"
#include "ctl/tree.h"

#define STAGE_WIDTH	 11
#define REASON_WIDTH_MIN 18

/* "bob udp 10.9.0.7:4000 > 10.9.0.1:53 len 80", and why. */
static void print_example(const struct paper *paper, const char *peer,
    const char *packet, const char *text)
{
	if (*peer)
		paper_print(paper, INK_NAME, "%s ", peer);
	if (*packet)
		paper_print(paper, INK_PLAIN, "%s%s", packet, *text ? " " : "");
	if (*text)
		paper_print(paper, INK_FAINT, "(%s)", text);
	paper_end_line(paper);
}

static void drop_line(const struct paper *paper, const json_t *drop, int width)
{
	paper_print(paper, INK_PLAIN, "%-*s ", STAGE_WIDTH,
	    tree_text(drop, "stage", "-"));
	paper_print(
	    paper, INK_BAD, "%-*s", width, tree_text(drop, "reason", "-"));
	paper_print(paper, INK_WARN, " %9s",
	    figure_count(tree_unsigned(drop, "packets", 0)).text);
	paper_print(paper, INK_PLAIN, "  %-7s  ",
	    tree_has(drop, "last_age_s")
		? figure_age(tree_unsigned(drop, "last_age_s", 0)).text
		: "-");
	print_example(paper, tree_text(drop, "example_peer", ""),
	    tree_text(drop, "example", ""),
	    tree_text(drop, "hint", tree_text(drop, "text", "")));
}

void render_drops(const struct paper *paper, const json_t *document)
{
	const json_t *drops = json_object_get(document, "drops");
	int width = tree_width(drops, "reason", REASON_WIDTH_MIN);
	size_t idx;
	json_t *drop;

	if (json_array_size(drops) == 0) {
		paper_print(paper, INK_GOOD, "no packet was dropped");
		paper_end_line(paper);
		return;
	}
	paper_print(paper, INK_FAINT, "%-*s %-*s %9s  %-7s  %s", STAGE_WIDTH,
	    "STAGE", width, "REASON", "PACKETS", "LAST", "EXAMPLE");
	paper_end_line(paper);
	json_array_foreach(drops, idx, drop) drop_line(paper, drop, width);
}

/* ---- as they happen ---- */

static void print_time(const struct paper *paper)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[sizeof("12:34:56")];

	if (localtime_r(&now, &tm) &&
	    strftime(text, sizeof(text), "%H:%M:%S", &tm))
		paper_print(paper, INK_FAINT, "%s ", text);
}

void render_drop(const struct paper *paper, const json_t *document)
{
	print_time(paper);
	paper_print(paper, INK_PLAIN, "%-*s ", STAGE_WIDTH,
	    tree_text(document, "stage", "-"));
	paper_print(paper, INK_BAD, "%-*s ", REASON_WIDTH_MIN,
	    tree_text(document, "reason", "-"));
	print_example(paper, tree_text(document, "peer", ""),
	    tree_text(document, "packet", ""), tree_text(document, "text", ""));
}

void render_lost(const struct paper *paper, const json_t *document)
{
	print_time(paper);
	paper_print(paper, INK_WARN, "%s more were not shown: too many at once",
	    figure_count(tree_unsigned(document, "lost", 0)).text);
	paper_end_line(paper);
}
