/* SPDX-License-Identifier: ISC */
/* Reading and writing the corpus of frames. */
#include "tap_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "receive_text.h"

#define NONE	"-"
#define REFUSED "refused by the device"

static const char *const ports[TAP_PORTS] = {"host", "one", "two"};

static int port_of(const char *name)
{
	for (int i = 0; i < TAP_PORTS; i++)
		if (!strcmp(name, ports[i]))
			return i;
	abort();
}

bool tap_read(struct tap_line *line, const char *text)
{
	if (*text == '#' || *text == '\n')
		return false;
	text = receive_field(text, line->name, sizeof(line->name));
	text = receive_field(text, line->port, sizeof(line->port));
	text = receive_field(text, line->hex, sizeof(line->hex));
	text = receive_field(text, line->verdict, sizeof(line->verdict));
	text = receive_field(text, line->kernel, sizeof(line->kernel));
	receive_field(text, line->why, sizeof(line->why));
	line->from = port_of(line->port);
	line->len = receive_unhex(line->bytes, sizeof(line->bytes), line->hex);
	return true;
}

static void tell_ports(int out, char *text, size_t room)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < TAP_PORTS; i++)
		if (out & 1 << i)
			len += (size_t)snprintf(text + len, room - len, "%s%s",
			    len ? " " : "", ports[i]);
}

void tap_tell_ours(const struct tap_outcome *outcome, char *text, size_t room)
{
	if (outcome->out)
		tell_ports(outcome->out, text, room);
	else
		snprintf(text, room, "%s %s", drop_name(outcome->drop),
		    outcome->stage);
}

void tap_tell_kernel(int out, const char *reason, char *text, size_t room)
{
	if (out > 0)
		tell_ports(out, text, room);
	else
		snprintf(text, room, "%s",
		    out < 0   ? REFUSED
		    : *reason ? reason
			      : NONE);
}

static bool has_no_name(const char *kernel)
{
	static const char *const texts[] = {NONE, REFUSED, "NOT_SPECIFIED"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(kernel, texts[i]))
			return true;
	return false;
}

static bool is_drop(const char *verdict)
{
	return *verdict >= 'A' && *verdict <= 'Z';
}

bool tap_is_same(const struct tap_line *line)
{
	size_t reason = strcspn(line->verdict, " ");

	if (!is_drop(line->verdict))
		return !strcmp(line->verdict, line->kernel);
	return has_no_name(line->kernel) ||
	       (strlen(line->kernel) == reason &&
		   !strncmp(line->verdict, line->kernel, reason));
}
