/* SPDX-License-Identifier: ISC */
/* vpnd.filter_change/1 as text: what changes, and for how long. */
#include "ctl/render.h"

#include "ctl/tree.h"

static enum ink ink_of(const char *kind)
{
	if (*kind == 'a')
		return INK_GOOD;
	return *kind == 'r' ? INK_BAD : INK_WARN;
}

void render_filter_change(const struct paper *paper, const json_t *document)
{
	const json_t *steps = json_object_get(document, "steps");
	size_t idx;
	json_t *step;

	json_array_foreach(steps, idx, step)
	{
		paper_print(paper, ink_of(tree_text(step, "kind", "")), "  %s",
		    tree_text(step, "text", ""));
		paper_end_line(paper);
	}
	if (json_array_size(steps) == 0)
		paper_print(paper, INK_PLAIN,
		    "the filter is the same as that of the running tunnel");
	else if (tree_is(document, "used"))
		paper_print(paper, INK_WARN,
		    "the filter was replaced; the next reload brings that of "
		    "the tunnel's file back");
	else
		paper_print(paper, INK_PLAIN, "nothing was changed");
	paper_end_line(paper);
}
