/* SPDX-License-Identifier: ISC */
/* tcpdump's expressions as a file has them: within limits, and with the same
 * meaning whatever the network is like. */
#ifndef CONF_PROGRAM_H
#define CONF_PROGRAM_H

#include "api/config.h"
#include "conf/expression.h"

#define CONF_PROGRAM_WHY_BYTES EXPRESSION_ERROR_BYTES

/*
 * Fills *ret, whose parts the caller frees, for packets of a tun or frames of
 * a tap. False: `why` tells what is wrong, "" when there is no memory. Names of
 * hosts and services are looked up in the files of this host only.
 */
must_check bool conf_program_compile(struct config_program *ret,
    const char *text, enum config_device_type type,
    char why[CONF_PROGRAM_WHY_BYTES]);

#endif
