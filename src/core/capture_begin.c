/* SPDX-License-Identifier: ISC */
/* The verb capture: what its words say, and which peer a packet belongs to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/value.h"
#include "core/state.h"
#include "packet/bpf_text.h"
#include "packet/ethernet.h"
#include "packet/ip.h"

/* ---- whose packet ---- */

static const char *name_of(const struct peer *peer)
{
	const struct core_peer *core_peer =
	    peer ? tunnel_peer_user(peer) : NULL;

	return core_peer ? core_peer->name : "";
}

/* Where the switch would send it; of a flooded frame nobody's. */
static const struct peer *receiver_of_frame(
    const struct core *core, struct packet *frame, struct instant now)
{
	const struct bridge_port *port = NULL;

	if (!packet_parse_ethernet(frame))
		port = bridge_find(core->bridge, frame, now);
	return port ? bridge_port_user(port) : NULL;
}

/* Before it is routed. */
static const struct peer *receiver_of(
    const struct core *core, const struct path_sight *sight)
{
	struct packet copy = *sight->pkt;

	if (core->bridge)
		return receiver_of_frame(core, &copy, sight->now->now);
	return packet_parse_ip(&copy)
		   ? NULL
		   : tunnel_route(core->tunnel, &copy.destination);
}

static const char *peer_name(void *context, const struct path_sight *sight)
{
	const struct core *core = context;
	const struct packet *pkt = sight->pkt;

	if (pkt->peer)
		return name_of(pkt->peer);
	if (sight->bytes == PATH_BYTES_INNER && sight->is_outbound)
		return name_of(receiver_of(core, sight));
	if (sight->bytes == PATH_BYTES_DATAGRAM && !sight->is_outbound)
		return name_of(tunnel_peer_addressed(core->tunnel, pkt));
	return "";
}

void captures_make(struct core *core)
{
	core->captures = (struct captures){.path = core->path,
	    .is_ethernet = core->bridge != NULL,
	    .peer_name = peer_name,
	    .context = core};
}

/* ---- the words ---- */

struct reading {
	const struct core *core;
	struct core_answer *answer;
	struct capture_want want;
};

static bool refuse(struct reading *reading, const char *word)
{
	answer_set(reading->answer, CONTROL_USAGE,
	    "capture: \"%.64s\" is not understood", word);
	return false;
}

static bool read_number(
    struct reading *reading, const char *text, uint32_t most, uint32_t *ret)
{
	return (value_digits(ret, text, most) && *ret > 0) ||
	       refuse(reading, text);
}

static bool read_count(struct reading *reading, const char *text)
{
	return read_number(reading, text, UINT32_MAX, &reading->want.count);
}

static bool read_snap(struct reading *reading, const char *text)
{
	return read_number(
	    reading, text, CAPTURE_SNAP_MAX, &reading->want.snap_bytes);
}

static bool read_peer(struct reading *reading, const char *text)
{
	reading->want.peer = text;
	return answer_find_peer(reading->core, text, reading->answer);
}

static bool read_program(struct reading *reading, const char *text)
{
	size_t count = bpf_text_count(text);
	struct bpf_instruction *program;
	struct bpf_fault fault;

	if (!count || reading->want.program)
		return refuse(reading, text);
	program = calloc(count, sizeof(*program));
	if (!program) {
		answer_set(reading->answer, CONTROL_FAILED, "out of memory");
		return false;
	}
	bpf_text_read(program, text);
	reading->want.program = program;
	if (bpf_check(program, count, &fault))
		return true;
	answer_set(reading->answer, CONTROL_USAGE,
	    "capture: instruction %zu of the filter %s", fault.instruction,
	    fault.reason);
	return false;
}

static const struct {
	const char *word;
	enum path_watched watched;
} sights[] = {
    {"inner", PATH_WATCH_INNER},
    {"outer", PATH_WATCH_OUTER},
    {"drops", PATH_WATCH_DROPS},
};

static const struct {
	const char *word;
	bool (*read)(struct reading *reading, const char *text);
} values[] = {
    {"count", read_count},
    {"snap", read_snap},
    {"peer", read_peer},
    {"program", read_program},
};

static bool read_sight(struct reading *reading, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(sights); i++) {
		if (strcmp(sights[i].word, word))
			continue;
		reading->want.watched |= sights[i].watched;
		return true;
	}
	return false;
}

static bool read_value(
    struct reading *reading, const char *word, const char *text)
{
	for (size_t i = 0; text && i < ARRAY_SIZE(values); i++)
		if (strcmp(values[i].word, word) == 0)
			return values[i].read(reading, text);
	return refuse(reading, word);
}

static bool read_words(
    struct reading *reading, const struct control_request *request)
{
	size_t count = request->arguments_count;

	for (size_t i = 0; i < count; i++) {
		const char *word = request->arguments[i];

		if (read_sight(reading, word))
			continue;
		i++;
		if (!read_value(reading, word,
			i < count ? request->arguments[i] : NULL))
			return false;
	}
	if (!reading->want.watched)
		reading->want.watched = PATH_WATCH_INNER;
	return true;
}

static void tell_failure(struct core_answer *answer, int code)
{
	if (code == -EBUSY)
		answer_set(answer, CONTROL_FAILED,
		    "there are %d captures at once already", CAPTURES_MAX);
	else
		answer_set(answer, CONTROL_FAILED, "out of memory");
}

struct capture *core_capture(struct core *core,
    const struct control_request *request, struct core_answer *ret)
{
	struct reading reading = {.core = core,
	    .answer = ret,
	    .want = {.snap_bytes = CAPTURE_SNAP_MAX}};
	struct capture *capture = NULL;
	int code;

	answer_set(ret, CONTROL_OK, "%s", "");
	if (!read_words(&reading, request)) {
		free(reading.want.program);
		return NULL;
	}
	core->captures.own_port = core->host.port;
	code = captures_begin(&core->captures, &capture, &reading.want);
	if (code)
		tell_failure(ret, code);
	return capture;
}
