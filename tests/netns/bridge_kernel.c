/* SPDX-License-Identifier: ISC */
/* The kernel's side of bridge_model: taps, commands, the trace. */
#include "bridge_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing"
#define SKBS	64 /* that one frame makes at most */

static struct {
	char prefix[IFNAMSIZ];
	int taps[KERNEL_PORTS], marker, pipe;
	char instance[128];
	/* what the trace says of the frame at hand */
	uint32_t number;
	char skbs[SKBS][32];
	size_t skbs_count;
	char *line; /* an unfinished one */
	size_t line_len;
} kernel;

static void die(const char *what)
{
	printf("bail %s: %s\n", what, strerror(errno));
	kernel_close();
	exit(1);
}

static bool __attribute__((format(printf, 1, 0)))
command(const char *format, va_list arguments)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, arguments);
	for (char *at; (at = strstr(text, "%P"));) {
		char rest[512];

		snprintf(rest, sizeof(rest), "%s", at + 2);
		snprintf(at, sizeof(text) - (size_t)(at - text), "%s%s",
		    kernel.prefix, rest);
	}
	fflush(stdout);
	return system(text) == 0;
}

bool kernel_try(const char *format, ...)
{
	va_list arguments;
	bool is_done;

	va_start(arguments, format);
	is_done = command(format, arguments);
	va_end(arguments);
	return is_done;
}

void kernel_run(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!command(format, arguments))
		die(format);
	va_end(arguments);
}

static int open_tap(int port)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%.12s%d",
	    kernel.prefix, port);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		die("tap");
	return fd;
}

static void put(const char *file, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", kernel.instance, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static int open_trace(const char *file, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", kernel.instance, file);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

static void start_trace(void)
{
	char filter[64];

	snprintf(kernel.instance, sizeof(kernel.instance),
	    TRACING "/instances/%.12s", kernel.prefix);
	if (mkdir(kernel.instance, 0700))
		die("trace instance");
	snprintf(filter, sizeof(filter), "common_pid == %d", (int)getpid());
	put("buffer_size_kb", "4096");
	put("events/skb/kfree_skb/filter", filter);
	put("events/net/netif_receive_skb/filter", filter);
	put("events/skb/kfree_skb/enable", "1");
	put("events/net/netif_receive_skb/enable", "1");
	kernel.marker = open_trace("trace_marker", O_WRONLY);
	kernel.pipe = open_trace("trace_pipe", O_RDONLY | O_NONBLOCK);
}

void kernel_open(const char *prefix)
{
	snprintf(kernel.prefix, sizeof(kernel.prefix), "%s", prefix);
	/* no frames of the kernel's own; without IPv6 there are none */
	kernel_try("sysctl -qw net.ipv6.conf.default.disable_ipv6=1"
		   " net.ipv6.conf.all.disable_ipv6=1 2>/dev/null");
	for (int i = 0; i < KERNEL_PORTS; i++)
		kernel.taps[i] = open_tap(i);
	kernel_run("ip link add %%Pb type bridge stp_state 0 "
		   "mcast_snooping 0 no_linklocal_learn 1 2>/dev/null || "
		   "ip link add %%Pb type bridge stp_state 0 mcast_snooping 0");
	for (int i = 0; i < KERNEL_PORTS; i++)
		kernel_run("ip link set %%P%d address 02:ff:00:00:00:0%d "
			   "master %%Pb up",
		    i, i);
	kernel_run("ip link set %%Pb up");
	start_trace();
}

void kernel_close(void)
{
	close(kernel.pipe);
	close(kernel.marker);
	if (kernel.instance[0])
		rmdir(kernel.instance);
}

/* Each frame has a number of its own; what else comes out is not meant. */
static bool came_out(int port, const uint8_t *frame, size_t len)
{
	uint8_t got[2048];
	ssize_t count;
	bool is_out = false;

	while ((count = read(kernel.taps[port], got, sizeof(got))) > 0)
		is_out |= (size_t)count == len && !memcmp(got, frame, len);
	return is_out;
}

