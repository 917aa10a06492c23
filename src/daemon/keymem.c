/* SPDX-License-Identifier: ISC */
/* The one place where keys live: memory that is never swapped nor dumped. */
#include "daemon/keymem.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/sanitized.h"

#define CHUNK_BYTES	((size_t)256 * 1024)
#define STEP_BYTES	16   /* keeps the alignment of malloc */
#define FINE_BYTES	4096 /* up to here a class is a step wide */
#define FINE_CLASSES	(FINE_BYTES / STEP_BYTES)
#define DOUBLED_CLASSES 5 /* 8, 16, 32, 64 and 128 KiB */
#define CLASSES		(FINE_CLASSES + DOUBLED_CLASSES)

/* A released piece, all zero but for this. */
struct piece {
	struct piece *next;
};

/* The arena is one for the process, as OpenSSL's hooks know no context; its
 * lock is for what OpenSSL allocates in two threads at once. */
static struct {
	pthread_mutex_t lock;
	struct piece *released[CLASSES];
	uint8_t *at; /* in the newest chunk */
	size_t left;
	size_t locked_bytes;
} arena = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *map_locked(size_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	if (mlock(at, len) || madvise(at, len, MADV_DONTDUMP)) {
		munmap(at, len);
		return NULL;
	}
	arena.locked_bytes += len;
	return at;
}

/* CLASSES and more: too large for a chunk. */
static unsigned class_of(size_t len)
{
	unsigned class = FINE_CLASSES;

	if (len <= FINE_BYTES)
		return len ? (unsigned)((len - 1) / STEP_BYTES) : 0;
	while (((size_t)FINE_BYTES * 2 << (class - FINE_CLASSES)) < len)
		class ++;
	return class;
}

static size_t bytes_of(unsigned class)
{
	return class < FINE_CLASSES
		   ? (class + (size_t)1) * STEP_BYTES
		   : (size_t)FINE_BYTES * 2 << (class - FINE_CLASSES);
}

static void *carve(size_t len)
{
	uint8_t *at = arena.at;

	if (arena.left < len) {
		at = map_locked(CHUNK_BYTES);
		if (!at)
			return NULL;
		arena.left = CHUNK_BYTES;
	}
	arena.at = at + len;
	arena.left -= len;
	return at;
}

static size_t page_round(size_t len)
{
	return (len + 4095) & ~(size_t)4095;
}

/* In the lock. */
static void *take(size_t len)
{
	unsigned class = class_of(len);
	struct piece *piece;

	if (class >= CLASSES)
		return map_locked(page_round(len));
	piece = arena.released[class];
	if (!piece)
		return carve(bytes_of(class));
	arena.released[class] = piece->next;
	piece->next = NULL;
	return piece;
}

static void *arena_alloc(void *context, size_t len)
{
	void *at;

	(void)context;
	if (len > SIZE_MAX / 2)
		return NULL;
	pthread_mutex_lock(&arena.lock);
	at = take(len);
	pthread_mutex_unlock(&arena.lock);
	return at;
}

/* In the lock. */
static void put_back(void *at, size_t len)
{
	unsigned class = class_of(len);
	struct piece *piece = at;

	if (class >= CLASSES) {
		munmap(at, page_round(len));
		arena.locked_bytes -= page_round(len);
		return;
	}
	piece->next = arena.released[class];
	arena.released[class] = piece;
}

static void arena_release(void *context, void *at, size_t len)
{
	(void)context;
	if (!at)
		return;
	sodium_memzero(at, len);
	pthread_mutex_lock(&arena.lock);
	put_back(at, len);
	pthread_mutex_unlock(&arena.lock);
}

const struct memory keymem = {.alloc = arena_alloc, .release = arena_release};

size_t keymem_bytes(void)
{
	size_t bytes;

	pthread_mutex_lock(&arena.lock);
	bytes = arena.locked_bytes;
	pthread_mutex_unlock(&arena.lock);
	return bytes;
}

/* ---- OpenSSL's allocator: pieces that know their length ---- */

#define HEADER_BYTES STEP_BYTES

static void *openssl_alloc(size_t len, const char *file, int line)
{
	uint8_t *at;

	(void)file;
	(void)line;
	if (!len || len > SIZE_MAX / 2)
		return NULL;
	at = arena_alloc(NULL, len + HEADER_BYTES);
	if (!at)
		return NULL;
	memcpy(at, &len, sizeof(len));
	return at + HEADER_BYTES;
}

static size_t openssl_len(const void *at)
{
	size_t len;

	memcpy(&len, (const uint8_t *)at - HEADER_BYTES, sizeof(len));
	return len;
}

static void openssl_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	if (at)
		arena_release(NULL, (uint8_t *)at - HEADER_BYTES,
		    openssl_len(at) + HEADER_BYTES);
}

static void *openssl_realloc(void *at, size_t len, const char *file, int line)
{
	void *moved = openssl_alloc(len, file, line);
	size_t old = at ? openssl_len(at) : 0;

	if (moved && at)
		memcpy(moved, at, old < len ? old : len);
	if (moved || !len)
		openssl_free(at, file, line);
	return moved;
}

/* ---- start ---- */

/* "VmLck: 256 kB": that the lock is more than a promise. True, too, where the
 * file is not to be seen. */
static bool is_really_locked(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long kib = 0;
	bool has_line = false;
	char line[256];

	while (status && !has_line && fgets(line, sizeof(line), status))
		has_line = sscanf(line, "VmLck: %lu kB", &kib) == 1;
	if (status)
		fclose(status);
	return !has_line || kib * 1024 >= arena.locked_bytes;
}

/* Thousands of peers have more keys than most limits allow; who may, lifts it
 * while there is the power to. */
static void lift_limit(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit;

	if (!setrlimit(RLIMIT_MEMLOCK, &all) ||
	    getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

static int forbid_dumps(void)
{
	static const struct rlimit none;

	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	return 0;
}

int keymem_init(char *error, size_t room)
{
	lift_limit();
	arena.at = map_locked(CHUNK_BYTES);
	if (!arena.at || (!IS_SANITIZED && !is_really_locked())) {
		snprintf(error, room,
		    "memory for keys can not be locked: raise the limit "
		    "(LimitMEMLOCK=256M in the unit, or ulimit -l)");
		return -ENOMEM;
	}
	arena.left = CHUNK_BYTES;
	if (forbid_dumps()) {
		snprintf(error, room, "core dumps can not be forbidden");
		return -EPERM;
	}
	if (!CRYPTO_set_mem_functions(
		openssl_alloc, openssl_realloc, openssl_free) ||
	    !OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL)) {
		snprintf(
		    error, room, "OpenSSL does not take its memory from vpnd");
		return -ENOTSUP;
	}
	return 0;
}
