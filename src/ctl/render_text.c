/* SPDX-License-Identifier: ISC */
/* The smaller replies as text: reload, version, ping, and any. */
#include "ctl/render.h"

#include <string.h>

#include "base/attributes.h"
#include "ctl/figure.h"
#include "ctl/tree.h"

static const struct schema {
	const char *name;
	void (*render)(const struct paper *paper, const json_t *document);
} schemas[] = {
    {"vpnd.status/1", render_status},
    {"vpnd.drops/1", render_drops},
    {"vpnd.sockets/1", render_sockets},
    {"vpnd.flows/1", render_flows},
    {"vpnd.fdb/1", render_fdb},
    {"vpnd.fdb_flush/1", render_fdb_flush},
    {"vpnd.snmp/1", render_snmp},
    {"vpnd.filter/1", render_filter},
    {"vpnd.filter_log/1", render_filter_log},
    {"vpnd.filter_nft/1", render_filter_nft},
    {"vpnd.reload/1", render_reload},
    {"vpnd.peer/1", render_peer},
    {"vpnd.version/1", render_version},
    {"vpnd.ping/1", render_ping},
    {"vpnd.trace/1", render_trace},
    {"vpnd.filter_change/1", render_filter_change},
    {"vpnd.drop/1", render_drop},
    {"vpnd.lost/1", render_lost},
};

void render_text(const struct paper *paper, const json_t *document)
{
	const char *schema = tree_text(document, "schema", "");

	for (size_t i = 0; i < ARRAY_SIZE(schemas); i++)
		if (strcmp(schemas[i].name, schema) == 0) {
			schemas[i].render(paper, document);
			return;
		}
	render_any(paper, document, 0);
}

static void print_scalar(const struct paper *paper, const json_t *value)
{
	if (json_is_string(value))
		paper_print(paper, INK_PLAIN, "%s", json_string_value(value));
	else if (json_is_integer(value))
		paper_print(paper, INK_PLAIN, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	else if (json_is_real(value))
		paper_print(paper, INK_PLAIN, "%g", json_real_value(value));
	else
		paper_print(
		    paper, INK_PLAIN, json_is_true(value) ? "yes" : "no");
}

static void render_one(const struct paper *paper, const char *name,
    const json_t *value, unsigned depth)
{
	bool is_branch = json_is_object(value) || json_is_array(value);

	paper_print(paper, INK_PLAIN, "%*s", (int)depth * 2, "");
	for (const char *at = name; *at; at++)
		paper_print(paper, INK_FAINT, "%c", *at == '_' ? ' ' : *at);
	paper_print(paper, INK_PLAIN, *name && !is_branch ? " " : "");
	if (!is_branch)
		print_scalar(paper, value);
	paper_end_line(paper);
	if (is_branch)
		render_any(paper, value, depth + 1);
}

void render_any(const struct paper *paper, const json_t *tree, unsigned depth)
{
	const char *name;
	json_t *value;
	size_t idx;

	/* jansson's iterators want a tree that is not const. */
	json_object_foreach((json_t *)(uintptr_t)tree, name,
	    value) if (depth > 0 || strcmp(name, "schema") != 0)
	    render_one(paper, name, value, depth);
	json_array_foreach(tree, idx, value)
	    render_one(paper, json_is_object(value) ? "-" : "", value, depth);
}

/* ---- reload ---- */

static void step_line(const struct paper *paper, const json_t *step)
{
	const char *kind = tree_text(step, "kind", "");
	bool is_restart = strcmp(kind, "restart") == 0;

	paper_print(paper, is_restart ? INK_BAD : INK_PLAIN, "  ");
	if (tree_has(step, "text"))
		paper_print(paper, is_restart ? INK_BAD : INK_PLAIN, "%s",
		    tree_text(step, "text", ""));
	else
		paper_print(paper, INK_PLAIN, "%s %s %s", kind,
		    tree_text(step, "peer", ""),
		    tree_text(step, "setting", ""));
	paper_end_line(paper);
}

/* What the steps, and the message of a refusal, say already. */
static bool is_said_by_steps(const char *name)
{
	static const char *const names[] = {
	    "schema", "steps", "tunnel", "refused", "restart_count"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

void render_reload(const struct paper *paper, const json_t *document)
{
	const json_t *steps = json_object_get(document, "steps");
	const char *name;
	json_t *value;
	size_t idx;

	if (json_array_size(steps) == 0) {
		paper_print(paper, INK_PLAIN, "nothing has changed");
		paper_end_line(paper);
	}
	json_array_foreach(steps, idx, value) step_line(paper, value);
	json_object_foreach((json_t *)(uintptr_t)document, name,
	    value) if (!is_said_by_steps(name))
	    render_one(paper, name, value, 0);
}

/* ---- peer add, peer remove ---- */

void render_peer(const struct paper *paper, const json_t *document)
{
	const char *action = tree_text(document, "action", "-");
	bool is_added = strcmp(action, "added") == 0;

	paper_print(paper, INK_PLAIN, "peer %s %s",
	    tree_text(document, "peer", "-"), action);
	if (is_added && !tree_is(document, "in_file"))
		paper_print(paper, INK_WARN,
		    "; the next reload removes it, unless it is in the file "
		    "then");
	else if (!is_added && tree_is(document, "in_file"))
		paper_print(paper, INK_WARN,
		    "; the next reload brings it back, as it is in the file");
	paper_end_line(paper);
}

/* ---- version ---- */

static void version_line(
    const struct paper *paper, const json_t *document, const char *program)
{
	if (!tree_has(document, program))
		return;
	paper_print(paper, INK_PLAIN, "%-7s", program);
	paper_print(paper, INK_NAME, "%s", tree_text(document, program, "-"));
	paper_end_line(paper);
}

void render_version(const struct paper *paper, const json_t *document)
{
	version_line(paper, document, "vpnctl");
	version_line(paper, document, "vpnd");
}

/* ---- ping: the lines of single echoes are written while it runs ---- */

void render_ping(const struct paper *paper, const json_t *document)
{
	uint64_t sent = tree_unsigned(document, "sent", 0);
	uint64_t answered = tree_unsigned(document, "answered", 0);
	double loss = tree_real(document, "loss_ratio", 0);

	paper_print(paper, INK_NAME, "%s", tree_text(document, "peer", "-"));
	paper_print(paper, INK_PLAIN, ": %s sent, %s answered, ",
	    figure_count(sent).text, figure_count(answered).text);
	paper_print(paper,
	    answered == sent ? INK_GOOD
	    : answered == 0  ? INK_BAD
			     : INK_WARN,
	    "%.3g %% lost", loss * 100);
	if (answered > 0)
		paper_print(paper, INK_PLAIN,
		    ", rtt min/avg/max %.3f/%.3f/%.3f ms",
		    tree_real(document, "rtt_min_s", 0) * 1e3,
		    tree_real(document, "rtt_avg_s", 0) * 1e3,
		    tree_real(document, "rtt_max_s", 0) * 1e3);
	paper_end_line(paper);
}
