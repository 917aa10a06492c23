/* SPDX-License-Identifier: ISC */
/* Documents that go on: vpnctl trace --live and vpnctl drops --follow. */
#include "ctl/live.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/expression.h"
#include "ctl/follow.h"
#include "ctl/place.h"
#include "ctl/render.h"
#include "ctl/tree.h"
#include "packet/bpf_text.h"

#define COUNT_MAX 1000000000

struct live {
	struct ctl *ctl;
	int fd, timeout_ms;
	uint64_t left; /* documents; UINT64_MAX: without end */
	bool has_dropped, is_damaged;
	char *program;
	struct client_reply reply;
};

/* ---- what is wanted ---- */

static enum control_exit read_count(struct live *live)
{
	const char *text = live->ctl->count;
	char *end;

	live->left = UINT64_MAX;
	if (!text)
		return CONTROL_OK;
	live->left = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || !live->left ||
	    live->left > COUNT_MAX)
		return ctl_fail(live->ctl, CONTROL_USAGE,
		    "-c %s: not a number from 1 to %d", text, COUNT_MAX);
	return CONTROL_OK;
}

static enum control_exit failed(struct live *live)
{
	return ctl_fail(live->ctl, live->reply.exit, "%s", live->reply.message);
}

/* Expressions are about the packets of the tunnel's device. */
static enum control_exit ask_device(struct live *live, bool *ret_is_tap)
{
	const struct control_request request = {.verb = "status"};
	json_t *status;
	const json_t *tunnel;

	if (!client_ask(live->fd, &request, live->timeout_ms, &live->reply) ||
	    live->reply.exit != CONTROL_OK)
		return failed(live);
	status = tree_parse(live->reply.text);
	tunnel = json_object_get(status, "tunnel");
	*ret_is_tap = strcmp(tree_text(tunnel, "device_type", ""), "tap") == 0;
	json_decref(status);
	return CONTROL_OK;
}

static bool format(
    struct live *live, const struct bpf_instruction *program, size_t count)
{
	live->program = malloc(BPF_TEXT_BYTES(count));
	if (live->program)
		bpf_text_write(live->program, program, count);
	return live->program;
}

static enum control_exit compile(struct live *live, const char *expression)
{
	char error[EXPRESSION_ERROR_BYTES];
	struct bpf_instruction *program;
	enum control_exit exit;
	bool is_tap = false;
	size_t count;

	if (!expression)
		return CONTROL_OK;
	exit = ask_device(live, &is_tap);
	if (exit != CONTROL_OK)
		return exit;
	if (expression_compile(
		&program, &count, expression, is_tap, error, sizeof(error)))
		return ctl_fail(
		    live->ctl, CONTROL_USAGE, "expression: %s", error);
	if (!format(live, program, count))
		exit = ctl_fail(live->ctl, CONTROL_FAILED, "out of memory");
	free(program);
	return exit;
}

/* ---- what comes ---- */

static void show(struct live *live, const json_t *document)
{
	struct paper paper = paper_of(live->ctl->out, live->ctl->color);

	if (live->ctl->is_json)
		render_json(live->ctl->out, document);
	else
		render_text(&paper, document);
	fflush(live->ctl->out);
}

static bool take(void *context, char *part, size_t len)
{
	struct live *live = context;
	json_t *document = tree_parse(part);

	(void)len;
	live->is_damaged = !document;
	if (!document)
		return false;
	show(live, document);
	live->has_dropped |= tree_is(document, "dropped");
	if (!tree_has(document, "lost") && live->left != UINT64_MAX)
		live->left--;
	json_decref(document);
	return live->left && !ferror(live->ctl->out);
}

static enum control_exit stream(struct live *live, const char *verb)
{
	const char *peer = live->ctl->peer ? live->ctl->peer : "";
	const struct control_request request = {.verb = verb,
	    .arguments = {peer, "follow", "live",
		live->program ? live->program : ""},
	    .arguments_count = 4};
	const struct follower follower = {take, live, fileno(live->ctl->out)};

	if (!follow_stream(live->fd, &request, live->timeout_ms, &follower,
		&live->reply) ||
	    live->reply.exit != CONTROL_OK)
		return failed(live);
	if (live->is_damaged)
		return ctl_fail(
		    live->ctl, CONTROL_FAILED, "vpnd's answer is damaged");
	return live->has_dropped ? CONTROL_DROPPED : CONTROL_OK;
}

enum control_exit live_run(
    struct ctl *ctl, const struct command *command, const char *expression)
{
	struct place place = {ctl->run_dir, ctl->tunnel, ctl->socket};
	struct live live = {.ctl = ctl, .timeout_ms = command->timeout_ms};
	enum control_exit exit = read_count(&live);

	if (exit != CONTROL_OK)
		return exit;
	live.fd = place_connect(&place, CONTROL_RIGHTS_ALL, &live.reply);
	if (live.fd < 0) {
		exit = failed(&live);
	} else {
		exit = compile(&live, expression);
		if (exit == CONTROL_OK)
			exit = stream(&live, command->verb);
		close(live.fd);
	}
	free(live.program);
	client_reply_clear(&live.reply);
	return exit;
}
