/* SPDX-License-Identifier: ISC */
/* Round-trip time and loss inside a session, measured by ECHO frames. */
#include "ctl/ping.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "ctl/figure.h"
#include "ctl/place.h"
#include "ctl/render.h"
#include "ctl/tree.h"

#define COUNT_DEFAULT  4
#define COUNT_MAX      1000000
#define INTERVAL_MAX_S 3600
#define WAIT_MIN_S     0.001
#define WAIT_MAX_S     60

struct ping {
	struct ctl *ctl;
	const char *peer;
	int slack_ms; /* how much later than the echo the daemon may answer */
	uint64_t count, number;
	int64_t interval_ns;
	int wait_ms;
	struct ping_tally tally;
	json_t *echoes;
	struct client_reply reply;
};

void ping_tally_add(struct ping_tally *tally, bool is_answered, int64_t rtt_ns)
{
	tally->sent++;
	if (!is_answered)
		return;
	if (tally->answered == 0 || rtt_ns < tally->rtt_min_ns)
		tally->rtt_min_ns = rtt_ns;
	if (rtt_ns > tally->rtt_max_ns)
		tally->rtt_max_ns = rtt_ns;
	tally->rtt_sum_ns += rtt_ns;
	tally->answered++;
}

static json_t *seconds_of(int64_t ns)
{
	return json_real((double)ns / (double)NS_PER_S);
}

json_t *ping_tally_document(
    const struct ping_tally *tally, const char *peer, json_t *echoes)
{
	uint64_t lost = tally->sent - tally->answered;
	json_t *document = json_pack("{s:s, s:s, s:I, s:I, s:f}", "schema",
	    "vpnd.ping/1", "peer", peer, "sent", (json_int_t)tally->sent,
	    "answered", (json_int_t)tally->answered, "loss_ratio",
	    tally->sent ? (double)lost / (double)tally->sent : 0.0);

	if (tally->answered > 0) {
		json_object_set_new(
		    document, "rtt_min_s", seconds_of(tally->rtt_min_ns));
		json_object_set_new(document, "rtt_avg_s",
		    seconds_of(tally->rtt_sum_ns / (int64_t)tally->answered));
		json_object_set_new(
		    document, "rtt_max_s", seconds_of(tally->rtt_max_ns));
	}
	json_object_set_new(document, "echoes", echoes);
	return document;
}

/* ---- options ---- */

/* A plain decimal number in [min, max], or `otherwise` when it is absent. */
static bool read_seconds(
    const char *text, double otherwise, double min, double max, double *ret)
{
	char *end;

	*ret = otherwise;
	if (!text)
		return true;
	*ret = strtod(text, &end);
	return *text && !text[strspn(text, "0123456789.")] && !*end &&
	       *ret >= min && *ret <= max;
}

static enum control_exit read_options(struct ping *ping)
{
	double count, interval, wait;
	struct ctl *ctl = ping->ctl;

	if (!read_seconds(ctl->count, COUNT_DEFAULT, 1, COUNT_MAX, &count) ||
	    count != floor(count))
		return ctl_fail(ctl, CONTROL_USAGE,
		    "-c %s: not a number from 1 to %d", ctl->count, COUNT_MAX);
	if (!read_seconds(ctl->interval, 1, 0, INTERVAL_MAX_S, &interval))
		return ctl_fail(ctl, CONTROL_USAGE,
		    "-i %s: not seconds from 0 to %d", ctl->interval,
		    INTERVAL_MAX_S);
	if (!read_seconds(ctl->wait, 1, WAIT_MIN_S, WAIT_MAX_S, &wait))
		return ctl_fail(ctl, CONTROL_USAGE,
		    "-W %s: not seconds from 0.001 to %d", ctl->wait,
		    WAIT_MAX_S);
	ping->count = (uint64_t)count;
	ping->interval_ns = (int64_t)(interval * (double)NS_PER_S);
	ping->wait_ms = (int)lround(wait * 1000);
	return CONTROL_OK;
}

/* ---- one echo ---- */

