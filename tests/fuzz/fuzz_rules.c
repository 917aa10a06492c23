/* SPDX-License-Identifier: ISC */
/* The filter's rules against an oracle that goes through them one by one. */
#include "../unit/rule_story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rule_story_count count = {0};

	rule_story_tell(data, len, &count);
	return 0;
}
