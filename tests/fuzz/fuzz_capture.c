/* SPDX-License-Identifier: ISC */
/* A capture's two ends: the program that vpnctl sends, and vpnd's records. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "api/capture.h"
#include "base/cursor.h"
#include "packet/bpf_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void run_text(const char *text, const struct bpf_packet *pkt)
{
	size_t count = bpf_text_count(text);
	struct bpf_instruction *program = calloc(count + 1, sizeof(*program));
	struct bpf_fault fault;

	bpf_text_read(program, text);
	if (bpf_check(program, count, &fault))
		(void)!bpf_run(program, pkt);
	free(program);
}

static void read_records(const uint8_t *data, size_t len)
{
	struct cursor part = cursor_of(data, len);
	struct capture_record record;

	while (capture_record_read(&record, &part) == 1)
		assert(record.bytes + record.captured == part.at &&
		       strlen(record.peer) + strlen(record.stage) < len);
}

/* A text, a NUL, and a packet or records. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t text_len = strnlen((const char *)data, len);
	char *text = strndup((const char *)data, text_len);
	struct bpf_packet pkt = {.bytes = data + text_len,
	    .len = (uint32_t)(len - text_len),
	    .wire_len = (uint32_t)(len - text_len)};

	run_text(text, &pkt);
	if (text_len < len)
		read_records(data + text_len + 1, len - text_len - 1);
	free(text);
	return 0;
}
