/* SPDX-License-Identifier: ISC */
/* The kernel's side of bridge_model: taps, commands, the trace. */
#include "bridge_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "trace.h"

#define KERNEL_NOBODY UINT32_MAX /* the number of no frame */

static struct {
	char prefix[IFNAMSIZ];
	int taps[KERNEL_PORTS];
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

static void start_trace(void)
{
	char instance[IFNAMSIZ];
	const char *failed;

	snprintf(instance, sizeof(instance), "%.12s", kernel.prefix);
	failed = trace_open(instance, kernel.prefix);
	if (failed)
		die(failed);
}

void kernel_open(const char *prefix)
{
	snprintf(kernel.prefix, sizeof(kernel.prefix), "%s", prefix);
	/* no frames of the kernel's own; without IPv6 there are none */
	kernel_try("sysctl -qw net.ipv6.conf.default.disable_ipv6=1"
		   " net.ipv6.conf.all.disable_ipv6=1 2>/dev/null");
	/* nor one that looks at what is in a frame (br_netfilter) */
	kernel_try("sysctl -qw net.bridge.bridge-nf-call-iptables=0"
		   " net.bridge.bridge-nf-call-ip6tables=0"
		   " net.bridge.bridge-nf-call-arptables=0 2>/dev/null");
	for (int i = 0; i < KERNEL_PORTS; i++)
		kernel.taps[i] = open_tap(i);
	/* With a delay, a timer makes a port that is listening learn when it
	 * has been up for so long, 15 s, also without a spanning tree. */
	kernel_run("ip link add %%Pb type bridge stp_state 0 forward_delay 0 "
		   "mcast_snooping 0 no_linklocal_learn 1 2>/dev/null || "
		   "ip link add %%Pb type bridge stp_state 0 forward_delay 0 "
		   "mcast_snooping 0");
	for (int i = 0; i < KERNEL_PORTS; i++)
		kernel_run("ip link set %%P%d address 02:ff:00:00:00:0%d "
			   "master %%Pb up",
		    i, i);
	kernel_run("ip link set %%Pb up");
	start_trace();
}

void kernel_close(void)
{
	trace_close();
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

static int write_and_read(int port, const uint8_t *frame, size_t len)
{
	int out = 0;

	if (write(kernel.taps[port], frame, len) < 0)
		return -errno;
	for (int i = 0; i < KERNEL_PORTS; i++)
		if (came_out(i, frame, len))
			out |= 1 << i;
	return out;
}

int kernel_send(int port, uint32_t number, const uint8_t *frame, size_t len)
{
	int out;

	if (!trace_mark(number))
		die("trace_marker");
	out = write_and_read(port, frame, len);
	/* what the kernel does on top of us from now on is nobody's */
	if (!trace_mark(KERNEL_NOBODY))
		die("trace_marker");
	return out;
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

struct listener {
	void (*dropped)(void *context, uint32_t number, const char *reason);
	void *context;
};

static void note_drop(void *context, const struct trace_drop *drop)
{
	const struct listener *listener = context;

	if (drop->number != KERNEL_NOBODY && is_of_bridge(drop->function))
		listener->dropped(
		    listener->context, drop->number, drop->reason);
}

void kernel_read_drops(
    void (*dropped)(void *context, uint32_t number, const char *reason),
    void *context)
{
	struct listener listener = {dropped, context};

	trace_read(note_drop, &listener);
}
