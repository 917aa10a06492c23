/* SPDX-License-Identifier: ISC */
/* The flow table as text, and below it how full it is. */
#include <stdio.h>
#include <string.h>

#include "ctl/figure.h"
#include "ctl/render.h"
#include "ctl/tree.h"

#define HOST_TEXT "this host"
#define END_BYTES 64

/* "10.9.0.7:4000", "[fd09::7]:4000", "10.9.0.7". */
static const char *end_text(const json_t *flow, const char *address,
    const char *port, char text[END_BYTES])
{
	const char *host = tree_text(flow, address, "-");
	bool is_ipv6 = strchr(host, ':');

	if (!tree_has(flow, port))
		snprintf(text, END_BYTES, "%s", host);
	else
		snprintf(text, END_BYTES, is_ipv6 ? "[%s]:%llu" : "%s:%llu",
		    host, (unsigned long long)tree_unsigned(flow, port, 0));
	return text;
}

static const char *peer_text(const json_t *flow, const char *name)
{
	const char *peer = tree_text(flow, name, "");

	return *peer ? peer : HOST_TEXT;
}

static void protocol_column(const struct paper *paper, const json_t *flow)
{
	char text[16];

	snprintf(text, sizeof(text), "%llu",
	    (unsigned long long)tree_unsigned(flow, "protocol", 0));
	paper_print(
	    paper, INK_PLAIN, "%-5s", tree_text(flow, "protocol_name", text));
}

static void flow_line(
    const struct paper *paper, const json_t *flow, const int widths[2])
{
	char source[END_BYTES], destination[END_BYTES];
	bool is_answered = tree_is(flow, "answered");

	protocol_column(paper, flow);
	paper_print(paper, is_answered ? INK_GOOD : INK_PLAIN, "  %-11s",
	    tree_text(flow, "state", "-"));
	paper_print(paper, INK_PLAIN, "  %-7s",
	    figure_age(tree_unsigned(flow, "left_s", 0)).text);
	paper_print(paper, INK_NAME, "  %-*s  %-*s", widths[0],
	    peer_text(flow, "from"), widths[1], peer_text(flow, "to"));
	paper_print(paper, INK_PLAIN, "  %s > %s",
	    end_text(flow, "source", "source_port", source),
	    end_text(flow, "destination", "destination_port", destination));
	if (tree_has(flow, "id"))
		paper_print(paper, INK_PLAIN, " id %llu",
		    (unsigned long long)tree_unsigned(flow, "id", 0));
	if (tree_unsigned(flow, "vlan", 0))
		paper_print(paper, INK_PLAIN, " vlan %llu",
		    (unsigned long long)tree_unsigned(flow, "vlan", 0));
	paper_end_line(paper);
}

static void count(const struct paper *paper, enum ink ink, const json_t *totals,
    const char *name, const char *text)
{
	uint64_t value = tree_unsigned(totals, name, 0);

	if (value)
		paper_print(
		    paper, ink, ", %s %s", figure_count(value).text, text);
}

static void totals_lines(const struct paper *paper, const json_t *totals)
{
	uint64_t matching = tree_unsigned(totals, "matching", 0);
	uint64_t shown = tree_unsigned(totals, "shown", 0);

	if (!tree_has(totals, "flows"))
		return;
	if (shown < matching) {
		paper_print(paper, INK_WARN, "and %s more",
		    figure_count(matching - shown).text);
		paper_end_line(paper);
	}
	paper_print(paper, INK_FAINT, "%llu of at most %llu flows",
	    (unsigned long long)tree_unsigned(totals, "flows", 0),
	    (unsigned long long)tree_unsigned(totals, "flows_max", 0));
	count(paper, INK_FAINT, totals, "new", "begun");
	count(paper, INK_FAINT, totals, "established", "answered");
	count(paper, INK_WARN, totals, "early_drop", "dropped early");
	count(paper, INK_BAD, totals, "ct_full", "packets found no room");
	count(paper, INK_WARN, totals, "invalid", "packets invalid");
	paper_end_line(paper);
}

/* Of a peer that is near its limit. */
static void peer_line(
    const struct paper *paper, const json_t *peer, uint64_t limit)
{
	uint64_t flows = tree_unsigned(peer, "flows", 0);

	if (!limit || flows < limit - limit / 10)
		return;
	paper_print(paper, flows < limit ? INK_WARN : INK_BAD,
	    "%s: %llu of at most %llu flows of one peer",
	    tree_text(peer, "peer", "-"), (unsigned long long)flows,
	    (unsigned long long)limit);
	paper_end_line(paper);
}

void render_flows(const struct paper *paper, const json_t *document)
{
	const json_t *flows = json_object_get(document, "flows");
	const json_t *totals = json_object_get(document, "totals");
	const int widths[2] = {
	    tree_width(flows, "from", (int)strlen(HOST_TEXT)),
	    tree_width(flows, "to", (int)strlen(HOST_TEXT))};
	json_t *one;
	size_t idx;

	paper_print(paper, INK_FAINT, "%-5s  %-11s  %-7s  %-*s  %-*s  %s",
	    "PROTO", "STATE", "ENDS IN", widths[0], "FROM", widths[1], "TO",
	    "FLOW");
	paper_end_line(paper);
	json_array_foreach(flows, idx, one) flow_line(paper, one, widths);
	totals_lines(paper, totals);
	json_array_foreach(json_object_get(document, "peers"), idx, one)
	    peer_line(paper, one, tree_unsigned(totals, "flows_per_peer", 0));
}
