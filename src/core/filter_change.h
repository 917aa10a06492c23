/* SPDX-License-Identifier: ISC */
/*
 * Another filter than that of the configuration file, to be looked at or used:
 * schema vpnd.filter_change/1.
 *
 * How it works: the flat configuration that vpnctl sends brings its filter and
 * the names of peers; the rules are made to mean the peers that run. It takes
 * the place of the running configuration's filter, so the next reload finds a
 * difference to the file, and undoes it.
 */
#ifndef CORE_FILTER_CHANGE_H
#define CORE_FILTER_CHANGE_H

#include "core/state.h"

/* The flat configuration is attached to the request. Says what would change,
 * and changes it if `is_used`, all or nothing; or sets *ret. */
void filter_change(struct core *core, const struct control_request *request,
    bool is_used, const struct moment *now, struct reply *reply,
    struct core_answer *ret);

#endif
