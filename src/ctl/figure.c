/* SPDX-License-Identifier: ISC */
/* Numbers as people read them: ages, bytes, counts, round-trip times. */
#include "ctl/figure.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/attributes.h"
#include "base/instant.h"

static const struct age {
	uint64_t seconds, part;
	char unit, part_unit;
} ages[] = {
    {86400, 3600, 'd', 'h'},
    {3600, 60, 'h', 'm'},
    {60, 1, 'm', 's'},
};

struct figure figure_age(uint64_t seconds)
{
	struct figure figure;

	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		const struct age *age = &ages[i];

		if (seconds < age->seconds)
			continue;
		snprintf(figure.text, sizeof(figure.text),
		    "%" PRIu64 "%c%02" PRIu64 "%c", seconds / age->seconds,
		    age->unit, seconds % age->seconds / age->part,
		    age->part_unit);
		return figure;
	}
	snprintf(figure.text, sizeof(figure.text), "%" PRIu64 "s", seconds);
	return figure;
}

/* Three digits, however large the value is; `units` begins with the unit of
 * values below `step`. */
static struct figure scale(
    uint64_t value, double step, const char *const *units, size_t count)
{
	double scaled = (double)value;
	struct figure figure;
	size_t unit = 0;
	int digits;

	/* 999.5 would be written with four digits. */
	while (scaled >= 999.5 && unit + 1 < count) {
		scaled /= step;
		unit++;
	}
	digits = unit == 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
	snprintf(figure.text, sizeof(figure.text), "%.*f%s", digits, scaled,
	    units[unit]);
	return figure;
}

struct figure figure_bytes(uint64_t bytes)
{
	static const char *const units[] = {
	    " B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};

	return scale(bytes, 1024, units, ARRAY_SIZE(units));
}

struct figure figure_count(uint64_t count)
{
	static const char *const units[] = {
	    "", " k", " M", " G", " T", " P", " E"};
	struct figure figure;

	if (count >= 100000)
		return scale(count, 1000, units, ARRAY_SIZE(units));
	snprintf(figure.text, sizeof(figure.text), "%" PRIu64, count);
	return figure;
}

struct figure figure_milliseconds(uint64_t ns)
{
	struct figure figure;

	snprintf(figure.text, sizeof(figure.text), "%.3f ms",
	    (double)ns / (double)NS_PER_MS);
	return figure;
}
