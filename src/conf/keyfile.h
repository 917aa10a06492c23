/* SPDX-License-Identifier: ISC */
/* Whether a key file is there, and readable by those only who should. */
#ifndef CONF_KEYFILE_H
#define CONF_KEYFILE_H

#include "conf/message.h"

/* Complains; the contents are not looked at. `verb`: what would make one. */
void conf_keyfile_check(struct conf_messages *messages,
    struct config_place place, const char *object, const char *path,
    const char *verb);

#endif