static void note_echo(struct ping *ping, bool is_answered, int64_t rtt_ns)
{
	json_t *echo = json_pack("{s:I, s:b}", "number",
	    (json_int_t)ping->number, "answered", (int)is_answered);
	struct paper paper = paper_of(ping->ctl->out, ping->ctl->color);

	ping_tally_add(&ping->tally, is_answered, rtt_ns);
	if (is_answered)
		json_object_set_new(echo, "rtt_s", seconds_of(rtt_ns));
	json_array_append_new(ping->echoes, echo);
	if (ping->ctl->is_json)
		return;
	paper_print(&paper, INK_PLAIN, "%s: echo %llu ", ping->peer,
	    (unsigned long long)ping->number);
	if (is_answered)
		paper_print(&paper, INK_GOOD, "answered in %s",
		    figure_milliseconds((uint64_t)rtt_ns).text);
	else
		paper_print(
		    &paper, INK_BAD, "not answered in %d ms", ping->wait_ms);
	paper_end_line(&paper);
	fflush(ping->ctl->out);
}

static enum control_exit note_reply(struct ping *ping)
{
	json_t *answer = ping->reply.text ? tree_parse(ping->reply.text) : NULL;
	bool is_answered =
	    tree_is(answer, "answered") ||
	    (tree_has(answer, "rtt_ns") && !tree_has(answer, "answered"));
	uint64_t rtt_ns = tree_unsigned(answer, "rtt_ns", 0);

	json_decref(answer);
	if (ping->reply.exit != CONTROL_OK &&
	    ping->reply.exit != CONTROL_TIMEOUT)
		return ping->reply.exit;
	note_echo(ping, is_answered, (int64_t)rtt_ns);
	return CONTROL_OK;
}

static bool ask(struct ping *ping, const struct control_request *request)
{
	struct ctl *ctl = ping->ctl;
	struct place place = {ctl->run_dir, ctl->tunnel, ctl->socket};
	int fd = place_connect(&place, CONTROL_RIGHTS_ALL, &ping->reply);
	bool is_answered;

	if (fd < 0)
		return false;
	is_answered = client_ask(
	    fd, request, ping->wait_ms + ping->slack_ms, &ping->reply);
	close(fd);
	return is_answered;
}

/* Over a connection of its own: the daemon closes one that is idle. */
static enum control_exit send_echo(struct ping *ping)
{
	char wait_ms[16];
	struct control_request request = {.verb = "ping",
	    .arguments = {ping->peer, wait_ms},
	    .arguments_count = 2};

	snprintf(wait_ms, sizeof(wait_ms), "%d", ping->wait_ms);
	ping->number++;
	return ask(ping, &request) ? note_reply(ping) : ping->reply.exit;
}

/* ---- all of them ---- */

/* False: the user has interrupted. SIGINT is blocked, so that what has been
 * measured is told in any case. */
static bool wait_interval(int64_t interval_ns)
{
	struct timespec time = {.tv_sec = interval_ns / NS_PER_S,
	    .tv_nsec = interval_ns % NS_PER_S};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	return sigtimedwait(&set, NULL, &time) != SIGINT;
}

static void block_interrupt(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static enum control_exit send_echoes(struct ping *ping)
{
	enum control_exit exit = send_echo(ping);

	while (exit == CONTROL_OK && ping->number < ping->count &&
	       wait_interval(ping->interval_ns))
		exit = send_echo(ping);
	return exit;
}

static enum control_exit summarize(struct ping *ping)
{
	struct paper paper = paper_of(ping->ctl->out, ping->ctl->color);
	json_t *document = ping_tally_document(
	    &ping->tally, ping->peer, json_incref(ping->echoes));

	if (ping->ctl->is_json)
		render_json(ping->ctl->out, document);
	else
		render_text(&paper, document);
	json_decref(document);
	return ping->tally.answered ? CONTROL_OK : CONTROL_TIMEOUT;
}

static enum control_exit send_all_echoes(struct ping *ping)
{
	enum control_exit exit, unanswered = CONTROL_OK;

	block_interrupt();
	exit = send_echoes(ping);
	if (exit != CONTROL_OK)
		ctl_fail(ping->ctl, exit, "%s", ping->reply.message);
	if (ping->tally.sent > 0)
		unanswered = summarize(ping);
	return exit != CONTROL_OK ? exit : unanswered;
}

enum control_exit ping_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request)
{
	struct ping ping = {.ctl = ctl,
	    .peer = request->arguments[0],
	    .slack_ms = command->timeout_ms};
	enum control_exit exit = read_options(&ping);

	if (exit != CONTROL_OK)
		return exit;
	ping.echoes = json_array();
	exit = send_all_echoes(&ping);
	json_decref(ping.echoes);
	client_reply_clear(&ping.reply);
	return exit;
}
