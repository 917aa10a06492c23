/* SPDX-License-Identifier: ISC */
/* The nearest of several names; optimal string alignment, three rows. */
#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

struct rows {
	size_t before[NEAREST_BYTES], last[NEAREST_BYTES], this[NEAREST_BYTES];
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool is_swapped(const char *a, const char *b, size_t i, size_t j)
{
	return i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
}

/* Fills the row of a[i]; column j + 1 stands for b[0..j]. */
static void fill_row(
    struct rows *rows, const char *a, size_t i, const char *b, size_t len)
{
	rows->this[0] = i + 1;
	for (size_t j = 0; j < len; j++) {
		size_t replaced = rows->last[j] + (a[i] != b[j]);
		size_t moved = least(rows->last[j + 1], rows->this[j]) + 1;

		rows->this[j + 1] = least(replaced, moved);
		if (is_swapped(a, b, i, j))
			rows->this[j + 1] =
			    least(rows->this[j + 1], rows -> before[j - 1] + 1);
	}
}

size_t nearest_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	struct rows rows = {0};

	if (a_len >= NEAREST_BYTES || b_len >= NEAREST_BYTES)
		return NEAREST_BYTES;
	for (size_t j = 0; j <= b_len; j++)
		rows.last[j] = j;
	for (size_t i = 0; i < a_len; i++) {
		fill_row(&rows, a, i, b, b_len);
		memcpy(rows.before, rows.last, sizeof(rows.last));
		memcpy(rows.last, rows.this, sizeof(rows.last));
	}
	return rows.last[b_len];
}

const char *nearest_find(
    const char *word, nearest_name_fn *name, const void *context, size_t count)
{
	size_t limit = strlen(word) / 3, best_distance = NEAREST_BYTES;
	const char *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *candidate = name(context, i);
		size_t distance;

		if (!candidate)
			continue;
		distance = nearest_distance(word, candidate);
		if (distance < best_distance) {
			best = candidate;
			best_distance = distance;
		}
	}
	return best_distance <= (limit ? limit : 1) ? best : NULL;
}
