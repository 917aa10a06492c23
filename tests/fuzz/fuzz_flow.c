/* SPDX-License-Identifier: ISC */
/* F24: the flow table against a list that is walked. */
#include "../unit/flow_story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct flow_story_count count = {0};

	flow_story_tell(data, len, &count);
	return 0;
}
