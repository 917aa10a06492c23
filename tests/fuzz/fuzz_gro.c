/* SPDX-License-Identifier: ISC */
/* F28: whatever the kernel says that it has put together (UDP_GRO): each byte
 * comes out once, in order, and nothing is longer than its packet. */
#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/udp.h"

#define PACKETS 700 /* fewer than there may be */
#define LARGEST 1500
#define SLOTS	16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What one call of the kernel's brings. */
static struct slot {
	uint16_t len;
	int32_t segment;
	uint8_t has_segment, is_truncated;
} slots[SLOTS];
static size_t slots_count, taken;

static uint8_t byte_of(size_t slot, size_t at)
{
	return (uint8_t)(slot * 37 + at * 7 + at / 256);
}

static void fill(struct mmsghdr *message, size_t idx)
{
	const struct slot *slot = &slots[idx];
	struct msghdr *header = &message->msg_hdr;
	uint8_t *bytes = header->msg_iov->iov_base;
	struct cmsghdr *option = header->msg_control;

	assert(slot->len <= header->msg_iov->iov_len);
	for (size_t i = 0; i < slot->len; i++)
		bytes[i] = byte_of(idx, i);
	message->msg_len = slot->len;
	header->msg_flags = slot->is_truncated ? MSG_TRUNC : 0;
	memset(header->msg_name, 0, header->msg_namelen);
	header->msg_controllen = 0;
	if (!slot->has_segment)
		return;
	option->cmsg_level = SOL_UDP;
	option->cmsg_type = UDP_GRO;
	option->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(option), &slot->segment, sizeof(int));
	header->msg_controllen = CMSG_SPACE(sizeof(int));
}

/* The linker puts this before recvmmsg. */
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
    struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
    struct timespec *timeout)
{
	unsigned got = 0;

	(void)fd;
	(void)flags;
	(void)timeout;
	while (got < count && taken < slots_count)
		fill(&messages[got++], taken++);
	errno = EAGAIN;
	return got ? (int)got : -1;
}

static size_t size_of(const struct slot *slot)
{
	return slot->has_segment && slot->segment > 0 &&
		       slot->segment < slot->len
		   ? (size_t)slot->segment
		   : slot->len;
}

static void check(struct packet *pkt, size_t idx, size_t at)
{
	const struct slot *slot = &slots[idx];
	size_t left = slot->len - at, len = size_of(slot);

	if (len > left)
		len = left;
	packet_fetch(pkt);
	assert(pkt->is_truncated || pkt->len == len);
	assert(pkt->is_truncated >= slot->is_truncated && pkt->len <= len);
	assert(pkt->offset + pkt->len <= pkt->buffer_bytes);
	for (size_t i = 0; i < pkt->len; i++)
		assert(packet_data(pkt)[i] == byte_of(idx, at + i));
}

/* All of a slot in one packet. */
static void check_train(const struct packet *train, size_t idx)
{
	const struct slot *slot = &slots[idx];
	size_t size = size_of(slot);

	assert(train->len == slot->len && train->segment_bytes == size);
	assert(train->segments == (slot->len + size - 1) / size);
	assert(train->is_truncated == slot->is_truncated);
	assert(size <= LARGEST);
	for (size_t i = 0; i < train->len; i++)
		assert(train->away[i] == byte_of(idx, i));
	assert(!memcmp(packet_data(train), train->away, PACKET_PEEK_BYTES));
}

/* Of a slot's datagrams the one that begins there, or all; how far it goes. */
static size_t check_next(struct packet *pkt, size_t idx, size_t at)
{
	if (pkt && packet_is_received_train(pkt)) {
		assert(!at);
		check_train(pkt, idx);
		return pkt->len;
	}
	if (pkt)
		check(pkt, idx, at);
	return size_of(&slots[idx]);
}

/* The pool's end is that of the list, too. */
static void check_all(struct pool *pool, struct packet_list *list, size_t *lost)
{
	for (size_t idx = 0; idx < taken; idx++) {
		size_t at = 0;

		do {
			struct packet *pkt = packet_list_pop(list);

			at += check_next(pkt, idx, at);
			*lost -= !pkt;
			pool_put(pool, pkt);
		} while (at < slots[idx].len);
	}
}

static size_t count_all(const struct packet_list *list)
{
	size_t count = 0;

	for (const struct packet *pkt = list->first; pkt; pkt = pkt->next)
		count += pkt->segments;
	return count;
}

static void read_slots(const uint8_t *data, size_t len)
{
	taken = 0;
	for (slots_count = 0; slots_count < SLOTS && len >= 7; slots_count++) {
		struct slot *slot = &slots[slots_count];

		memcpy(&slot->len, data, 2);
		memcpy(&slot->segment, data + 2, 4);
		slot->has_segment = data[6] & 1;
		slot->is_truncated = data[6] >> 1 & 1;
		if (slot->len == UINT16_MAX)
			slot->len--;
		data += 7;
		len -= 7;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct pool *pool;
	static struct udp *udp;
	struct udp_setup setup = {.wants_gro = true};
	struct packet_list list = {0};
	struct udp_received received;
	char error[256];

	setup.listen.family = FAMILY_IPV4;
	if (!pool && pool_new(&pool, PACKETS, LARGEST))
		abort();
	setup.pool = pool;
	if (!udp && udp_open(&udp, &setup, error, sizeof(error)))
		abort();
	if (!udp_has_gro(udp))
		return 0;
	read_slots(data, len);
	udp_receive(udp, &list, &received);
	assert(received.count == count_all(&list));
	check_all(pool, &list, &received.lost);
	assert(!list.first && !received.lost);
	assert(pool_available(pool) == PACKETS);
	return 0;
}
