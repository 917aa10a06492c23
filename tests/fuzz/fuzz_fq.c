/* SPDX-License-Identifier: ISC */
/* F29: whatever comes, goes and is taken out of the fair queue: all are
 * accounted for, a flow's order stays, and no more wait than may. */
#include <assert.h>
#include <stdlib.h>

#include "net/fq.h"

#define PACKETS 512
#define FLOWS	4
#define PEERS	3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct pool *pool;
static size_t waiting, charge_max;

static void leave(struct packet *pkt)
{
	waiting--;
	pool_put(pool, pkt);
}

static void put(struct fq *fq, uint8_t how, uint8_t size, struct instant now,
    struct fq_news *news)
{
	static uint64_t number;
	struct packet *pkt = pool_get(pool);

	if (!pkt)
		return;
	pkt->flow_hash = how;
	pkt->to_id = how / FLOWS % PEERS;
	pkt->len = size * 8;
	pkt->counter = ++number;
	waiting++;
	fq_put(fq, pkt, now, news);
}

static void take(struct fq *fq, struct instant now, struct fq_news *news,
    uint64_t last[FLOWS])
{
	struct packet *pkt = fq_take(fq, now, news);
	uint64_t *before;

	assert(pkt || fq_is_empty(fq));
	if (!pkt)
		return;
	before = &last[pkt->flow_hash % FLOWS];
	assert(pkt->counter > *before);
	*before = pkt->counter;
	leave(pkt);
}

static void take_out(struct fq *fq, uint32_t peer)
{
	struct packet_list list = {0};
	struct packet *pkt;

	fq_take_out(fq, peer, &list);
	while ((pkt = packet_list_pop(&list))) {
		assert(pkt->to_id == peer);
		leave(pkt);
	}
}

static void check(struct fq *fq, struct fq_news *news)
{
	while (news->dropped.first)
		leave(packet_list_pop(&news->dropped));
	assert(pool_available(pool) == PACKETS - waiting);
	assert(fq_is_empty(fq) == (waiting == 0));
	assert(waiting <= 1 || waiting * FQ_CHARGE_MIN <= charge_max);
	assert(fq_bytes(fq) <= charge_max || waiting == 1);
}

/* An operation u8, its number u8: a size, a time or a peer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fq_news news = {.marked = 0};
	struct instant now = {NS_PER_S};
	uint64_t last[FLOWS] = {0};
	struct packet *pkt;
	struct fq *fq;

	if ((!pool && pool_new(&pool, PACKETS, 2048)) || fq_new(&fq, FLOWS))
		abort();
	charge_max = len ? (size_t)data[0] * 256 : 0;
	fq_set_limits(fq, charge_max, 0);
	for (size_t i = 1; i + 1 < len; i += 2) {
		if (data[i] < 128)
			put(fq, data[i], data[i + 1], now, &news);
		else if (data[i] < 224)
			take(fq, now, &news, last);
		else if (data[i] < 240)
			now = instant_after(now, data[i + 1] * NS_PER_MS);
		else if (data[i] < 248)
			take_out(fq, data[i + 1] % PEERS);
		else
			fq_drop_one(fq, &news);
		check(fq, &news);
	}
	while ((pkt = fq_give_up(fq)))
		leave(pkt);
	check(fq, &news);
	fq_free(fq);
	return 0;
}
