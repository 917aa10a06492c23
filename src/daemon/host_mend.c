/* SPDX-License-Identifier: ISC */
/* Looks at the host for what is ours, and puts back what is gone: mend.h. */
#include <errno.h>
#include <string.h>

#include "daemon/host_state.h"
#include "daemon/mend.h"

struct look {
	struct change_list found;
	uint32_t ifindex;
	int code; /* of the first that could not be noted */
};

static void note(struct look *look, int code)
{
	if (!look->code)
		look->code = code;
}

static void found_address(void *context, const struct prefix *address)
{
	struct look *look = context;

	note(look, mend_found_address(&look->found, look->ifindex, address));
}

static void found_route(void *context, const struct netlink_route *route)
{
	struct look *look = context;

	note(look, mend_found_route(&look->found, route));
}

static void found_rule(void *context, const struct netlink_rule *rule)
{
	struct look *look = context;

	note(look, mend_found_rule(&look->found, rule));
}

/* A host without IPv6 has no such table, and we have no rule in it. */
static void look_at_rules(struct host *host, struct look *look)
{
	for (unsigned i = 0; i < 2; i++)
		if (host->has_default[i])
			note(look, netlink_list_rules(host->netlink,
				       i ? FAMILY_IPV6 : FAMILY_IPV4,
				       found_rule, look));
}

static int look_at_host(struct host *host, struct look *look)
{
	look->ifindex = host->ifindex;
	note(look, netlink_list_addresses(
		       host->netlink, host->ifindex, found_address, look));
	note(look, netlink_list_routes(
		       host->netlink, host->ifindex, found_route, look));
	look_at_rules(host, look);
	return look->code;
}

/* ---- what was done, for the log ---- */

enum outcome {
	RESTORED,
	REMOVED_AGAIN,
	REPLACED,
	REFUSED,
	OUTCOMES,
};

static const char *const sentences[OUTCOMES] = {
    [RESTORED] = "others removed what is ours; restored",
    [REMOVED_AGAIN] = "removed again within 60 s, so it is left alone until "
		      "\"vpnctl reload\"",
    [REPLACED] = "another route took the place of ours; it is left alone (to "
		 "have ours back, remove it, then \"vpnctl reload\")",
    [REFUSED] = "removed, and the kernel refuses to have it back; left alone "
		"until \"vpnctl reload\"",
};

struct report {
	struct mend_text texts[OUTCOMES];
};

static void tell(struct host *host, const char *device, struct report *report)
{
	for (size_t i = 0; i < OUTCOMES; i++)
		if (report->texts[i].count)
			log_warning(host->log, "device %s: %s: %s", device,
			    sentences[i], mend_text_end(&report->texts[i]));
}

static void leave(
    struct change *change, struct report *report, enum outcome outcome)
{
	change->is_left = true;
	mend_text_add(&report->texts[outcome], change);
}

static void put_back(struct host *host, struct change *change,
    struct report *report, struct instant now)
{
	int code = change_apply(host->netlink, change);

	switch (code) {
	case 0:
		mend_note(change, now);
		mend_text_add(&report->texts[RESTORED], change);
		break;
	case -EEXIST: /* what is no route is there after all */
		if (change->kind == CHANGE_ROUTE)
			leave(change, report, REPLACED);
		break;
	case -ENETDOWN: /* news of that will come */
	case -ENODEV:
		break;
	default:
		leave(change, report, REFUSED);
	}
}

static void mend_all(struct host *host, const struct change_list *found,
    struct report *report, struct instant now)
{
	for (size_t i = 0; i < host->applied.count; i++) {
		struct change *change = &host->applied.changes[i];

		switch (mend_judge(change, found, now)) {
		case MEND_PUT_BACK:
			put_back(host, change, report, now);
			break;
		case MEND_LEAVE:
			leave(change, report, REMOVED_AGAIN);
			break;
		case MEND_NOTHING:
			break;
		}
	}
}

void host_mend(struct host *host, const char *device, struct instant now)
{
	struct report report = {0};
	struct netlink_link link;
	struct look look = {0};

	/* A device that is down has no routes; they come back with it. */
	if (netlink_find_index(host->netlink, host->ifindex, &link) ||
	    !link.is_up)
		return;
	if (look_at_host(host, &look) == 0)
		mend_all(host, &look.found, &report, now);
	change_list_clear(&look.found);
	tell(host, device, &report);
}

bool host_is_concerned(const struct host *host, const struct watch_news *news)
{
	return mend_concerns(&host->applied, host->ifindex, news);
}

static bool is_not_left(const struct change *change, const void *context)
{
	(void)context;
	return !change->is_left;
}

void host_forgive(struct host *host)
{
	change_list_filter(&host->applied, is_not_left, NULL);
}
