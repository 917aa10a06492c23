/* SPDX-License-Identifier: ISC */
/* The kernel's side of rules_kernel: devices, nft, its counters. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/nft.h"
#include "rules_lab.h"

#define COUNTERS_MAX 1024
#define NAME_BYTES   72 /* "postrouting policy", rule names */
#define LINE_BYTES   4096

static struct {
	const char *device;
	int tun, raw4, raw6;
	bool has_chain[HOOK_COUNT];
	size_t count;
	struct named {
		char name[NAME_BYTES];
		struct lab_counter counter;
	} counters[COUNTERS_MAX];
} kernel;

static void die(const char *what)
{
	printf("bail %s: %s\n", what, strerror(errno));
	exit(1);
}

static void __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fflush(stdout);
	if (system(text))
		die(text);
}

static int open_tun(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		die("/dev/net/tun");
	return fd;
}

/* The kernel's own multicasts must not be counted. */
static const char quiet[] =
    "table inet quiet { chain output {\n"
    "type filter hook output priority -10; policy accept;\n"
    "ip daddr 224.0.0.0/4 drop\n ip6 daddr ff00::/8 drop\n}\n}\n";

static void nft(void (*tell)(FILE *file, const void *what), const void *what)
{
	FILE *file;

	fflush(stdout);
	file = popen("nft -f -", "w");
	if (!file)
		die("nft");
	tell(file, what);
	if (pclose(file))
		die("nft -f");
}

static void tell_text(FILE *file, const void *what)
{
	fputs(what, file);
}

void lab_open(const char *device)
{
	kernel.device = device;
	kernel.tun = open_tun(device);
	run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 "
	    "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0");
	run("sysctl -qw net.ipv4.conf.%s.rp_filter=0", device);
	run("ip link set lo up && ip link set %s addrgenmode none up", device);
	run("ip addr add 10.7.0.1/32 dev lo && "
	    "ip addr add fd07::1/128 dev lo nodad && "
	    "ip route add local 10.7.0.0/24 dev lo && "
	    "ip route add local fd07::/64 dev lo");
	run("ip route add 10.9.0.0/24 dev %s && ip route add fd09::/64 dev %s",
	    device, device);
	run("ip route add 10.8.0.0/24 dev %s && ip route add fd08::/64 dev %s",
	    device, device);
	nft(tell_text, quiet);
	kernel.raw4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	kernel.raw6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (kernel.raw4 < 0 || kernel.raw6 < 0)
		die("raw sockets");
}

static void write_text(void *context, const char *text)
{
	fputs(text, context);
}

static void tell_set(FILE *file, const void *what)
{
	const struct nft_setup setup = {.table = "model",
	    .device = kernel.device,
	    .prefixes = lab_prefixes,
	    .write = write_text,
	    .context = file};

	fputs("table inet model\ndelete table inet model\n", file);
	nft_export(what, &setup);
}

void lab_load(const struct ruleset *set)
{
	nft(tell_set, set);
}

static void send_raw(const struct lab_packet *made)
{
	const struct address *to = &made->pkt.destination;
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	bool is_ipv4 = made->pkt.family == FAMILY_IPV4;
	ssize_t sent;

	memcpy(&to4.sin_addr, to->bytes, 4);
	memcpy(&to6.sin6_addr, to->bytes, 16);
	if (is_ipv4)
		sent = sendto(kernel.raw4, made->bytes, made->pkt.len, 0,
		    (struct sockaddr *)&to4, sizeof(to4));
	else
		sent = sendto(kernel.raw6, made->bytes, made->pkt.len, 0,
		    (struct sockaddr *)&to6, sizeof(to6));
	if (sent < 0 && errno != EPERM && errno != ENOBUFS)
		die("sendto");
}

/* Or the queue would be full. */
static void drain(int fd)
{
	uint8_t bytes[2048];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

void lab_send(const struct lab_packet *made)
{
	if (made->is_outgoing)
		send_raw(made);
	else if (write(kernel.tun, made->bytes, made->pkt.len) < 0)
		die("write to the tun device");
	drain(kernel.tun);
}

/* ---- counters ---- */

static struct named *find(const char *name)
{
	for (size_t i = 0; i < kernel.count; i++)
		if (!strcmp(kernel.counters[i].name, name))
			return &kernel.counters[i];
	return NULL;
}

static void add_counter(const char *name, uint64_t packets, uint64_t bytes)
{
	struct named *named = find(name);

	if (!named) {
		if (kernel.count == COUNTERS_MAX)
			die("too many counters");
		named = &kernel.counters[kernel.count++];
		snprintf(named->name, sizeof(named->name), "%s", name);
	}
	named->counter.packets += packets;
	named->counter.bytes += bytes;
}

static FILE *list(void)
{
	FILE *file;

	fflush(stdout);
	file = popen("nft list table inet model", "r");
	if (!file)
		die("nft list");
	return file;
}

static void enter_chain(const char *name)
{
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
		if (!strcmp(hook_name(hook), name))
			kernel.has_chain[hook] = true;
}

/* A policy is known by its chain. */
static void read_line(const char *line, char *chain)
{
	const char *counter = strstr(line, "counter packets ");
	const char *comment = strstr(line, "comment \"");
	char word[32], name[NAME_BYTES];
	uint64_t packets, bytes;

	if (sscanf(line, " chain %31s {", chain) == 1)
		enter_chain(chain);
	if (!counter || !comment ||
	    sscanf(counter, "counter packets %" SCNu64 " bytes %" SCNu64,
		&packets, &bytes) != 2 ||
	    sscanf(comment, "comment \"%31[^\"]\"", word) != 1)
		return;
	snprintf(name, sizeof(name), "%s%s%s",
	    strcmp(word, "policy") ? "" : chain,
	    strcmp(word, "policy") ? "" : " ", word);
	add_counter(name, packets, bytes);
}

void lab_read_counters(void)
{
	static char line[LINE_BYTES];
	char chain[32] = "";
	FILE *file = list();

	kernel.count = 0;
	memset(kernel.has_chain, 0, sizeof(kernel.has_chain));
	memset(kernel.counters, 0, sizeof(kernel.counters));
	while (fgets(line, sizeof(line), file))
		read_line(line, chain);
	if (pclose(file))
		die("nft list");
}

struct lab_counter lab_counter(const char *name)
{
	const struct named *named = find(name);

	return named ? named->counter : (struct lab_counter){0};
}

bool lab_has_chain(enum hook hook)
{
	return kernel.has_chain[hook];
}

void lab_print_rule(const char *name)
{
	static char line[LINE_BYTES];
	char comment[NAME_BYTES + 16];
	FILE *file = list();

	snprintf(comment, sizeof(comment), "comment \"%s\"", name);
	while (fgets(line, sizeof(line), file))
		if (strstr(line, comment))
			fputs(line, stdout);
	pclose(file);
}
