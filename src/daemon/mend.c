/* SPDX-License-Identifier: ISC */
/* What somebody else took back of our changes: put it back, or leave it? */
#include "daemon/mend.h"

#include <stdio.h>
#include <string.h>

/* The end of a text: " and 123456 more". */
#define MORE_BYTES 32

void mend_clock_clear(struct mend_clock *clock)
{
	clock->first = clock->due = INSTANT_NEVER;
}

void mend_clock_push(struct mend_clock *clock, struct instant now)
{
	if (instant_is_never(clock->due))
		clock->first = now;
	clock->due = instant_earlier(instant_after(now, MEND_QUIET_NS),
	    instant_after(clock->first, MEND_LONGEST_NS));
}

/* ---- news ---- */

/* 0 is our name of the main table. */
static uint32_t our_number(uint32_t table)
{
	return table == CHANGE_TABLE_MAIN ? 0 : table;
}

/* The kernel tells the new route only, of whatever device it is. */
static bool is_place_of_ours(const struct change_list *applied,
    uint32_t ifindex, const struct netlink_route *route)
{
	struct change change = {.kind = CHANGE_ROUTE,
	    .ifindex = ifindex,
	    .number = our_number(route->table),
	    .prefix = route->to};

	if (change_list_find(applied, &change))
		return true;
	change.kind = CHANGE_CONNECTED;
	return change_list_find(applied, &change);
}

bool mend_concerns(const struct change_list *applied, uint32_t ifindex,
    const struct watch_news *news)
{
	bool is_ours = news->link.ifindex == ifindex;

	switch (news->kind) {
	case WATCH_LOST:
		return true;
	case WATCH_RULE:
		return news->is_gone;
	case WATCH_LINK:
		return is_ours;
	case WATCH_ADDRESS:
		return is_ours && news->is_gone;
	case WATCH_ROUTE:
		return news->has_replaced
			   ? is_place_of_ours(applied, ifindex, &news->route)
			   : is_ours && news->is_gone;
	default:
		return false;
	}
}

/* ---- what is there ---- */

int mend_found_address(
    struct change_list *found, uint32_t ifindex, const struct prefix *address)
{
	return change_list_add(found, &(struct change){.kind = CHANGE_ADDRESS,
					  .ifindex = ifindex,
					  .prefix = *address});
}

int mend_found_route(
    struct change_list *found, const struct netlink_route *route)
{
	return change_list_add(found, &(struct change){.kind = CHANGE_ROUTE,
					  .ifindex = route->ifindex,
					  .number = our_number(route->table),
					  .prefix = route->to});
}

int mend_found_rule(struct change_list *found, const struct netlink_rule *rule)
{
	return change_list_add(
	    found, &(struct change){.kind = CHANGE_RULE, .rule = *rule});
}

/* ---- the verdict ---- */

/* The kernel takes it away, and makes it again, with its address. */
static bool has_address(
    const struct change *connected, const struct change_list *found)
{
	struct change address = {.kind = CHANGE_ADDRESS,
	    .ifindex = connected->ifindex,
	    .prefix = {connected->source, connected->prefix.bits}};

	return change_list_find(found, &address);
}

static bool is_there(
    const struct change *change, const struct change_list *found)
{
	struct change route = *change;

	switch (change->kind) {
	case CHANGE_CONNECTED:
		route.kind = CHANGE_ROUTE;
		return !has_address(change, found) ||
		       change_list_find(found, &route);
	case CHANGE_ADDRESS:
	case CHANGE_ROUTE:
	case CHANGE_RULE:
		return change_list_find(found, change);
	default: /* what the administrator sets otherwise stays so */
		return true;
	}
}

enum mend mend_judge(const struct change *change,
    const struct change_list *found, struct instant now)
{
	if (change->is_left || is_there(change, found))
		return MEND_NOTHING;
	return instant_has_come(change->probation, now) ? MEND_PUT_BACK
							: MEND_LEAVE;
}

void mend_note(struct change *change, struct instant now)
{
	change->probation = instant_after(now, MEND_PROBATION_NS);
}

/* ---- text ---- */

void mend_text_add(struct mend_text *list, const struct change *change)
{
	char text[CHANGE_TEXT_BYTES];
	size_t room = sizeof(list->text) - MORE_BYTES;
	size_t len = strlen(change_format(change, text, sizeof(text)));

	if (list->written == list->count && list->len + len + 2 < room) {
		list->len += (size_t)snprintf(list->text + list->len,
		    room - list->len, "%s%s", list->count ? ", " : "", text);
		list->written++;
	}
	list->count++;
}

const char *mend_text_end(struct mend_text *list)
{
	if (list->written < list->count)
		snprintf(list->text + list->len, sizeof(list->text) - list->len,
		    " and %zu more", list->count - list->written);
	return list->text;
}
