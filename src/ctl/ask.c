/* SPDX-License-Identifier: ISC */
/* The ordinary command: one request to the daemon, and its reply shown. */
#include "ctl/ask.h"

#include <unistd.h>

#include "ctl/place.h"
#include "ctl/render.h"
#include "ctl/tree.h"

static void show(struct ctl *ctl, const json_t *document, bool is_detailed)
{
	struct paper paper = paper_of(ctl->out, ctl->color);

	paper.is_detailed = is_detailed;
	if (ctl->is_json)
		render_json(ctl->out, document);
	else
		render_text(&paper, document);
}

/* A request that failed may have a document too: what a reload refused. */
static enum control_exit show_reply(
    struct ctl *ctl, struct client_reply *reply, bool is_detailed)
{
	json_t *document;

	if (reply->len > 0) {
		document = tree_parse(reply->text);
		if (!document)
			return ctl_fail(
			    ctl, CONTROL_FAILED, "vpnd's answer is damaged");
		show(ctl, document, is_detailed);
		json_decref(document);
	}
	if (reply->message[0])
		ctl_fail(ctl, reply->exit, "%s", reply->message);
	return reply->exit;
}

/* False: *ret says why nobody answered. */
static bool ask(struct ctl *ctl, const struct command *command,
    const struct control_request *request, struct client_reply *ret)
{
	struct place place = {ctl->run_dir, ctl->tunnel, ctl->socket};
	enum control_rights rights = verb_find(command->verb)->rights;
	int fd = place_connect(&place, rights, ret);
	bool is_answered;

	if (fd < 0)
		return false;
	is_answered = client_ask(fd, request, command->timeout_ms, ret);
	close(fd);
	return is_answered;
}

enum control_exit ask_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request)
{
	struct client_reply reply = {0};
	enum control_exit exit;

	if (ask(ctl, command, request, &reply))
		exit = show_reply(ctl, &reply, request->arguments_count > 0);
	else
		exit = ctl_fail(ctl, reply.exit, "%s", reply.message);
	client_reply_clear(&reply);
	return exit;
}

static json_t *version_document(struct client_reply *reply)
{
	json_t *answer = reply->len > 0 ? tree_parse(reply->text) : NULL;
	const char *version =
	    tree_text(answer, "vpnd", tree_text(answer, "version", NULL));
	json_t *document = json_pack(
	    "{s:s, s:s}", "schema", "vpnd.version/1", "vpnctl", CTL_VERSION);

	if (version)
		json_object_set_new(document, "vpnd", json_string(version));
	json_decref(answer);
	return document;
}

enum control_exit ask_run_version(struct ctl *ctl,
    const struct command *command, const struct control_request *request)
{
	struct client_reply reply = {0};
	bool is_answered = ask(ctl, command, request, &reply);
	enum control_exit exit = CONTROL_OK;
	json_t *document;

	document = version_document(&reply);
	show(ctl, document, false);
	json_decref(document);
	/* That none runs is an error for those who asked for one. */
	if (!is_answered && (ctl->tunnel || ctl->socket))
		exit = ctl_fail(ctl, reply.exit, "%s", reply.message);
	client_reply_clear(&reply);
	return exit;
}
