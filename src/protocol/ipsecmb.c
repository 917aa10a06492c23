/* SPDX-License-Identifier: ISC */
/*
 * What this room has of Intel's libipsec-mb, made once for each thread.
 *
 * `manager` is static storage, as what libcrypto.c fetches: it is written by
 * a thread's first call only, at its start.
 */
#include "protocol/ipsecmb.h"

#include <errno.h>
#include <stddef.h>

static _Thread_local IMB_MGR *manager;

/* 0, -ENOMEM, or -ENOTSUP: the library can not use this processor. */
static int make_manager(void)
{
	IMB_MGR *made = alloc_mb_mgr(0);

	if (!made)
		return -ENOMEM;
	init_mb_mgr_auto(made, NULL);
	if (imb_get_errno(made)) {
		free_mb_mgr(made);
		return -ENOTSUP;
	}
	manager = made;
	return 0;
}

IMB_MGR *ipsecmb_get(void)
{
	if (!manager)
		(void)make_manager();
	return manager;
}

bool ipsecmb_begin_thread(void)
{
	return manager || make_manager() != -ENOMEM;
}

void ipsecmb_end_thread(void)
{
	if (manager)
		free_mb_mgr(manager);
	manager = NULL;
}
