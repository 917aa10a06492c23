/* SPDX-License-Identifier: ISC */
/* The kernel's counters: /proc/net/snmp, netstat and snmp6. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "receive_kernel.h"

#define COUNTERS 1024

static struct counter {
	char name[48];
	uint64_t value;
} counters[COUNTERS];
static size_t count;

static struct counter *find(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(counters[i].name, name))
			return &counters[i];
	if (count == COUNTERS)
		abort();
	snprintf(counters[count].name, sizeof(counters[0].name), "%s", name);
	return &counters[count++];
}

/* About packets that came in, and not about how many bytes they had. */
static bool is_told(const char *name)
{
	return !strstr(name, "Octets") && !strstr(name, "CTPkts") &&
	       !strstr(name, "ECT1Pkts") && !strstr(name, "CEPkts") &&
	       !strstr(name, "Out") && !strstr(name, "InReceives") &&
	       !strstr(name, "InMsgs") && !strstr(name, "InType");
}

static void note(const char *name, uint64_t value, char *text)
{
	struct counter *counter = find(name);
	size_t len = strlen(text);

	if (value != counter->value && is_told(name))
		snprintf(text + len, KERNEL_COUNTERS_TEXT - len,
		    "%s%s+%" PRIu64, len ? " " : "", name,
		    value - counter->value);
	counter->value = value;
}

/* A line of names, a line of values, both after the same first word. */
static void read_pairs(const char *path, char *text)
{
	char names[8192], values[8192], name[96];
	FILE *file = fopen(path, "re");

	while (file && fgets(names, sizeof(names), file) &&
	       fgets(values, sizeof(values), file)) {
		char *names_at, *values_at;
		const char *group = strtok_r(names, ": \n", &names_at);
		const char *one, *value;

		strtok_r(values, ": \n", &values_at);
		while ((one = strtok_r(NULL, " \n", &names_at)) &&
		       (value = strtok_r(NULL, " \n", &values_at))) {
			snprintf(name, sizeof(name), "%s%s%s", group,
			    strstr(group, "Ext") ? ":" : "", one);
			note(name, strtoull(value, NULL, 10), text);
		}
	}
	if (file)
		fclose(file);
}

static void read_lines(const char *path, char *text)
{
	char line[256], *at;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file)) {
		const char *name = strtok_r(line, " \t\n", &at);
		const char *value = strtok_r(NULL, " \t\n", &at);

		if (name && value)
			note(name, strtoull(value, NULL, 10), text);
	}
	if (file)
		fclose(file);
}

void kernel_counters(char text[KERNEL_COUNTERS_TEXT])
{
	text[0] = '\0';
	read_pairs("/proc/net/snmp", text);
	read_pairs("/proc/net/netstat", text);
	read_lines("/proc/net/snmp6", text);
}
