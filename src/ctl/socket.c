/* SPDX-License-Identifier: ISC */
/*
 * Attaches to one of vpnd's sockets, and prints what comes.
 *
 * How it works: the daemon passes a descriptor with its answer; on that, vpnctl
 * sleeps in recv, as any program may.
 */
#include "ctl/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/datagram.h"
#include "ctl/client.h"
#include "ctl/place.h"
#include "ctl/render.h"

#define MESSAGE_BYTES (DATAGRAM_HEADER_BYTES + DATAGRAM_PAYLOAD_MAX)
#define COUNT_MAX     1000000000

struct receiver {
	struct ctl *ctl;
	unsigned long left; /* datagrams; 0: no limit */
	uint8_t message[MESSAGE_BYTES];
};

static struct endpoint endpoint(const struct address *address, uint16_t port)
{
	return (struct endpoint){.address = *address, .port = port};
}

/* ---- one datagram ---- */

struct shown {
	char remote[ENDPOINT_TEXT_BYTES], local[ENDPOINT_TEXT_BYTES];
	uint32_t payload_len;
	const uint8_t *payload;
	size_t held; /* bytes of it that are here */
};

static struct shown shown_of(
    const struct datagram_head *head, const uint8_t *payload, size_t held)
{
	struct endpoint remote = endpoint(&head->remote, head->remote_port);
	struct endpoint local = endpoint(&head->local, head->local_port);
	struct shown shown = {
	    .payload_len = head->payload_len, .payload = payload, .held = held};

	endpoint_format(&remote, shown.remote, sizeof(shown.remote));
	endpoint_format(&local, shown.local, sizeof(shown.local));
	return shown;
}

static const char *hex_of(const struct shown *shown, char *text)
{
	for (size_t i = 0; i < shown->held; i++)
		snprintf(text + 2 * i, 3, "%02x", shown->payload[i]);
	return text;
}

static void print_json(struct ctl *ctl, const struct shown *shown)
{
	char *hex = calloc(2, shown->held + 1);
	json_t *document;

	if (!hex)
		return;
	document =
	    json_pack("{s:s, s:s, s:s, s:I, s:s}", "schema", "vpnd.datagram/1",
		"remote", shown->remote, "local", shown->local, "payload_bytes",
		(json_int_t)shown->payload_len, "payload", hex_of(shown, hex));
	render_json(ctl->out, document);
	json_decref(document);
	free(hex);
}

/* As text, where that is what it is; paper replaces what would move the
 * cursor. */
static void print_text(struct ctl *ctl, const struct shown *shown)
{
	struct paper paper = paper_of(ctl->out, ctl->color);

	paper_print(&paper, INK_NAME, "%s > %s", shown->remote, shown->local);
	paper_print(&paper, INK_PLAIN, " len %u", shown->payload_len);
	if (shown->held < shown->payload_len)
		paper_print(&paper, INK_WARN, ", the first %zu", shown->held);
	if (shown->held)
		paper_print(&paper, INK_PLAIN, ": %.*s", (int)shown->held,
		    (const char *)shown->payload);
	paper_end_line(&paper);
}

static void print(struct receiver *receiver, size_t len)
{
	struct datagram_head head;
	struct shown shown;

	if (len < DATAGRAM_HEADER_BYTES ||
	    datagram_read(&head, receiver->message))
		return;
	shown = shown_of(&head, receiver->message + DATAGRAM_HEADER_BYTES,
	    len - DATAGRAM_HEADER_BYTES);
	if (receiver->ctl->is_json)
		print_json(receiver->ctl, &shown);
	else
		print_text(receiver->ctl, &shown);
	fflush(receiver->ctl->out);
}

/* ---- all of them ---- */

static bool wants_more(struct receiver *receiver)
{
	if (ferror(receiver->ctl->out))
		return false;
	return !receiver->left || --receiver->left;
}

static enum control_exit receive_all(struct receiver *receiver, int fd)
{
	ssize_t got;

	do {
		do
			got = recv(fd, receiver->message,
			    sizeof(receiver->message), 0);
		while (got < 0 && errno == EINTR);
		if (got <= 0)
			return ctl_fail(receiver->ctl, CONTROL_FAILED,
			    "vpnd has closed the socket");
		print(receiver, (size_t)got);
	} while (wants_more(receiver));
	return CONTROL_OK;
}

/* The descriptor, or -1 with *ret. */
static int attach(struct ctl *ctl, const struct command *command,
    const char *port, struct client_reply *ret)
{
	struct place place = {ctl->run_dir, ctl->tunnel, ctl->socket};
	struct control_request request = {
	    .verb = "socket attach", .arguments = {port}, .arguments_count = 1};
	int fd = place_connect(&place, CONTROL_RIGHTS_ALL, ret);
	bool is_answered;

	if (fd < 0)
		return -1;
	is_answered = client_ask(fd, &request, command->timeout_ms, ret);
	close(fd);
	if (!is_answered || ret->exit != CONTROL_OK)
		return -1;
	if (ret->passed_fd <= 0)
		return client_reply_fail(
		    ret, CONTROL_FAILED, "vpnd has passed no descriptor on");
	return ret->passed_fd;
}

static bool read_count(const char *text, unsigned long *ret)
{
	char *end;

	*ret = 0;
	if (!text)
		return true;
	*ret = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *ret > 0 &&
	       *ret <= COUNT_MAX;
}

enum control_exit socket_receive_run(struct ctl *ctl,
    const struct command *command, const struct control_request *request)
{
	static struct receiver receiver;
	struct client_reply reply = {0};
	enum control_exit exit;
	int fd;

	receiver.ctl = ctl;
	if (!read_count(ctl->count, &receiver.left))
		return ctl_fail(ctl, CONTROL_USAGE,
		    "-c %s: not a number from 1 to %d", ctl->count, COUNT_MAX);
	fd = attach(ctl, command, request->arguments[0], &reply);
	if (fd < 0)
		exit = ctl_fail(ctl, reply.exit, "%s", reply.message);
	else
		exit = receive_all(&receiver, fd);
	if (fd >= 0)
		close(fd);
	client_reply_clear(&reply);
	return exit;
}
