/* SPDX-License-Identifier: ISC */
/* sockets inside the tunnel: any packets, in any history. */
#include "socket_story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	socket_story_tell(data, len);
	return 0;
}
