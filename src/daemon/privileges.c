/* SPDX-License-Identifier: ISC */
/* Giving up what vpnd and its helpers no longer need: capabilities. */
#include "daemon/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* The keys of peers that come later have to be locked, too. */
static bool is_locking_limited(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_MEMLOCK, &limit) ||
	       limit.rlim_cur != RLIM_INFINITY;
}

int privileges_drop(void)
{
	const unsigned wanted[] = {CAP_NET_ADMIN, CAP_IPC_LOCK};
	size_t count = is_locking_limited() ? 2 : 1;
	bool had[ARRAY_SIZE(wanted)];

	if (capng_get_caps_process())
		return -EIO;
	for (size_t i = 0; i < count; i++)
		had[i] = capng_have_capability(CAPNG_EFFECTIVE, wanted[i]);
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < count; i++)
		if (had[i] && capng_update(CAPNG_ADD,
				  CAPNG_EFFECTIVE | CAPNG_PERMITTED, wanted[i]))
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
