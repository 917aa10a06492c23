/* SPDX-License-Identifier: ISC */
/* vpnctl filter test and filter replace: another filter for a running tunnel.
 */
#include "ctl/filter.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"
#include "conf/conf.h"
#include "conf/file.h"
#include "ctl/ask.h"

/* The tunnel that is asked has a name; that of the file is of no matter. */
#define ANY_NAME "any"

static struct config *parse(
    struct conf_messages *messages, const char *text, const char *file)
{
	char *path = realpath(file, NULL);
	const struct conf_source source = {
	    .text = text, .name = ANY_NAME, .path = path ? path : file};
	struct config *config = conf_parse(messages, &source);

	free(path);
	return config;
}

/* NULL: the user was told. */
static struct config *read_file(struct ctl *ctl, const char *file)
{
	struct conf_messages messages = {0};
	char *text = conf_file_read(&messages, file);
	struct config *config = text ? parse(&messages, text, file) : NULL;

	conf_messages_print(&messages, ctl->err, file, text);
	conf_messages_clear(&messages);
	free(text);
	return config;
}

/* NULL: the user was told. */
static char *encode(struct ctl *ctl, const struct config *config)
{
	char *text = config_encode(config);

	if (!text)
		ctl_fail(ctl, CONTROL_FAILED, "out of memory");
	else if (strlen(text) <= CONTROL_ATTACHED_BYTES)
		return text;
	else
		ctl_fail(ctl, CONTROL_FAILED,
		    "%s: too large to be sent (%zu bytes, %zu may be)",
		    config->file, strlen(text), CONTROL_ATTACHED_BYTES);
	free(text);
	return NULL;
}

enum control_exit filter_run_file(struct ctl *ctl,
    const struct command *command, const struct control_request *request)
{
	struct config *config = read_file(ctl, request->arguments[0]);
	struct control_request change = {.verb = command->verb};
	enum control_exit exit = CONTROL_FAILED;
	char *text;

	if (!config)
		return CONTROL_FAILED;
	text = encode(ctl, config);
	config_free(config);
	if (text) {
		change.attached = text;
		change.attached_len = strlen(text);
		exit = ask_run(ctl, command, &change);
	}
	free(text);
	return exit;
}
