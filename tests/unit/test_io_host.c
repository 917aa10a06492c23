/* SPDX-License-Identifier: ISC */
/* What needs no rights of the device, rtnetlink, the resolver, the clock. */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/dns.h"
#include "io/netlink.h"
#include "io/sockaddr.h"
#include "io/tun.h"
#include "io/watch.h"
#include "unit.h"

START_TEST(clock_goes_forward_and_knows_the_year)
{
	struct moment first = clock_read(), second = clock_read();

	ck_assert_int_gt(first.now.ns, 0);
	ck_assert_int_le(first.now.ns, second.now.ns);
	ck_assert_int_gt(first.wall_s, INT64_C(1600000000));
	ck_assert_uint_lt(first.wall_ns, 1000000000);
	ck_assert_int_gt(clock_monotonic_us(), 0);
}
END_TEST

START_TEST(sockaddr_maps_ipv4_for_an_ipv6_socket_and_back)
{
	struct endpoint to, back = {0};
	union sockaddr_any name;

	ck_assert_int_eq(endpoint_parse(&to, "192.0.2.7:51820"), 0);
	ck_assert_uint_eq(
	    sockaddr_write(&name, AF_INET6, &to), sizeof(name.v6));
	ck_assert_int_eq(name.any.sa_family, AF_INET6);
	sockaddr_read(&back, &name);
	ck_assert(endpoint_is_equal(&to, &back));
}
END_TEST

START_TEST(sockaddr_keeps_the_scope_of_a_link_local_address)
{
	struct endpoint to, back = {0};
	union sockaddr_any name;

	ck_assert_int_eq(endpoint_parse(&to, "[fe80::1]:9"), 0);
	to.scope_id = 7;
	ck_assert_uint_eq(
	    sockaddr_write(&name, AF_INET6, &to), sizeof(name.v6));
	sockaddr_read(&back, &name);
	ck_assert(endpoint_is_equal(&to, &back));
	ck_assert_uint_eq(sockaddr_write(&name, AF_INET, &to), 0);
}
END_TEST

START_TEST(sockaddr_of_an_unknown_family_is_no_address)
{
	union sockaddr_any name = {.any.sa_family = AF_UNIX};
	struct endpoint back = {.port = 5};

	sockaddr_read(&back, &name);
	ck_assert_int_eq(back.address.family, FAMILY_NONE);
	ck_assert_uint_eq(sockaddr_write(&name, AF_INET6, &back), 0);
}
END_TEST

START_TEST(tun_refuses_a_name_that_is_too_long)
{
	char name[TUN_NAME_BYTES], error[256];

	ck_assert_int_eq(tun_open(TUN_TYPE_TUN, "vpn-name-of-16-c", NULL, name,
			     error, sizeof(error)),
	    -ENAMETOOLONG);
	ck_assert_ptr_nonnull(strstr(error, "15 characters"));
}
END_TEST

START_TEST(tun_says_what_is_wrong_with_another_kind_of_device)
{
	char name[TUN_NAME_BYTES], error[256];
	int code =
	    tun_open(TUN_TYPE_TAP, "lo", NULL, name, error, sizeof(error));

	/* EINVAL as root, EPERM without rights, or no device node at all */
	ck_assert_int_lt(code, 0);
	ck_assert_uint_gt(strlen(error), 10);
}
END_TEST

START_TEST(tun_tells_empty_and_refused_apart)
{
	struct pool *pool;
	struct packet *pkt;
	int pipes[2];

	ck_assert_int_eq(pool_new(&pool, 1, 1500), 0);
	ck_assert_int_eq(pipe2(pipes, O_NONBLOCK | O_CLOEXEC), 0);
	pkt = pool_get(pool);
	ck_assert_int_eq(tun_read(pipes[0], pkt), TUN_EMPTY);
	pkt->len = 4;
	ck_assert_int_eq(tun_write(pipes[1], pkt), TUN_DONE);
	pkt->len = 0;
	ck_assert_int_eq(tun_read(pipes[0], pkt), TUN_DONE);
	ck_assert_uint_eq(pkt->len, 4);
	ck_assert_int_eq(tun_write(pipes[0], pkt), TUN_DROPPED);
	ck_assert_int_eq(pkt->drop, DROP_DEV_HDR);
	pool_put(pool, pkt);
	pool_free(pool);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(tun_drops_a_packet_larger_than_the_buffer)
{
	static uint8_t large[2000];
	struct pool *pool;
	struct packet *pkt;
	int pipes[2];

	ck_assert_int_eq(pool_new(&pool, 1, 1500), 0);
	ck_assert_int_eq(pipe2(pipes, O_NONBLOCK | O_CLOEXEC), 0);
	ck_assert_int_eq(write(pipes[1], large, sizeof(large)), sizeof(large));
	pkt = pool_get(pool);
	ck_assert_int_eq(tun_read(pipes[0], pkt), TUN_DROPPED);
	ck_assert_int_eq(pkt->drop, DROP_PKT_TOO_BIG);
	pool_put(pool, pkt);
	pool_free(pool);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(netlink_finds_the_loopback_device)
{
	struct netlink *netlink;
	struct netlink_link link;

	ck_assert_int_eq(netlink_open(&netlink), 0);
	ck_assert_int_eq(netlink_find_link(netlink, "lo", &link), 0);
	ck_assert_uint_gt(link.ifindex, 0);
	ck_assert_str_eq(link.name, "lo");
	ck_assert_uint_gt(link.mtu, 0);
	ck_assert_int_eq(
	    netlink_find_link(netlink, "no-such-device", &link), -ENODEV);
	netlink_close(netlink);
}
END_TEST

START_TEST(netlink_routes_loopback_to_the_loopback_device)
{
	struct netlink *netlink;
	struct netlink_link link;
	struct address loopback;
	uint32_t ifindex = 0;

	ck_assert_int_eq(netlink_open(&netlink), 0);
	ck_assert_int_eq(netlink_find_link(netlink, "lo", &link), 0);
	ck_assert_int_eq(address_parse(&loopback, "127.0.0.1"), 0);
	ck_assert_int_eq(
	    netlink_route_lookup(netlink, &loopback, 0, &ifindex), 0);
	ck_assert_uint_eq(ifindex, link.ifindex);
	netlink_close(netlink);
}
END_TEST

/* An interrupted dump, or an answer that was too long, leaves messages. */
START_TEST(netlink_is_not_confused_by_answers_left_over)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} dump = {
	    .head = {.nlmsg_len = sizeof(dump),
		.nlmsg_type = RTM_GETLINK,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.nlmsg_seq = 1000},
	};
	int fd = dup(STDOUT_FILENO); /* the next descriptor's number */
	struct netlink *netlink;
	struct netlink_link link;

	close(fd);
	ck_assert_int_eq(netlink_open(&netlink), 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(
		    send(fd, &dump, sizeof(dump), 0), sizeof(dump));
		ck_assert_int_eq(netlink_find_link(netlink, "lo", &link), 0);
		ck_assert_str_eq(link.name, "lo");
	}
	netlink_close(netlink);
}
END_TEST

