/* SPDX-License-Identifier: ISC */
/* What this room has of Intel's libipsec-mb, made once for each
 * thread. */
#ifndef PROTOCOL_IPSECMB_H
#define PROTOCOL_IPSECMB_H

#include <assert.h>
#include <string.h>

#include <intel-ipsec-mb.h>
#include <sodium.h>

#include "protocol/aead.h"

/* The manager, whose functions are the fastest ones that this processor has;
 * NULL: no memory, or the library can not use this processor. Its job queue is
 * scratch space of the thread that seals and opens. */
IMB_MGR *ipsecmb_get(void);
/* Makes the calling thread's; false: no memory. Where the library can not use
 * the processor there is nothing to make. */
must_check bool ipsecmb_begin_thread(void);
/* Frees it. */
void ipsecmb_end_thread(void);

static_assert(AEAD_TAG_BYTES == crypto_verify_16_BYTES, "the same");

/* Decrypting comes before knowing: what is forged does not stay. */
static inline void ipsecmb_judge(struct aead_job *job,
    const uint8_t tag[AEAD_TAG_BYTES], const uint8_t wanted[AEAD_TAG_BYTES])
{
	job->is_authentic = crypto_verify_16(tag, wanted) == 0;
	if (!job->is_authentic)
		memset(job->dst, 0, job->len - AEAD_TAG_BYTES);
}

#endif
