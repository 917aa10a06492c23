/* SPDX-License-Identifier: ISC */
/* The records of a capture, as lines for people and as blocks of pcapng. */
#include "ctl/capture_show.h"

#include <string.h>
#include <time.h>

#include "base/drop.h"
#include "base/instant.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/pcapng.h"
#include "packet/print.h"

#define NS_PER_S_WALL UINT64_C(1000000000)
#define COMMENT_BYTES 256

/* ---- lines ---- */

static void print_time(const struct paper *paper, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_S_WALL);
	struct tm local = {0};
	char text[sizeof("23:59:60")];

	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%H:%M:%S", &local);
	paper_print(paper, INK_FAINT, "%s.%06u ", text,
	    (unsigned)(time_ns % NS_PER_S_WALL / NS_PER_US));
}

/* The parser looks at the bytes only; they are the caller's. */
static struct packet packet_of(
    const struct capture_record *record, bool is_ethernet)
{
	struct packet pkt = {.buffer = (uint8_t *)(uintptr_t)record->bytes,
	    .buffer_bytes = record->captured,
	    .len = record->captured};

	if (is_ethernet && !packet_parse_ethernet(&pkt))
		(void)!packet_parse_payload(&pkt);
	else if (!is_ethernet)
		(void)!packet_parse_ip(&pkt);
	pkt.len = record->len;
	return pkt;
}

void capture_print(const struct paper *paper,
    const struct capture_record *record, bool is_ethernet)
{
	struct packet pkt = packet_of(record, is_ethernet);
	char text[PACKET_TEXT_BYTES];

	print_time(paper, record->time_ns);
	paper_print(paper, INK_PLAIN, "%s%s ",
	    record->flags & CAPTURE_OUTBOUND ? "out" : "in",
	    record->flags & CAPTURE_OUTER ? " outer" : "");
	paper_print(
	    paper, INK_NAME, "%s ", record->peer[0] ? record->peer : "-");
	paper_print(
	    paper, INK_PLAIN, "%s", packet_print(&pkt, text, sizeof(text)));
	if (record->segments > 1)
		paper_print(paper, INK_FAINT, " (%u segments of %u)",
		    record->segments, record->segment_bytes);
	if (record->flags & CAPTURE_DROP)
		paper_print(paper, INK_BAD, " dropped by %s: %s", record->stage,
		    record->reason);
	paper_end_line(paper);
}

/* ---- pcapng ---- */

/* One interface for packets and datagrams: libpcap 1.10 refuses a file with a
 * second one that begins with an IP header. */
size_t capture_write_begin(
    uint8_t *to, size_t room, const char *tunnel, bool is_ethernet)
{
	struct pcapng_interface interface = {.name = tunnel,
	    .link_type = is_ethernet ? PCAPNG_ETHERNET : PCAPNG_IP,
	    .snap_bytes = CAPTURE_SNAP_MAX};
	size_t used = pcapng_section(to, room, "vpnctl " CTL_VERSION);

	return used + pcapng_interface(to + used, room - used, &interface);
}

static const char *reason_text(const char *name)
{
	for (enum drop drop = 0; drop < DROP_COUNT; drop++)
		if (strcmp(drop_name(drop), name) == 0)
			return drop_text(drop);
	return drop_text(DROP_COUNT);
}

/* "outer, peer branch, dropped by input: NETFILTER_DROP (...)" */
static void comment_of(
    const struct capture_record *record, char comment[COMMENT_BYTES])
{
	size_t used = 0;

	comment[0] = '\0';
	if (record->flags & CAPTURE_OUTER)
		used += (size_t)snprintf(comment, COMMENT_BYTES, "outer");
	if (record->peer[0])
		used += (size_t)snprintf(comment + used, COMMENT_BYTES - used,
		    "%speer %s", used ? ", " : "", record->peer);
	if (record->segments > 1)
		used += (size_t)snprintf(comment + used, COMMENT_BYTES - used,
		    "%s%u segments of %u bytes", used ? ", " : "",
		    record->segments, record->segment_bytes);
	if (record->flags & CAPTURE_DROP)
		snprintf(comment + used, COMMENT_BYTES - used,
		    "%sdropped by %s: %s (%s)", used ? ", " : "", record->stage,
		    record->reason, reason_text(record->reason));
}

size_t capture_write_packet(uint8_t *to, size_t room,
    const struct capture_record *record, uint64_t lost)
{
	char comment[COMMENT_BYTES];
	struct pcapng_packet packet = {.time_ns = record->time_ns,
	    .bytes = record->bytes,
	    .captured = record->captured,
	    .len = record->len,
	    .is_outbound = record->flags & CAPTURE_OUTBOUND,
	    .lost = lost};

	comment_of(record, comment);
	packet.comment = comment[0] ? comment : NULL;
	return pcapng_packet(to, room, &packet);
}
