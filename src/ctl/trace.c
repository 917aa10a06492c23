/* SPDX-License-Identifier: ISC */
/* vpnctl trace: what would become of packets, and why. */
#include "ctl/trace.h"

#include <stdlib.h>
#include <unistd.h>

#include "ctl/live.h"
#include "ctl/packets.h"
#include "ctl/place.h"
#include "ctl/render.h"
#include "ctl/tree.h"

/* One that fits into a request as hexadecimal digits. */
#define PACKET_BYTES_MAX 32000

struct trace {
	struct ctl *ctl;
	int timeout_ms;
	int fd;
	const char *from; /* the peer; "": the host */
	bool has_dropped;
	struct client_reply reply;
};

static enum control_exit usage(struct ctl *ctl, const char *what)
{
	return ctl_fail(ctl, CONTROL_USAGE, "trace: %s", what);
}

/* ---- one packet ---- */

static enum control_exit show(struct trace *trace)
{
	struct paper paper = paper_of(trace->ctl->out, trace->ctl->color);
	json_t *document = tree_parse(trace->reply.text);

	if (!document)
		return ctl_fail(
		    trace->ctl, CONTROL_FAILED, "vpnd's answer is damaged");
	trace->has_dropped |= tree_is(document, "dropped");
	if (trace->ctl->is_json)
		render_json(trace->ctl->out, document);
	else
		render_text(&paper, document);
	json_decref(document);
	return CONTROL_OK;
}

static enum control_exit ask(
    struct trace *trace, const char *how, const char *packet)
{
	struct control_request request = {.verb = "trace",
	    .arguments = {trace->from, how, packet},
	    .arguments_count = 3};
	struct client_reply *reply = &trace->reply;

	if (!client_ask(trace->fd, &request, trace->timeout_ms, reply) ||
	    reply->exit != CONTROL_OK)
		return ctl_fail(trace->ctl, reply->exit, "%s", reply->message);
	return show(trace);
}

/* ---- those of a file ---- */

static enum control_exit ask_bytes(
    struct trace *trace, bool is_frame, const struct packets_one *one)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * PACKET_BYTES_MAX + 1];

	if (one->len > PACKET_BYTES_MAX)
		return ctl_fail(trace->ctl, CONTROL_FAILED,
		    "a packet of %zu bytes: %d can be traced", one->len,
		    PACKET_BYTES_MAX);
	for (size_t i = 0; i < one->len; i++) {
		text[2 * i] = digits[one->bytes[i] >> 4];
		text[2 * i + 1] = digits[one->bytes[i] & 15];
	}
	text[2 * one->len] = '\0';
	if (one->cut)
		ctl_fail(trace->ctl, CONTROL_OK,
		    "the capture left %zu bytes of the next packet out",
		    one->cut);
	return ask(trace, is_frame ? "ethernet" : "ip", text);
}

static enum control_exit ask_all(struct trace *trace, struct packets *packets)
{
	char error[PACKETS_ERROR_BYTES];
	struct packets_one one;
	enum control_exit exit = CONTROL_OK;
	int result = packets_next(packets, &one, error);

	for (; exit == CONTROL_OK && result > 0;
	     result = packets_next(packets, &one, error))
		exit = ask_bytes(trace, packets_are_frames(packets), &one);
	if (result < 0)
		return ctl_fail(trace->ctl, CONTROL_FAILED, "%s", error);
	return exit;
}

static enum control_exit trace_file(struct trace *trace, const char *expression)
{
	char error[PACKETS_ERROR_BYTES];
	struct packets *packets = NULL;
	enum control_exit exit;

	if (packets_open(&packets, trace->ctl->file, expression, error))
		return ctl_fail(trace->ctl, CONTROL_FAILED, "%s", error);
	exit = ask_all(trace, packets);
	packets_close(packets);
	return exit;
}

/* ---- which ---- */

static enum control_exit trace_packets(
    struct trace *trace, const struct control_request *request)
{
	struct ctl *ctl = trace->ctl;

	if (ctl->file)
		return trace_file(trace,
		    request->arguments_count ? request->arguments[0] : NULL);
	if (ctl->hex)
		return ask(trace, "ip", ctl->hex);
	return ask(trace, "line", request->arguments[0]);
}

static enum control_exit check_options(
    const struct trace *trace, const struct control_request *request)
{
	struct ctl *ctl = trace->ctl;

	if (ctl->is_live && (ctl->is_from_host || ctl->file || ctl->hex))
		return usage(ctl, "--live takes --peer and -c only");
	if (ctl->is_live)
		return CONTROL_OK;
	if (ctl->count)
		return usage(ctl, "-c goes with --live");
	if (!ctl->peer == !ctl->is_from_host)
		return usage(
		    ctl, "say where it comes from: --peer PEER or --from-host");
	if (ctl->file && ctl->hex)
		return usage(ctl, "either -r or -x");
	if (ctl->hex && request->arguments_count)
		return usage(ctl, "either -x or a packet in words");
	if (!ctl->file && !ctl->hex && !request->arguments_count)
		return usage(ctl,
		    "which packet? As \"udp 10.9.0.7:4000 > 10.9.0.1:53\", or "
		    "-x HEX, or -r FILE");
	return CONTROL_OK;
}

enum control_exit trace_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request)
{
	struct place place = {ctl->run_dir, ctl->tunnel, ctl->socket};
	struct trace trace = {.ctl = ctl,
	    .timeout_ms = command->timeout_ms,
	    .from = ctl->peer ? ctl->peer : ""};
	enum control_exit exit = check_options(&trace, request);

	if (exit == CONTROL_OK && ctl->is_live)
		return live_run(ctl, command,
		    request->arguments_count ? request->arguments[0] : NULL);
	if (exit != CONTROL_OK)
		return exit;
	trace.fd = place_connect(&place, CONTROL_RIGHTS_ALL, &trace.reply);
	if (trace.fd < 0) {
		exit =
		    ctl_fail(ctl, trace.reply.exit, "%s", trace.reply.message);
	} else {
		exit = trace_packets(&trace, request);
		close(trace.fd);
	}
	client_reply_clear(&trace.reply);
	if (exit == CONTROL_OK && trace.has_dropped)
		return CONTROL_DROPPED;
	return exit;
}
