/* SPDX-License-Identifier: ISC */
/* The path's lab with lab.captures. */
#include "capture_lab.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "unit.h"

struct capture_lab lab;

static const char *name_peer(void *context, const struct path_sight *sight)
{
	ck_assert_ptr_eq(context, &lab.captures);
	lab.peers_asked++;
	if (!sight->pkt->peer)
		return "";
	return sight->pkt->peer == &tunnel.peers[0] ? "bob" : "eve";
}

static void show(void *context, const struct path_sight *sight)
{
	(void)context;
	captures_show(&lab.captures, sight);
}

void capture_lab_begin(void)
{
	watching = show;
	setup();
	now.wall_s = CAPTURE_LAB_WALL_S;
	now.wall_ns = 5;
	lab.peers_asked = 0;
	lab.capture = NULL;
	lab.captures = (struct captures){.path = path,
	    .own_port = 51820,
	    .peer_name = name_peer,
	    .context = &lab.captures};
}

void capture_lab_end(void)
{
	captures_clear(&lab.captures);
	teardown();
}

struct bpf_instruction *longer_than(uint32_t bytes)
{
	const struct bpf_instruction program[] = {{0x80, 0, 0, 0},
	    {0x25, 0, 1, bytes}, {6, 0, 0, UINT32_MAX}, {6, 0, 0, 0}};
	struct bpf_instruction *copy = malloc(sizeof(program));
	struct bpf_fault fault;

	ck_assert(bpf_check(program, ARRAY_SIZE(program), &fault));
	return memcpy(copy, program, sizeof(program));
}

void look(struct capture_want want)
{
	if (!want.snap_bytes)
		want.snap_bytes = CAPTURE_SNAP_MAX;
	ck_assert_int_eq(captures_begin(&lab.captures, &lab.capture, &want), 0);
}

void take(void)
{
	struct cursor c = cursor_of(
	    lab.part, capture_take(lab.capture, lab.part, sizeof(lab.part)));

	lab.count = 0;
	while (capture_record_read(&lab.records[lab.count], &c) == 1)
		ck_assert_uint_lt(lab.count++, CAPTURE_LAB_RECORDS - 1);
	ck_assert_uint_eq(c.left, 0);
}

void take_first(void)
{
	take();
	ck_assert_uint_ge(lab.count, 1);
	ck_assert_int_eq(lab.records[0].kind, CAPTURE_BEGIN);
	memmove(
	    lab.records, lab.records + 1, --lab.count * sizeof(*lab.records));
}

void release(void)
{
	pool_put_list(pool, path_to_wire(path));
	pool_put_list(pool, path_to_device(path));
}
