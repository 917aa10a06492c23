/* SPDX-License-Identifier: ISC */
/*
 * Packets as they go by: one line each, or a file for Wireshark.
 *
 * How it works: the daemon says what its packets are, the expression is
 * compiled for such, and its program goes to the daemon, which sends only what
 * that accepts.
 */
#include "ctl/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/config.h"
#include "api/value.h"
#include "base/cursor.h"
#include "conf/expression.h"
#include "ctl/capture_show.h"
#include "ctl/follow.h"
#include "ctl/place.h"
#include "ctl/tree.h"
#include "packet/bpf_text.h"
#include "packet/pcapng.h"

#define EXPRESSION_BYTES 8192
#define FILE_MODE	 0600 /* it has plaintext in it */

struct capturing {
	struct ctl *ctl;
	int timeout_ms;
	char expression[EXPRESSION_BYTES];
	char *program; /* text for the daemon; NULL: all packets */
	char tunnel[CONFIG_NAME_BYTES];
	bool is_ethernet;
	FILE *file; /* NULL: lines, or not open yet */
	uint8_t block[CAPTURE_BLOCK_BYTES];
	uint64_t captured, lost, lost_before; /* the next one */
	uint64_t last_ns;		      /* when the last one was */
	enum control_exit exit;
	struct client_reply reply;
};

/* ---- options ---- */

static bool join_words(
    struct capturing *capturing, const struct control_request *request)
{
	size_t used = 0;

	for (size_t i = 0; i < request->arguments_count; i++)
		used += (size_t)snprintf(capturing->expression + used,
		    used < EXPRESSION_BYTES ? EXPRESSION_BYTES - used : 0,
		    "%s%s", i ? " " : "", request->arguments[i]);
	return used < EXPRESSION_BYTES;
}

static bool is_number(const char *text, uint32_t most)
{
	uint32_t number;

	return !text || (value_digits(&number, text, most) && number > 0);
}

static bool is_standard_output(const char *name)
{
	return name && strcmp(name, "-") == 0;
}

static enum control_exit check_options(
    struct capturing *capturing, const struct control_request *request)
{
	struct ctl *ctl = capturing->ctl;

	if (!join_words(capturing, request))
		return ctl_fail(ctl, CONTROL_USAGE,
		    "the expression is longer than %d bytes", EXPRESSION_BYTES);
	if (!is_number(ctl->count, UINT32_MAX))
		return ctl_fail(ctl, CONTROL_USAGE,
		    "-c %s: not a number from 1 to %" PRIu32, ctl->count,
		    UINT32_MAX);
	if (!is_number(ctl->snap, CAPTURE_SNAP_MAX))
		return ctl_fail(ctl, CONTROL_USAGE,
		    "-s %s: not a number of bytes from 1 to %d", ctl->snap,
		    CAPTURE_SNAP_MAX);
	if (ctl->snap && !ctl->write)
		return ctl_fail(ctl, CONTROL_USAGE,
		    "-s cuts packets that -w writes: without -w there is "
		    "nothing to cut");
	if (is_standard_output(ctl->write) && isatty(fileno(ctl->out)))
		return ctl_fail(ctl, CONTROL_USAGE,
		    "-w -: pcapng is not for a terminal; try | wireshark -k "
		    "-i -");
	return CONTROL_OK;
}

/* ---- the stream ---- */

static bool fail(struct capturing *capturing, const char *what)
{
	capturing->exit = ctl_fail(capturing->ctl, CONTROL_FAILED, "%s: %s",
	    capturing->ctl->write ? capturing->ctl->write : "standard output",
	    what);
	return false;
}

static bool write_block(struct capturing *capturing, size_t len)
{
	if (fwrite(capturing->block, 1, len, capturing->file) < len)
		return fail(capturing, strerror(errno));
	return true;
}

