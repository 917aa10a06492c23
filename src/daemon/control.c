/* SPDX-License-Identifier: ISC */
/* The control sockets and their clients. */
#include "daemon/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bucket.h"
#include "daemon/socket.h"

#define SOCKETS 2
/* After accept failed for want of descriptors. */
#define PAUSE_NS NS_PER_S
/* An answer takes time from the data path, and anybody may ask for one. */
static const struct bucket_rate readers_rate = {.rate = 50, .burst = 100};
#define READERS_PAUSE_NS (NS_PER_S / 50)

struct place;

/* One of the two sockets. */
struct entrance {
	struct control *control;
	const char *path;
	mode_t mode;
	enum control_rights most;
	int fd;
	gid_t gid;
	struct loop_watch *watch;
};

/* Room for one client. */
struct place {
	struct control *control;
	uint64_t number;
	struct client *client; /* NULL: free */
	struct loop_watch *watch;
};

struct control {
	struct control_setup setup;
	struct entrance entrances[SOCKETS];
	struct place places[CONTROL_CLIENTS];
	uint64_t last_number;
	gid_t gid; /* of group vpnd, found while files may still be read */
	struct instant paused_until;
	struct bucket readers;
	struct instant readers_paused_until;
};

static struct instant now_of(const struct control *control)
{
	return control->setup.moment->now;
}

/* ---- clients ---- */

static void leave(struct place *place)
{
	loop_unwatch(place->watch);
	client_free(place->client);
	place->watch = NULL;
	place->client = NULL;
}

/* A stream is written at the end of the turn, unless the socket is full; one
 * that is stopping would find the client's end of file again and again. */
static unsigned wanted_of_stream(const struct client *client)
{
	return (client->is_stopping ? 0 : LOOP_READ) |
	       (client->out_at < client->out_len ? LOOP_WRITE : 0);
}

static unsigned wanted(const struct client *client)
{
	switch (client->state) {
	case CLIENT_READING:
		return LOOP_READ;
	case CLIENT_WRITING:
		return LOOP_WRITE;
	case CLIENT_STREAMING:
		return wanted_of_stream(client);
	case CLIENT_WAITING:
	case CLIENT_CLOSED:
		break;
	}
	return 0;
}

static bool must_pause(const struct place *place)
{
	const struct control *control = place->control;

	return place->client->rights == CONTROL_RIGHTS_READ &&
	       place->client->state == CLIENT_READING &&
	       instant_is_before(
		   now_of(control), control->readers_paused_until);
}

static void settle(struct place *place)
{
	if (place->client->state == CLIENT_CLOSED)
		leave(place);
	else
		loop_change(place->watch,
		    must_pause(place) ? 0 : wanted(place->client));
}

/* This one is served; without a token left, the next ones wait. */
static void pace(struct place *place)
{
	struct control *control = place->control;

	if (place->client->rights == CONTROL_RIGHTS_READ &&
	    !bucket_take(&control->readers, &readers_rate, now_of(control)))
		control->readers_paused_until =
		    instant_after(now_of(control), READERS_PAUSE_NS);
}

/* What all have attached together is no more than one may. */
static void share_memory(struct place *place)
{
	const struct control *control = place->control;
	size_t others = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct place *other = &control->places[i];

		if (other->client && other != place)
			others += other->client->attached_len;
	}
	place->client->attached_most = CONTROL_ATTACHED_BYTES - others;
}

static void place_ready(void *context, unsigned events)
{
	struct place *place = context;
	struct control *control = place->control;
	struct control_request request;
	struct instant now = now_of(control);

	(void)events;
	stream_hear(place->client, now);
	client_write(place->client, now);
	share_memory(place);
	/* `run` may answer, and then close; the place stays */
	if (!must_pause(place) && client_read(place->client, &request, now)) {
		pace(place);
		control->setup.run(control->setup.context, place->number,
		    place->client->rights, &request);
	}
	if (place->client)
		settle(place);
}

/* Whoever may only read can not take the last places. */
static struct place *free_place(const struct entrance *entrance)
{
	struct control *control = entrance->control;
	size_t most = entrance->most == CONTROL_RIGHTS_READ ? CONTROL_READERS
							    : CONTROL_CLIENTS;

	for (size_t i = 0; i < most; i++)
		if (!control->places[i].client)
			return &control->places[i];
	return NULL;
}

static enum control_rights rights_of(const struct entrance *entrance, int fd)
{
	if (entrance->most == CONTROL_RIGHTS_READ)
		return CONTROL_RIGHTS_READ;
	return socket_rights(fd, entrance->gid);
}

static void take_place(
    struct place *place, const struct entrance *entrance, int fd)
{
	struct control *control = place->control;

	place->client =
	    client_new(fd, rights_of(entrance, fd), now_of(control));
	if (!place->client)
		return;
	place->number = ++control->last_number;
	place->watch =
	    loop_watch(control->setup.loop, fd, LOOP_READ, place_ready, place);
	if (!place->watch)
		leave(place);
}

/* ---- sockets ---- */

static bool is_open(const struct control *control)
{
	return instant_has_come(control->paused_until, now_of(control));
}

