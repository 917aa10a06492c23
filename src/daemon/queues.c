/* SPDX-License-Identifier: ISC */
/* The device's queues, one of which may be flooded. */
#include "daemon/queues.h"

#include "packet/ip.h"

/* So long after a full batch a queue counts as flooded. */
#define FLOODED_NS (200 * NS_PER_MS)

/* So long after a batch with so many segments TCP is carried in bulk: there are
 * some turns in between, and acknowledgements alone are fewer. */
#define BULK_NS	      (5 * NS_PER_MS)
#define BULK_SEGMENTS 16

/* What is read is still in the cache when it is sealed. */
static const struct queues_budget whole = {PACKET_BATCH, 256 * 1024};
/* With 8 packets a turn, both have about half of what they have alone. */
static const struct queues_budget little = {8, 64 * 1024};

/* What the kernel does not tell apart by ports is in the first queue. */
static size_t home_of(const struct queues *queues, const struct packet *pkt)
{
	bool has_ports = pkt->l4_protocol == IP_PROTOCOL_TCP ||
			 pkt->l4_protocol == IP_PROTOCOL_UDP;

	if (pkt->is_fragment || !has_ports)
		return 0;
	return 1 + pkt->flow_hash % (queues->count - 1);
}

static bool is_flooded(
    const struct queues *queues, size_t queue, struct instant now)
{
	return atomic_load_explicit(&queues->flooded_until_ns[queue],
		   memory_order_relaxed) > now.ns;
}

void queues_note_flood(struct queues *queues, size_t queue, struct instant now)
{
	atomic_store_explicit(&queues->flooded_until_ns[queue],
	    instant_after(now, FLOODED_NS).ns, memory_order_relaxed);
}

/* UDP stays: what floods would flee from itself. */
size_t queues_of(
    const struct queues *queues, const struct packet *pkt, struct instant now)
{
	size_t count = queues->count, home;

	if (count < 2)
		return 0;
	home = home_of(queues, pkt);
	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		return home;
	for (size_t i = 0; i < count; i++)
		if (!is_flooded(queues, (home + i) % count, now))
			return (home + i) % count;
	return home;
}

void queues_note_tcp(
    struct queues *queues, uint64_t segments, struct instant now)
{
	if (segments >= BULK_SEGMENTS)
		atomic_store_explicit(&queues->bulk_until_ns,
		    instant_after(now, BULK_NS).ns, memory_order_relaxed);
}

static bool is_in_bulk(const struct queues *queues, struct instant now)
{
	return atomic_load_explicit(
		   &queues->bulk_until_ns, memory_order_relaxed) > now.ns;
}

/* The only one has TCP's own, too. */
struct queues_budget queues_budget(
    const struct queues *queues, size_t queue, struct instant now)
{
	if (queues->count > 1 && is_flooded(queues, queue, now) &&
	    is_in_bulk(queues, now))
		return little;
	return whole;
}