/* Once the daemon has agreed: not before is an old file gone. */
static bool open_file(struct capturing *capturing)
{
	const char *name = capturing->ctl->write;
	int fd = -1;

	if (is_standard_output(name)) {
		capturing->file = capturing->ctl->out;
	} else {
		fd = open(
		    name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
		capturing->file = fd < 0 ? NULL : fdopen(fd, "w");
	}
	return capturing->file || fail(capturing, strerror(errno));
}

static bool begin(
    struct capturing *capturing, const struct capture_record *record)
{
	capturing->is_ethernet = record->flags & CAPTURE_ETHERNET;
	if (!capturing->ctl->write)
		return true;
	return open_file(capturing) &&
	       write_block(capturing,
		   capture_write_begin(capturing->block, CAPTURE_BLOCK_BYTES,
		       capturing->tunnel, capturing->is_ethernet));
}

static bool take_packet(
    struct capturing *capturing, const struct capture_record *record)
{
	struct paper paper =
	    paper_of(capturing->ctl->out, capturing->ctl->color);
	uint64_t lost = capturing->lost_before;

	capturing->captured++;
	capturing->last_ns = record->time_ns;
	capturing->lost_before = 0;
	if (capturing->file)
		return write_block(
		    capturing, capture_write_packet(capturing->block,
				   CAPTURE_BLOCK_BYTES, record, lost));
	capture_print(&paper, record, capturing->is_ethernet);
	return true;
}

static bool take_record(
    struct capturing *capturing, const struct capture_record *record)
{
	switch (record->kind) {
	case CAPTURE_BEGIN:
		return begin(capturing, record);
	case CAPTURE_PACKET:
		return take_packet(capturing, record);
	case CAPTURE_LOST:
		capturing->lost += record->lost;
		capturing->lost_before += record->lost;
		break;
	}
	return true;
}

static bool flush(struct capturing *capturing)
{
	FILE *file = capturing->file ? capturing->file : capturing->ctl->out;

	return fflush(file) == 0 || fail(capturing, strerror(errno));
}

static bool take_part(void *context, char *part, size_t len)
{
	struct capturing *capturing = context;
	struct cursor cursor = cursor_of(part, len);
	struct capture_record record;
	int code;

	while ((code = capture_record_read(&record, &cursor)) > 0)
		if (!take_record(capturing, &record))
			return false;
	if (code < 0)
		return fail(capturing, "vpnd's records are damaged");
	return flush(capturing);
}

/* ---- the request ---- */

static bool learn_tunnel(struct capturing *capturing, int fd)
{
	const struct control_request request = {.verb = "version"};
	struct client_reply *reply = &capturing->reply;
	json_t *document;

	if (!client_ask(fd, &request, capturing->timeout_ms, reply))
		return false;
	document = reply->text ? tree_parse(reply->text) : NULL;
	snprintf(capturing->tunnel, sizeof(capturing->tunnel), "%s",
	    tree_text(document, "tunnel", "vpn"));
	capturing->is_ethernet =
	    strcmp(tree_text(document, "link", "ip"), "ethernet") == 0;
	json_decref(document);
	return true;
}

static bool compile(struct capturing *capturing)
{
	struct client_reply *reply = &capturing->reply;
	char error[EXPRESSION_ERROR_BYTES];
	struct bpf_instruction *program;
	size_t count;

	if (!capturing->expression[0])
		return true;
	if (expression_compile(&program, &count, capturing->expression,
		capturing->is_ethernet, error, sizeof(error))) {
		client_reply_fail(reply, CONTROL_USAGE, "\"%s\": %s",
		    capturing->expression, error);
		return false;
	}
	capturing->program = malloc(BPF_TEXT_BYTES(count));
	if (capturing->program)
		bpf_text_write(capturing->program, program, count);
	else
		client_reply_fail(reply, CONTROL_FAILED, "out of memory");
	free(program);
	return capturing->program;
}

static void add_word(struct control_request *request, const char *word)
{
	request->arguments[request->arguments_count++] = word;
}

static void add_value(
    struct control_request *request, const char *word, const char *value)
{
	if (!value)
		return;
	add_word(request, word);
	add_word(request, value);
}

static struct control_request words_of(const struct capturing *capturing)
{
	const struct ctl *ctl = capturing->ctl;
	struct control_request request = {.verb = "capture"};

	if (ctl->inner)
		add_word(&request, "inner");
	if (ctl->outer)
		add_word(&request, "outer");
	if (ctl->drops)
		add_word(&request, "drops");
	add_value(&request, "peer", ctl->peer);
	add_value(&request, "count", ctl->count);
	add_value(&request, "snap", ctl->snap);
	add_value(&request, "program", capturing->program);
	return request;
}

static bool run(struct capturing *capturing, int fd)
{
	struct control_request request;
	struct follower follower = {.take = take_part, .context = capturing};

	if (!learn_tunnel(capturing, fd) || !compile(capturing))
		return false;
	request = words_of(capturing);
	follower.out_fd =
	    !capturing->ctl->write || is_standard_output(capturing->ctl->write)
		? fileno(capturing->ctl->out)
		: -1;
	return follow_stream(
	    fd, &request, capturing->timeout_ms, &follower, &capturing->reply);
}

/* ---- the end ---- */

static void end_file(struct capturing *capturing)
{
	size_t len;

	if (!capturing->file)
		return;
	len = pcapng_statistics(capturing->block, CAPTURE_BLOCK_BYTES, 0,
	    capturing->last_ns, capturing->lost);
	if (capturing->exit == CONTROL_OK && write_block(capturing, len))
		(void)!flush(capturing);
	if (capturing->file != capturing->ctl->out && fclose(capturing->file) &&
	    capturing->exit == CONTROL_OK)
		fail(capturing, strerror(errno));
}

static void summarize(const struct capturing *capturing)
{
	struct paper paper =
	    paper_of(capturing->ctl->err, capturing->ctl->color);

	fflush(capturing->ctl->out);
	paper_print(&paper, INK_PLAIN,
	    "%" PRIu64 " %s captured, %" PRIu64 " lost", capturing->captured,
	    capturing->captured == 1 ? "packet" : "packets", capturing->lost);
	if (capturing->lost)
		paper_print(
		    &paper, INK_WARN, ": vpnctl did not take them in time");
	paper_end_line(&paper);
}

static enum control_exit connect_and_run(struct capturing *capturing)
{
	const struct ctl *ctl = capturing->ctl;
	struct place place = {ctl->run_dir, ctl->tunnel, ctl->socket};
	struct client_reply *reply = &capturing->reply;
	int fd = place_connect(&place, CONTROL_RIGHTS_ALL, reply);
	bool is_answered = fd >= 0 && run(capturing, fd);

	if (fd >= 0)
		close(fd);
	end_file(capturing);
	if (capturing->exit == CONTROL_OK &&
	    (!is_answered || reply->exit != CONTROL_OK))
		capturing->exit =
		    ctl_fail(capturing->ctl, reply->exit, "%s", reply->message);
	if (is_answered && reply->exit == CONTROL_OK)
		summarize(capturing);
	return capturing->exit;
}

enum control_exit capture_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request)
{
	struct capturing *capturing = calloc(1, sizeof(*capturing));
	enum control_exit exit;

	if (!capturing)
		return ctl_fail(ctl, CONTROL_FAILED, "out of memory");
	capturing->ctl = ctl;
	capturing->timeout_ms = command->timeout_ms;
	exit = check_options(capturing, request);
	if (exit == CONTROL_OK)
		exit = connect_and_run(capturing);
	client_reply_clear(&capturing->reply);
	free(capturing->program);
	free(capturing);
	return exit;
}