static void entrance_ready(void *context, unsigned events)
{
	struct entrance *entrance = context;
	struct control *control = entrance->control;
	struct place *place = free_place(entrance);
	int fd;

	(void)events;
	if (!place) {
		loop_change(entrance->watch, 0);
		return;
	}
	fd = accept4(entrance->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		take_place(place, entrance, fd);
	} else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
		log_warning(
		    control->setup.log, "control socket: %s", strerror(errno));
		control->paused_until =
		    instant_after(now_of(control), PAUSE_NS);
		loop_change(entrance->watch, 0);
	}
}

static int open_entrance(struct entrance *entrance, char *error, size_t room)
{
	struct control *control = entrance->control;

	entrance->fd = socket_listen(
	    entrance->path, entrance->mode, control->gid, error, room);
	if (entrance->fd < 0)
		return entrance->fd;
	entrance->gid = socket_group(entrance->path);
	entrance->watch = loop_watch(control->setup.loop, entrance->fd,
	    LOOP_READ, entrance_ready, entrance);
	return entrance->watch ? 0 : -ENOMEM;
}

static void close_entrance(struct entrance *entrance)
{
	loop_unwatch(entrance->watch);
	entrance->watch = NULL;
	if (entrance->fd < 0)
		return;
	close(entrance->fd);
	(void)unlink(entrance->path);
	entrance->fd = -1;
}

static void name_entrances(struct control *control)
{
	const struct entrance entrances[SOCKETS] = {
	    {control, control->setup.path, 0660, CONTROL_RIGHTS_ALL, -1, 0,
		NULL},
	    {control, control->setup.read_path, 0666, CONTROL_RIGHTS_READ, -1,
		0, NULL},
	};

	memcpy(control->entrances, entrances, sizeof(entrances));
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		control->places[i].control = control;
}

int control_open(struct control **ret, const struct control_setup *setup,
    char *error, size_t room)
{
	struct control *control = calloc(1, sizeof(*control));
	int code = 0;

	if (!control)
		return -ENOMEM;
	control->setup = *setup;
	control->gid = socket_find_group();
	bucket_init(&control->readers, &readers_rate, now_of(control));
	name_entrances(control);
	for (size_t i = 0; i < SOCKETS && !code; i++)
		code = open_entrance(&control->entrances[i], error, room);
	if (code)
		control_close(control);
	else
		*ret = control;
	return code;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (control->places[i].client)
			leave(&control->places[i]);
	for (size_t i = 0; i < SOCKETS; i++)
		close_entrance(&control->entrances[i]);
	free(control);
}

/* NULL: it has left. */
static struct place *place_of(struct control *control, uint64_t client)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct place *place = &control->places[i];

		if (place->client && place->number == client)
			return place;
	}
	return NULL;
}

void control_answer(struct control *control, uint64_t client,
    const struct reply *reply, const struct client_result *result)
{
	struct place *place = place_of(control, client);

	if (!place)
		return;
	client_answer(place->client, reply, result, now_of(control));
	settle(place);
}

void control_answer_with(struct control *control, uint64_t client,
    const struct reply *reply, const struct client_result *result, int fd)
{
	struct place *place = place_of(control, client);

	if (place)
		client_pass(place->client, fd);
	else
		close(fd);
	control_answer(control, client, reply, result);
}

void control_stream(struct control *control, uint64_t client,
    const struct stream_source *source)
{
	struct place *place = place_of(control, client);

	if (!place) {
		source->close(source->context);
		return;
	}
	stream_begin(place->client, source);
	settle(place);
}

void control_end_streams(struct control *control)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *client = control->places[i].client;

		if (!client || client->state != CLIENT_STREAMING)
			continue;
		stream_stop(client, now_of(control));
		stream_send(client, now_of(control));
	}
}

static bool is_there(const struct entrance *entrance)
{
	struct stat info;

	return lstat(entrance->path, &info) == 0;
}

void control_repair(struct control *control)
{
	char error[CONFIG_PATH_BYTES + 128];

	for (size_t i = 0; i < SOCKETS; i++) {
		struct entrance *entrance = &control->entrances[i];

		if (is_there(entrance))
			continue;
		close_entrance(entrance);
		if (open_entrance(entrance, error, sizeof(error)))
			log_warning(control->setup.log, "%s", error);
	}
}

void control_turn(struct control *control)
{
	struct instant now = now_of(control);

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct place *place = &control->places[i];

		if (!place->client)
			continue;
		stream_send(place->client, now);
		client_expire(place->client, now);
		settle(place);
	}
	for (size_t i = 0; i < SOCKETS; i++) {
		struct entrance *entrance = &control->entrances[i];
		bool has_room = free_place(entrance) && is_open(control);

		if (entrance->watch)
			loop_change(entrance->watch, has_room ? LOOP_READ : 0);
	}
}

struct instant control_deadline(const struct control *control)
{
	struct instant first = INSTANT_NEVER;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct client *client = control->places[i].client;

		if (client)
			first = instant_earlier(first, client_deadline(client));
	}
	if (!is_open(control))
		first = instant_earlier(first, control->paused_until);
	if (instant_is_before(now_of(control), control->readers_paused_until))
		first = instant_earlier(first, control->readers_paused_until);
	return first;
}
