/* SPDX-License-Identifier: ISC */
/* F16: the switch and its forwarding table against a list that is walked. */
#include "../unit/switch_story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct story_count count = {0};

	story_tell(data, len, &count);
	return 0;
}
