/* SPDX-License-Identifier: ISC */
/* Giving up what vpnd no longer needs: capabilities. */
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
