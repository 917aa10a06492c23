/* SPDX-License-Identifier: ISC */
/*
 * What this room has of Intel's libipsec-mb, made once.
 *
 * `manager` is static storage, as what libcrypto.c fetches: it is written by
 * the first call only, at start.
 */
#include "protocol/ipsecmb.h"

#include <stddef.h>

static IMB_MGR *manager;

IMB_MGR *ipsecmb_get(void)
{
	IMB_MGR *made;

	if (manager)
		return manager;
	made = alloc_mb_mgr(0);
	if (!made)
		return NULL;
	init_mb_mgr_auto(made, NULL);
	if (imb_get_errno(made)) {
		free_mb_mgr(made);
		return NULL;
	}
	manager = made;
	return manager;
}