int kernel_send(int port, uint32_t number, const uint8_t *frame, size_t len)
{
	char marker[32];
	int out = 0, count;

	count = snprintf(marker, sizeof(marker), "P%" PRIu32 "\n", number);
	if (write(kernel.marker, marker, (size_t)count) != count)
		die("trace_marker");
	if (write(kernel.taps[port], frame, len) < 0)
		return -errno;
	for (int i = 0; i < KERNEL_PORTS; i++)
		if (came_out(i, frame, len))
			out |= 1 << i;
	return out;
}

/* The word behind `key`, or NULL. */
static const char *word_of(
    const char *line, const char *key, char *word, size_t room)
{
	const char *at = strstr(line, key);
	size_t len;

	if (!at)
		return NULL;
	at += strlen(key);
	len = strcspn(at, " \n");
	snprintf(word, room, "%.*s", (int)len, at);
	return word;
}

static bool is_announced(const char *skb)
{
	for (size_t i = 0; i < kernel.skbs_count; i++)
		if (!strcmp(kernel.skbs[i], skb))
			return true;
	return false;
}

/* Functions of the bridge, and what takes the VLAN tag off before it. */
static bool is_of_bridge(const char *location)
{
	static const char *const places[] = {
	    "br_", "__br_", "maybe_deliver", "deliver_clone", "skb_vlan_untag"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!strncmp(location, places[i], strlen(places[i])))
			return true;
	return false;
}

static void announce(const char *line)
{
	char device[IFNAMSIZ];

	if (!word_of(line, "dev=", device, sizeof(device)) ||
	    strncmp(device, kernel.prefix, strlen(kernel.prefix)) != 0 ||
	    kernel.skbs_count == SKBS)
		return;
	if (word_of(line, "skbaddr=", kernel.skbs[kernel.skbs_count],
		sizeof(kernel.skbs[0])))
		kernel.skbs_count++;
}

static const char *dropped_reason(const char *line, char *reason, size_t room)
{
	char skb[32], location[128];

	if (!word_of(line, "skbaddr=", skb, sizeof(skb)) ||
	    !word_of(line, "location=", location, sizeof(location)))
		return NULL;
	return is_announced(skb) && is_of_bridge(location)
		   ? word_of(line, "reason: ", reason, room)
		   : NULL;
}

static void read_line(char *line,
    void (*dropped)(void *context, uint32_t number, const char *reason),
    void *context)
{
	char reason[KERNEL_REASON_BYTES];
	const char *mark = strstr(line, "tracing_mark_write: P");

	if (mark) {
		kernel.number = (uint32_t)strtoul(
		    mark + strlen("tracing_mark_write: P"), NULL, 10);
		kernel.skbs_count = 0;
	} else if (strstr(line, "netif_receive_skb: ")) {
		announce(line);
	} else if (strstr(line, "kfree_skb: ") &&
		   dropped_reason(line, reason, sizeof(reason))) {
		dropped(context, kernel.number, reason);
	}
}

void kernel_read_drops(
    void (*dropped)(void *context, uint32_t number, const char *reason),
    void *context)
{
	static char text[65536];
	size_t len = 0;
	ssize_t count;

	while ((count = read(kernel.pipe, text + len, sizeof(text) - 1 - len)) >
	       0) {
		char *line = text, *end;

		len += (size_t)count;
		text[len] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			read_line(line, dropped, context);
		}
		len = strlen(line);
		memmove(text, line, len + 1);
	}
}

bool kernel_has_reason(const char *name)
{
	static char text[65536];
	char wanted[64];
	int fd = open_trace("events/skb/kfree_skb/format", O_RDONLY);
	ssize_t count, len = 0;

	while (
	    (count = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += count;
	close(fd);
	text[len] = '\0';
	snprintf(wanted, sizeof(wanted), "\"%s\"", name);
	return strstr(text, wanted);
}
