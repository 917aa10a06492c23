/* SPDX-License-Identifier: ISC */
/*
 * usage: tap_corpus PREFIX: reads the frames of tests/corpus/tap.txt and writes
 * the file anew, with what the tables of a tap tunnel and a bridge of the
 * kernel do with them. Fails when that differs without a reason in the file, or
 * does not with one. To be run in a fresh network namespace.
 *
 * How it works: one frame after the other through both, from an empty table.
 */
#include <stdio.h>

#include "bridge_kernel.h"
#include "tap_text.h"
#include "trace.h"

static struct {
	uint32_t number;
	char reason[TRACE_REASON_BYTES];
} sent;

static void note_drop(void *context, uint32_t number, const char *reason)
{
	(void)context;
	if (number == sent.number)
		snprintf(sent.reason, sizeof(sent.reason), "%s", reason);
}

static void run(struct tap_line *line)
{
	struct tap_outcome ours;
	int out;

	tap_ours_send(line->from, line->bytes, line->len, &ours);
	tap_tell_ours(&ours, line->verdict, sizeof(line->verdict));
	sent.number++;
	sent.reason[0] = '\0';
	out = kernel_send(line->from, sent.number, line->bytes, line->len);
	kernel_read_drops(note_drop, NULL);
	tap_tell_kernel(out, sent.reason, line->kernel, sizeof(line->kernel));
}

static bool check(const struct tap_line *line)
{
	if (tap_is_same(line) == !line->why[0])
		return true;
	fprintf(stderr, "%s: ours %s, the kernel's %s, although: \"%s\"\n",
	    line->name, line->verdict, line->kernel, line->why);
	return false;
}

/* What a tap device of ours has from the start. */
static void set_host_mac(void)
{
	kernel_run("bridge fdb replace " TAP_HOST_MAC
		   " dev %%P0 master sticky static");
}

int main(int argc, char **argv)
{
	char text[TAP_LINE_BYTES];
	static struct tap_line line;
	bool has_failed = false;

	if (argc < 2)
		return 2;
	kernel_open(argv[1]);
	set_host_mac();
	tap_ours_open();
	while (fgets(text, sizeof(text), stdin)) {
		if (!tap_read(&line, text)) {
			fputs(text, stdout);
			continue;
		}
		run(&line);
		has_failed |= !check(&line);
		printf("%s|%s|%s|%s|%s|%s\n", line.name, line.port, line.hex,
		    line.verdict, line.kernel, line.why);
	}
	tap_ours_close();
	kernel_close();
	return has_failed;
}
