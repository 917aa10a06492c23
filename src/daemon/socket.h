/* SPDX-License-Identifier: ISC */
/* The control sockets' files: making them, guarding them, who may use them. */
#ifndef DAEMON_SOCKET_H
#define DAEMON_SOCKET_H

#include <sys/types.h>

#include "api/control.h"
#include "base/attributes.h"

/*
 * Makes the directory of `path` when its parent exists, and takes the lock
 * beside it (PATH.lock), so that there is one daemon per path. Returns the
 * lock's descriptor, or negative errno with a sentence in `error`.
 */
must_check int socket_lock(const char *path, char *error, size_t room);
/* Removes the lock and closes it. */
void socket_unlock(const char *path, int fd);

/*
 * Listens at `path`. What a killed daemon left is replaced; anything but a
 * socket is refused. The socket gets group `gid`. Returns the descriptor, or
 * negative errno with a sentence in `error`.
 */
must_check int socket_listen(
    const char *path, mode_t mode, gid_t gid, char *error, size_t room);

/* Group vpnd, or -1. */
gid_t socket_find_group(void);

/* What the process at the other end may do: all for root, our own user and
 * members of the socket's group `gid`. */
enum control_rights socket_rights(int fd, gid_t gid);
gid_t socket_group(const char *path);

#endif
