/* SPDX-License-Identifier: ISC */
/*
 * A reply as text for people, or as JSON for programs.
 *
 * The text of a document is chosen by its schema; one that is not known is
 * written name by name, so that nothing of a newer daemon's answer is lost.
 */
#ifndef CTL_RENDER_H
#define CTL_RENDER_H

#include <jansson.h>
#include <stdio.h>

#include "ctl/paper.h"

void render_text(const struct paper *paper, const json_t *document);

/* On one line, or indented when `file` is a terminal. */
void render_json(FILE *file, const json_t *document);

/* One schema each; fields that are absent are left out. */
void render_status(const struct paper *paper, const json_t *document);
void render_drops(const struct paper *paper, const json_t *document);
void render_sockets(const struct paper *paper, const json_t *document);
void render_flows(const struct paper *paper, const json_t *document);
void render_fdb(const struct paper *paper, const json_t *document);
void render_fdb_flush(const struct paper *paper, const json_t *document);
void render_snmp(const struct paper *paper, const json_t *document);
void render_filter(const struct paper *paper, const json_t *document);
void render_filter_log(const struct paper *paper, const json_t *document);
void render_filter_nft(const struct paper *paper, const json_t *document);
void render_reload(const struct paper *paper, const json_t *document);
void render_peer(const struct paper *paper, const json_t *document);
void render_version(const struct paper *paper, const json_t *document);
void render_drop(const struct paper *paper, const json_t *document);
void render_lost(const struct paper *paper, const json_t *document);
void render_filter_change(const struct paper *paper, const json_t *document);
void render_trace(const struct paper *paper, const json_t *document);
void render_ping(const struct paper *paper, const json_t *document);

/* Each name and value of an object or array, indented by `depth`. */
void render_any(const struct paper *paper, const json_t *tree, unsigned depth);

#endif
