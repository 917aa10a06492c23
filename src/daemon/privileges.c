/* SPDX-License-Identifier: ISC */
/* Giving up what vpnd and its helpers no longer need: capabilities. */
#include "daemon/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>

int privileges_drop(void)
{
	bool had_net_admin;

	if (capng_get_caps_process())
		return -EIO;
	had_net_admin = capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN);
	capng_clear(CAPNG_SELECT_ALL);
	if (had_net_admin &&
	    capng_update(
		CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN))
		return -EIO;
	/* The bounding set is out of reach without CAP_SETPCAP; with
	 * no_new_privs nothing could be gained from it either. */
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

/* Without CAP_SETPCAP the bounding set can not be emptied, and libcap-ng would
 * write so to the system's log each time. */
void privileges_drop_all(void)
{
	capng_select_t which = CAPNG_SELECT_CAPS;

	if (capng_get_caps_process() == 0 &&
	    capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		which = CAPNG_SELECT_BOTH;
	capng_clear(CAPNG_SELECT_BOTH);
	(void)capng_apply(which);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
