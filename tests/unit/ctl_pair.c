/* SPDX-License-Identifier: ISC */
/* vpnctl's end of a connection, and vpnd's, as a pair of sockets. */
#include "ctl_pair.h"

#include <sys/socket.h>
#include <unistd.h>

#include "api/control.h"
#include "unit.h"

int ours, theirs;
struct client_reply reply;

void pair_begin(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ours = fds[0];
	theirs = fds[1];
}

void pair_end(void)
{
	client_reply_clear(&reply);
	close(ours);
	close(theirs);
}

void say(uint16_t kind, const void *body, uint32_t len)
{
	struct control_header header = {CONTROL_VERSION, kind, len};
	uint8_t bytes[CONTROL_HEADER_BYTES];

	control_header_write(bytes, &header);
	ck_assert_int_eq(send(theirs, bytes, sizeof(bytes), 0), sizeof(bytes));
	ck_assert_int_eq(send(theirs, body, len, 0), len);
}
