/* SPDX-License-Identifier: ISC */
/* F26: packets in one line, as vpnctl trace takes them; what was read is made,
 * and what was made is IP. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/print.h"
#include "packet/spec.h"

#define LARGEST 65600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void make(const struct packet_spec *spec, bool is_frame)
{
	char text[PACKET_TEXT_BYTES];
	struct spec_error error;
	struct pool *pool = NULL;
	struct packet *pkt;

	if (pool_new(&pool, 1, LARGEST))
		abort();
	pkt = pool_get(pool);
	if (!packet_spec_build(spec, is_frame, LARGEST, pkt, &error)) {
		if (is_frame && !spec->ethertype)
			assert(packet_parse_ethernet(pkt) == DROP_NONE);
		else if (!is_frame && spec->source.family == FAMILY_IPV4)
			assert(packet_parse_ip(pkt) == DROP_NONE);
		packet_print(pkt, text, sizeof(text));
	}
	pool_put(pool, pkt);
	pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *line = strndup((const char *)data, len);
	struct packet_spec spec;
	struct spec_error error;

	if (!packet_spec_parse(&spec, line, &error)) {
		make(&spec, false);
		make(&spec, true);
	} else {
		assert(error.column >= 1 && error.column <= strlen(line) + 1);
	}
	free(line);
	return 0;
}
