/* SPDX-License-Identifier: ISC */
/* Replays files and directories of files through a fuzz target, without
 * libFuzzer; and each input once more cut in half. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FILE_BYTES (1 << 20)

static uint8_t bytes[FILE_BYTES];
static size_t replayed;

static void replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t len;

	if (!file) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, len);
	LLVMFuzzerTestOneInput(bytes, len / 2);
	replayed++;
}

static void replay(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	char child[4096];

	if (!dir) {
		replay_file(path);
		return;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		replay_file(child);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	LLVMFuzzerTestOneInput(bytes, 0);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%zu inputs\n", replayed);
	return EXIT_SUCCESS;
}
