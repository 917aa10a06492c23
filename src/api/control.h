/* SPDX-License-Identifier: ISC */
/*
 * What vpnctl and vpnd say to each other over the control socket.
 *
 * How it works: a frame is a header of CONTROL_HEADER_BYTES (little-endian:
 * magic u32, version u16, kind u16, length u32) and `length` bytes. A client
 * sends one CONTROL_REQUEST at a time, whose body is the verb and its
 * arguments, each ended by a NUL. CONTROL_PART frames before it are what is
 * attached to it, for verbs that want more than fits: a configuration. The daemon answers with any number of
 * CONTROL_PART frames, whose bodies joined are one reply document
 * (api/reply.h), and one CONTROL_END frame, whose body is the exit code (u32)
 * and a message for people, empty when it went well. Some verbs are answered by
 * a stream: each part is a document or a run of records of its own, and they
 * come until the client shuts its sending side down; then, too, the end comes.
 */
#ifndef API_CONTROL_H
#define API_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define CONTROL_MAGIC	     UINT32_C(0x646e7076) /* "vpnd" */
#define CONTROL_VERSION	     1
#define CONTROL_HEADER_BYTES 12
#define CONTROL_REQUEST_BYTES 65536 /* largest request body */
#define CONTROL_PART_BYTES    65536 /* largest part of a reply */
#define CONTROL_ARGUMENTS     64
/* Of all that is attached: a configuration of 50000 rules has 40 million. */
#define CONTROL_ATTACHED_BYTES ((size_t)64 << 20)

enum control_kind {
	CONTROL_REQUEST = 1,
	CONTROL_PART = 2,
	CONTROL_END = 3,
};

/* Exit codes of vpnctl, and of CONTROL_END. */
enum control_exit {
	CONTROL_OK = 0,
	CONTROL_FAILED = 1,
	CONTROL_USAGE = 2,
	CONTROL_NOT_RUNNING = 3,
	CONTROL_TIMEOUT = 4,
	CONTROL_NO_OBJECT = 5,
	CONTROL_NOT_PERMITTED = 6,
	CONTROL_DROPPED = 10,
};

/* Which verbs a connection may use. */
enum control_rights {
	CONTROL_RIGHTS_READ, /* ro.sock: reading verbs, endpoints masked */
	CONTROL_RIGHTS_ALL,
};

struct control_header {
	uint16_t version, kind;
	uint32_t length;
};

void control_header_write(
    uint8_t to[CONTROL_HEADER_BYTES], const struct control_header *header);

/* 0, or -EPROTO: not our magic, an unknown kind, or too long for the kind. A
 * foreign version is no error here: the caller tells the user. */
must_check int control_header_read(
    struct control_header *ret, const uint8_t from[CONTROL_HEADER_BYTES]);

struct control_request {
	const char *verb;
	const char *arguments[CONTROL_ARGUMENTS];
	size_t arguments_count;
	const char *attached; /* ended by a NUL that does not count; NULL: nothing */
	size_t attached_len;
};

/*
 * Splits a request body in place: `ret` points into it, and has nothing
 * attached. Refuses a body that
 * does not end in NUL, has too many arguments, or control bytes or invalid
 * UTF-8 in one: -EINVAL.
 */
must_check int control_request_parse(
    struct control_request *ret, const char *body, size_t len);

#endif
