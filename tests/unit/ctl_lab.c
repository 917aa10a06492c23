/* SPDX-License-Identifier: ISC */
/* A place to try vpnctl in. */
#include "ctl_lab.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/commands.h"
#include "unit.h"

#define WORDS_MAX      32
#define ATTACHED_BYTES (16 << 20) /* to a request */

void lab_open(struct lab *lab)
{
	*lab = (struct lab){.dir = "/tmp/vpnctl.XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(lab->dir));
}

void lab_close(struct lab *lab)
{
	char command[128];

	for (size_t i = 0; i < lab->daemons_count; i++) {
		kill(lab->daemons[i], SIGKILL);
		waitpid(lab->daemons[i], NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -rf -- '%s'", lab->dir);
	ck_assert_int_eq(system(command), 0);
	free(lab->out);
	free(lab->err);
}

/* ---- the daemon's process ---- */

static void send_frame(int fd, const struct control_header *header,
    const void *head, size_t head_len, const char *text)
{
	uint8_t bytes[CONTROL_HEADER_BYTES];

	control_header_write(bytes, header);
	send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
	send(fd, head, head_len, MSG_NOSIGNAL);
	send(fd, text, header->length - head_len, MSG_NOSIGNAL);
}

static void send_answer(int fd, const struct lab_answer *answer)
{
	struct control_header header = {.version = CONTROL_VERSION};
	const char *message = answer->message ? answer->message : "";
	uint8_t code[4] = {(uint8_t)answer->exit, (uint8_t)(answer->exit >> 8)};

	if (answer->version)
		header.version = answer->version;
	if (answer->raw) {
		send(fd, answer->raw, answer->raw_len, MSG_NOSIGNAL);
		return;
	}
	if (answer->part) {
		header.kind = CONTROL_PART;
		header.length = answer->part_len
				    ? (uint32_t)answer->part_len
				    : (uint32_t)strlen(answer->part);
		send_frame(fd, &header, NULL, 0, answer->part);
	}
	header.kind = CONTROL_END;
	header.length = (uint32_t)(sizeof(code) + strlen(message));
	send_frame(fd, &header, code, sizeof(code), message);
}

static int receive_frame(int fd, struct control_header *ret, char *body)
{
	uint8_t bytes[CONTROL_HEADER_BYTES];

	if (recv(fd, bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes) ||
	    control_header_read(ret, bytes) < 0 ||
	    recv(fd, body, ret->length, MSG_WAITALL) != (ssize_t)ret->length)
		return -1;
	return 0;
}

static int serve_request(int fd, lab_answer_fn *answer)
{
	static char body[CONTROL_REQUEST_BYTES], attached[ATTACHED_BYTES];
	struct control_header header;
	struct control_request request;
	struct lab_answer reply = {0};
	size_t len = 0;

	do {
		if (receive_frame(fd, &header, body))
			return -1;
		if (header.kind != CONTROL_PART)
			continue;
		ck_assert_uint_lt(len + header.length, sizeof(attached));
		memcpy(attached + len, body, header.length);
		len += header.length;
	} while (header.kind == CONTROL_PART);
	if (control_request_parse(&request, body, header.length) < 0)
		return -1;
	request.attached = len ? attached : NULL;
	request.attached_len = len;
	answer(&request, &reply);
	send_answer(fd, &reply);
	return reply.raw ? -1 : 0;
}

static void serve(int listener, lab_answer_fn *answer)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		while (serve_request(fd, answer) == 0)
			continue;
		close(fd);
	}
}

/* ---- the test's process ---- */

static int listen_at(struct lab *lab, const char *tunnel, const char *file)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(
	    name.sun_path, sizeof(name.sun_path), "%s/%s", lab->dir, tunnel);
	mkdir(name.sun_path, 0700);
	snprintf(name.sun_path, sizeof(name.sun_path), "%.40s/%.20s/%.20s",
	    lab->dir, tunnel, file);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

void lab_start(struct lab *lab, const char *tunnel, const char *file,
    lab_answer_fn *answer)
{
	int fd = listen_at(lab, tunnel, file);
	pid_t pid;

	ck_assert_int_eq(listen(fd, 8), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		serve(fd, answer);
	close(fd);
	lab->daemons[lab->daemons_count++] = pid;
}

void lab_leave_socket(struct lab *lab, const char *tunnel, const char *file)
{
	close(listen_at(lab, tunnel, file));
}

static int split(char *text, char **words)
{
	int count = 0;
	char *word;

	words[count++] = (char *)"vpnctl";
	while ((word = strsep(&text, " ")))
		if (*word)
			words[count++] = word;
	words[count] = NULL;
	return count;
}

int lab_run_with(
    struct lab *lab, const char *words, const char *input, size_t len)
{
	char text[1024], *argv[WORDS_MAX + 1];
	size_t out_len, err_len;
	struct ctl ctl = {.run_dir = lab->dir};
	int argc;

	free(lab->out);
	free(lab->err);
	snprintf(text, sizeof(text), "%s", words);
	argc = split(text, argv);
	ctl.in = tmpfile();
	ck_assert_uint_eq(fwrite(input, 1, len, ctl.in), len);
	rewind(ctl.in);
	ctl.out = open_memstream(&lab->out, &out_len);
	ctl.err = open_memstream(&lab->err, &err_len);
	lab->exit = commands_run(&ctl, argc, argv);
	fclose(ctl.in);
	fclose(ctl.out);
	fclose(ctl.err);
	return lab->exit;
}

int lab_run(struct lab *lab, const char *words)
{
	return lab_run_with(lab, words, "", 0);
}
