/* SPDX-License-Identifier: ISC */
/* A trace instance: markers, and the drops between them. */
#include "trace.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRACING	  "/sys/kernel/tracing"
#define SKBS	  64 /* that one packet makes at most */
#define SKB_BYTES 32
#define MARK	  "tracing_mark_write: P"

static struct {
	char instance[128], devices[32];
	int marker, pipe;
	/* what the trace says of the packet at hand */
	uint32_t number;
	char skbs[SKBS][SKB_BYTES];
	size_t skbs_count;
} trace;

static int open_file(const char *file, int flags)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", trace.instance, file);
	return open(path, flags | O_CLOEXEC);
}

static bool put(const char *file, const char *text)
{
	int fd = open_file(file, O_WRONLY);
	bool is_put = fd >= 0 && write(fd, text, strlen(text)) >= 0;

	if (fd >= 0)
		close(fd);
	return is_put;
}

static bool trace_event(const char *event, const char *filter)
{
	char file[64];

	snprintf(file, sizeof(file), "events/%s/filter", event);
	if (!put(file, filter))
		return false;
	snprintf(file, sizeof(file), "events/%s/enable", event);
	return put(file, "1");
}

const char *trace_open(const char *instance, const char *devices)
{
	char filter[64];
	static const char *const events[] = {
	    "skb/kfree_skb", "skb/consume_skb", "net/netif_receive_skb"};

	snprintf(trace.instance, sizeof(trace.instance),
	    TRACING "/instances/%s", instance);
	snprintf(trace.devices, sizeof(trace.devices), "dev=%s", devices);
	if (mkdir(trace.instance, 0700))
		return "trace instance";
	snprintf(filter, sizeof(filter), "common_pid == %d", (int)getpid());
	if (!put("buffer_size_kb", "4096"))
		return "trace buffer";
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (!trace_event(events[i], filter))
			return "trace events";
	trace.marker = open_file("trace_marker", O_WRONLY);
	trace.pipe = open_file("trace_pipe", O_RDONLY | O_NONBLOCK);
	return trace.marker < 0 || trace.pipe < 0 ? "trace pipe" : NULL;
}

void trace_close(void)
{
	close(trace.pipe);
	close(trace.marker);
	if (trace.instance[0])
		rmdir(trace.instance);
}

bool trace_mark(uint32_t number)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "P%" PRIu32 "\n", number);

	return write(trace.marker, text, (size_t)len) == len;
}

/* The word behind `key`, which ends before one of `ends`; or NULL. */
static const char *word_of(const char *line, const char *key, const char *ends,
    char *word, size_t room)
{
	const char *at = strstr(line, key);

	if (!at)
		return NULL;
	at += strlen(key);
	snprintf(word, room, "%.*s", (int)strcspn(at, ends), at);
	return word;
}

/* True: it was one of ours. Its address may be another packet's from now on:
 * one of a device elsewhere, that is received or sent while we are at work. */
static bool forget(const char *skb)
{
	for (size_t i = 0; i < trace.skbs_count; i++)
		if (!strcmp(trace.skbs[i], skb)) {
			memmove(trace.skbs[i], trace.skbs[--trace.skbs_count],
			    SKB_BYTES);
			return true;
		}
	return false;
}

static void announce(const char *line)
{
	const char *device = strstr(line, "dev=");
	char skb[SKB_BYTES];

	if (!device || !word_of(line, "skbaddr=", " ", skb, sizeof(skb)))
		return;
	(void)forget(skb);
	if (trace.skbs_count < SKBS &&
	    strncmp(device, trace.devices, strlen(trace.devices)) == 0)
		memcpy(trace.skbs[trace.skbs_count++], skb, SKB_BYTES);
}

static bool read_drop(const char *line, struct trace_drop *drop)
{
	char skb[SKB_BYTES];

	drop->number = trace.number;
	return word_of(line, "skbaddr=", " ", skb, sizeof(skb)) &&
	       forget(skb) &&
	       word_of(line, "location=", "+. ", drop->function,
		   sizeof(drop->function)) &&
	       word_of(
		   line, "reason: ", " ", drop->reason, sizeof(drop->reason));
}

static void read_line(const char *line,
    void (*dropped)(void *context, const struct trace_drop *drop),
    void *context)
{
	char skb[SKB_BYTES];
	struct trace_drop drop;
	const char *mark = strstr(line, MARK);

	if (mark) {
		trace.number = (uint32_t)strtoul(mark + strlen(MARK), NULL, 10);
		trace.skbs_count = 0;
	} else if (strstr(line, "netif_receive_skb: ")) {
		announce(line);
	} else if (strstr(line, "consume_skb: ")) {
		if (word_of(line, "skbaddr=", " ", skb, sizeof(skb)))
			(void)forget(skb);
	} else if (strstr(line, "kfree_skb: ") && read_drop(line, &drop)) {
		dropped(context, &drop);
	}
}

void trace_read(void (*dropped)(void *context, const struct trace_drop *drop),
    void *context)
{
	static char text[65536];
	size_t len = 0;
	ssize_t count;

	while ((count = read(trace.pipe, text + len, sizeof(text) - 1 - len)) >
	       0) {
		char *line = text, *end;

		len += (size_t)count;
		text[len] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			read_line(line, dropped, context);
		}
		len = strlen(line);
		memmove(text, line, len + 1);
	}
}

bool trace_has_reason(const char *name)
{
	static char text[65536];
	char wanted[64];
	int fd = open_file("events/skb/kfree_skb/format", O_RDONLY);
	ssize_t count, len = 0;

	while (
	    (count = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += count;
	close(fd);
	text[len] = '\0';
	snprintf(wanted, sizeof(wanted), "\"%s\"", name);
	return strstr(text, wanted);
}
