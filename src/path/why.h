/* SPDX-License-Identifier: ISC */
/* What the stages say of their verdicts (struct stage, why). */
#ifndef PATH_WHY_H
#define PATH_WHY_H

#include "net/rule.h"
#include "path/trace.h"

/* inbound */
void why_eth(
    const struct path *path, const struct packet *pkt, struct path_why *why);
/* The headers; also of ip_out. */
void why_ip(
    const struct path *path, const struct packet *pkt, struct path_why *why);
void why_rcv_finish(
    const struct path *path, const struct packet *pkt, struct path_why *why);

/* hooks; why_hook: of a stage that asks one beside its own work */
void why_hook(const struct path *path, enum hook hook, const struct packet *pkt,
    struct path_why *why);
void why_prerouting(
    const struct path *path, const struct packet *pkt, struct path_why *why);
void why_input(
    const struct path *path, const struct packet *pkt, struct path_why *why);
void why_output(
    const struct path *path, const struct packet *pkt, struct path_why *why);
void why_postrouting(
    const struct path *path, const struct packet *pkt, struct path_why *why);

/* forward */
void why_forward(
    const struct path *path, const struct packet *pkt, struct path_why *why);

/* outbound */
void why_route(
    const struct path *path, const struct packet *pkt, struct path_why *why);
/* Of forward, too, when that is the reason. */
void why_mtu(
    const struct path *path, const struct packet *pkt, struct path_why *why);
void why_neigh(
    const struct path *path, const struct packet *pkt, struct path_why *why);
void why_encap(
    const struct path *path, const struct packet *pkt, struct path_why *why);

/* tap: ip_out */
void why_frame_out(
    const struct path *path, const struct packet *pkt, struct path_why *why);
/* tap: bridge, and route */
void why_switch(
    const struct path *path, const struct packet *pkt, struct path_why *why);

/* ---- of vpnd's own sockets ---- */
void why_udp_rcv(
    const struct path *path, const struct packet *pkt, struct path_why *why);
void why_lookup(
    const struct path *path, const struct packet *pkt, struct path_why *why);
void why_sock_queue(
    const struct path *path, const struct packet *pkt, struct path_why *why);

#endif