START_TEST(netlink_tells_used_tables_from_unused_ones)
{
	struct netlink *netlink;
	uint32_t priority = 0;
	bool is_used = false;

	ck_assert_int_eq(netlink_open(&netlink), 0);
	ck_assert_int_eq(
	    netlink_table_is_used(netlink, FAMILY_IPV4, 255, &is_used), 0);
	ck_assert(is_used);
	ck_assert_int_eq(
	    netlink_table_is_used(netlink, FAMILY_IPV4, 3999999999u, &is_used),
	    0);
	ck_assert(!is_used);
	ck_assert_int_eq(
	    netlink_first_priority(netlink, FAMILY_IPV4, &priority), 0);
	ck_assert_uint_gt(priority, 0);
	netlink_close(netlink);
}
END_TEST

static void count_news(void *context, const struct watch_news *news)
{
	(void)news;
	++*(unsigned *)context;
}

START_TEST(watch_reads_without_waiting)
{
	struct watch *watch;
	unsigned count = 0;

	ck_assert_int_eq(watch_open(&watch), 0);
	ck_assert_int_ge(watch_fd(watch), 0);
	watch_read(watch, count_news, &count);
	watch_close(watch);
}
END_TEST

static void ignore_socket(
    void *context, int fd, bool wants_read, bool wants_write)
{
	(void)context;
	(void)fd;
	(void)wants_read;
	(void)wants_write;
}

static void keep_answer(void *context, const struct dns_answer *answer)
{
	*(struct dns_answer *)context = *answer;
}

START_TEST(dns_answers_an_address_with_itself)
{
	struct dns_setup setup = {.watch = ignore_socket};
	struct dns_answer answer = {0};
	struct address expected;
	struct dns *dns;

	ck_assert_int_eq(dns_open(&dns, &setup), 0);
	dns_resolve(dns, "192.0.2.9", keep_answer, &answer);
	ck_assert_int_eq(address_parse(&expected, "192.0.2.9"), 0);
	ck_assert_ptr_null(answer.error);
	ck_assert_uint_eq(answer.count, 1);
	ck_assert(address_is_equal(&answer.addresses[0], &expected));
	ck_assert_int_eq(dns_timeout_ns(dns), INT64_MAX);
	dns_turn(dns);
	dns_close(dns);
}
END_TEST

START_TEST(dns_refuses_a_name_that_can_not_be_one)
{
	struct dns_setup setup = {.watch = ignore_socket};
	struct dns_answer answer = {0};
	struct dns *dns;

	ck_assert_int_eq(dns_open(&dns, &setup), 0);
	dns_resolve(dns, "x.onion", keep_answer, &answer);
	ck_assert_ptr_nonnull(answer.error);
	dns_close(dns);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("io/host");
	TCase *tcase = tcase_create("host");

	tcase_add_test(tcase, clock_goes_forward_and_knows_the_year);
	tcase_add_test(tcase, sockaddr_maps_ipv4_for_an_ipv6_socket_and_back);
	tcase_add_test(tcase, sockaddr_keeps_the_scope_of_a_link_local_address);
	tcase_add_test(tcase, sockaddr_of_an_unknown_family_is_no_address);
	tcase_add_test(tcase, tun_refuses_a_name_that_is_too_long);
	tcase_add_test(
	    tcase, tun_says_what_is_wrong_with_another_kind_of_device);
	tcase_add_test(tcase, tun_tells_empty_and_refused_apart);
	tcase_add_test(tcase, tun_drops_a_packet_larger_than_the_buffer);
	tcase_add_test(tcase, netlink_finds_the_loopback_device);
	tcase_add_test(tcase, netlink_routes_loopback_to_the_loopback_device);
	tcase_add_test(tcase, netlink_tells_used_tables_from_unused_ones);
	tcase_add_test(tcase, netlink_is_not_confused_by_answers_left_over);
	tcase_add_test(tcase, watch_reads_without_waiting);
	tcase_add_test(tcase, dns_answers_an_address_with_itself);
	tcase_add_test(tcase, dns_refuses_a_name_that_can_not_be_one);
	suite_add_tcase(suite, tcase);
	return suite;
}
