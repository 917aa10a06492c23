/* SPDX-License-Identifier: ISC */
/* A frame of the control socket: its header, and a request behind it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_request(const char *body, size_t len)
{
	struct control_request request;
	size_t bytes;

	if (control_request_parse(&request, body, len))
		return;
	bytes = strlen(request.verb) + 1;
	for (size_t i = 0; i < request.arguments_count; i++) {
		assert(request.arguments[i] == body + bytes);
		bytes += strlen(request.arguments[i]) + 1;
	}
	assert(bytes == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t copy[CONTROL_HEADER_BYTES];
	struct control_header header;
	char *body;

	if (len < CONTROL_HEADER_BYTES)
		return 0;
	if (!control_header_read(&header, data)) {
		control_header_write(copy, &header);
		assert(!memcmp(copy, data, sizeof(copy)));
	}
	/* A block of its own, so that reading beyond it is seen. */
	len -= CONTROL_HEADER_BYTES;
	body = malloc(len ? len : 1);
	memcpy(body, data + CONTROL_HEADER_BYTES, len);
	check_request(body, len);
	free(body);
	return 0;
}
