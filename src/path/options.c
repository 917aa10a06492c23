/* SPDX-License-Identifier: ISC */
/* The checks of options with their ICMP errors. */
#include "path/options.h"

#include "packet/ip.h"
#include "path/answer.h"
#include "path/run.h"

static void answer(struct path *path, const struct packet *pkt,
    const struct option_fault *fault)
{
	if (fault->offset && !path->setup.bridge)
		answer_error(path, pkt,
		    fault->is_unknown ? ICMP_UNKNOWN_OPTION : ICMP_BAD_HEADER,
		    fault->offset);
}

enum drop options_check_hop_by_hop(struct path *path, const struct packet *pkt)
{
	struct option_fault fault;
	enum drop reason = packet_check_hop_by_hop(pkt, &fault);

	if (reason)
		answer(path, pkt, &fault);
	return reason;
}

enum drop options_check(struct path *path, const struct packet *pkt)
{
	struct option_fault fault;
	enum drop reason = packet_check_options(pkt, &fault);

	if (reason)
		answer(path, pkt, &fault);
	return reason;
}
