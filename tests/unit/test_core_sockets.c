/* SPDX-License-Identifier: ISC */
/* vpnd's own sockets: who answers what, programs, reload. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sockets.h"
#include "filter_conf.h"
#include "header.h"
#include "pair.h"
#include "unit.h"

#define ERROR_BYTES 512
#define PORT	    4000 /* of right */
#define SMALL	    832	 /* what a small datagram is charged */
#define HEADERS	    (IPV4_BYTES + UDP_BYTES)
#define PROTOCOL    9 /* offset in the IPv4 header */

static struct pair pair;
static struct core_answer answer;
static char error[ERROR_BYTES];

static struct core *left(void)
{
	return pair.ends[0].core;
}

static struct config *config_of(size_t idx)
{
	struct config *config = pair_config(&pair, idx);
	struct prefix prefix;

	ck_assert_int_eq(
	    prefix_parse(&prefix, idx ? "10.0.0.2/24" : "10.0.0.1/24"), 0);
	ck_assert_int_eq(config_add_prefix(&config->addresses,
			     &config->addresses_count, &prefix),
	    0);
	return config;
}

static struct config_socket *add(
    struct config *config, enum config_socket_type type, uint16_t port)
{
	struct config_socket *socket = config_add_socket(config);

	ck_assert_ptr_nonnull(socket);
	socket->type = type;
	socket->port = port;
	return socket;
}

/* Left has one of each kind. */
static struct config *all_kinds(void)
{
	struct config *config = config_of(0);

	(void)add(config, CONFIG_SOCKET_ECHO, 7);
	(void)add(config, CONFIG_SOCKET_DISCARD, 9);
	(void)add(config, CONFIG_SOCKET_STATUS, 9100);
	(void)add(config, CONFIG_SOCKET_PING, 0);
	(void)add(config, CONFIG_SOCKET_CLIENT, 5000);
	return config;
}

static void start_with(struct config *config)
{
	pair_start(&pair, 0, config);
	pair_start(&pair, 1, config_of(1));
	pair_connect(&pair);
	pair.ends[0].delivered = pair.ends[1].delivered = 0;
}

static void setup(void)
{
	pair_init(&pair);
}

static void teardown(void)
{
	pair_clear(&pair);
}

/* From right to left; `ttl` of the IP header. */
static void send_from(
    uint16_t from, uint16_t to, const char *payload, uint8_t ttl)
{
	size_t len = HEADERS + strlen(payload);
	uint8_t bytes[128] = {0x45, [8] = ttl, [PROTOCOL] = IP_PROTOCOL_UDP,
	    [12] = 10, [15] = 2, [16] = 10, [19] = 1};

	bytes[3] = (uint8_t)len;
	checksum_store(bytes + IPV4_BYTES, from);
	checksum_store(bytes + IPV4_BYTES + 2, to);
	bytes[IPV4_BYTES + 5] = (uint8_t)(len - IPV4_BYTES);
	memcpy(bytes + HEADERS, payload, strlen(payload));
	header_finish(bytes, IPV4_BYTES);
	pair_send_bytes(&pair, 1, bytes, len);
	pair_carry(&pair);
}

static void send(uint16_t to, const char *payload)
{
	send_from(PORT, to, payload, 64);
}

/* The socket's part of the reply, as a text of its own. */
static char *socket_text(size_t end, const char *type)
{
	char *reply = pair_ask(&pair, end, CONTROL_RIGHTS_READ, &answer,
	    "sockets", (const char *)NULL);
	char line[64], *at, *begin, *stop;

	ck_assert_int_eq(answer.exit, CONTROL_OK);
	snprintf(line, sizeof(line), "s\ttype\t%s\n", type);
	at = strstr(reply, line);
	ck_assert_msg(at != NULL, "no %s in\n%s", type, reply);
	stop = strstr(at, "rcvbuf_bytes");
	for (begin = at; *begin != '{'; begin--)
		;
	at = strndup(begin, (size_t)(stop - begin) + 32);
	free(reply);
	return at;
}

static long value_at(size_t end, const char *type, const char *name)
{
	char *text = socket_text(end, type);
	long value = strtol(pair_value(text, name), NULL, 10);

	free(text);
	return value;
}

static long value(const char *type, const char *name)
{
	return value_at(0, type, name);
}

static void check_came_back(uint16_t from, const char *payload)
{
	const uint8_t *bytes = pair.ends[1].last;

	ck_assert_uint_eq(pair.ends[1].delivered, 1);
	ck_assert_uint_eq(bytes[15], 1);
	ck_assert_uint_eq(bytes[19], 2);
	ck_assert_uint_eq(bytes[IPV4_BYTES] << 8 | bytes[IPV4_BYTES + 1], from);
	ck_assert_uint_eq(
	    bytes[IPV4_BYTES + 2] << 8 | bytes[IPV4_BYTES + 3], PORT);
	ck_assert_int_eq(memcmp(bytes + HEADERS, payload, strlen(payload)), 0);
}

/* ---- the built-in ones ---- */

START_TEST(echo_sends_a_datagram_back)
{
	start_with(all_kinds());
	send(7, "hello");
	check_came_back(7, "hello");
	ck_assert_int_eq(value("echo", "rx_packets"), 1);
	ck_assert_int_eq(value("echo", "rx_read"), 1);
	ck_assert_int_eq(value("echo", "tx_packets"), 1);
	ck_assert_uint_eq(pair.ends[0].delivered, 0);
}
END_TEST

START_TEST(discard_answers_nothing)
{
	start_with(all_kinds());
	send(9, "hello");
	ck_assert_uint_eq(pair.ends[1].delivered, 0);
	ck_assert_int_eq(value("discard", "rx_read"), 1);
	ck_assert_int_eq(value("discard", "used_bytes"), 0);
	ck_assert_int_eq(value("discard", "unanswered"), 0);
}
END_TEST

START_TEST(status_answers_with_metrics)
{
	start_with(all_kinds());
	send(9100, "");
	check_came_back(9100, "vpnd_info{tunnel=\"");
}
END_TEST

START_TEST(metrics_tell_the_threads_that_are_known)
{
	struct core_host host = {0};
	char text[SOCKET_STATUS_BYTES];

	start_with(all_kinds());
	core_set_host(left(), &host);
	(void)sockets_metrics(left(), &pair.moment, text);
	ck_assert_ptr_null(strstr(text, "vpnd_workers"));
	host.workers = 2;
	host.lock_waits = UINT64_MAX;
	core_set_host(left(), &host);
	ck_assert_uint_eq(
	    sockets_metrics(left(), &pair.moment, text), strlen(text));
	ck_assert_ptr_nonnull(
	    strstr(text, "\nvpnd_workers 2\n"
			 "vpnd_lock_waits_total 18446744073709551615\n"));
	core_note_workers(left(), 1);
	core_note_lock_waits(left(), 12);
	(void)sockets_metrics(left(), &pair.moment, text);
	ck_assert_ptr_nonnull(
	    strstr(text, "\nvpnd_workers 1\nvpnd_lock_waits_total 12\n"));
}
END_TEST

START_TEST(ping_answers_an_echo_request)
{
	uint8_t bytes[28] = {
	    0x45, [3] = 28, [8] = 64, [PROTOCOL] = IP_PROTOCOL_ICMP, [12] = 10,
	    [15] = 2, [16] = 10, [19] = 1, [20] = 8, [22] = 0xf7, [23] = 0xff};

	header_finish(bytes, IPV4_BYTES);
	start_with(all_kinds());
	pair_send_bytes(&pair, 1, bytes, sizeof(bytes));
	pair_carry(&pair);
	ck_assert_uint_eq(pair.ends[0].delivered, 0);
	ck_assert_uint_eq(pair.ends[1].delivered, 1);
	ck_assert_uint_eq(pair.ends[1].last[PROTOCOL], IP_PROTOCOL_ICMP);
	ck_assert_uint_eq(pair.ends[1].last[IPV4_BYTES], 0);
}
END_TEST

static const struct {
	uint16_t from;
	uint8_t ttl;
} silent[] = {{7, 64}, {9, 64}, {19, 64}, {0, 64}, {9100, 64}, {PORT, 1}};

START_TEST(what_might_go_on_for_ever_is_not_answered)
{
	start_with(all_kinds());
	send_from(silent[_i].from, 7, "hello", silent[_i].ttl);
	ck_assert_uint_eq(pair.ends[1].delivered, 0);
	ck_assert_int_eq(value("echo", "rx_read"), 1);
	ck_assert_int_eq(value("echo", "unanswered"), 1);
}
END_TEST

/* On ports that neither end knows of the other. */
START_TEST(two_echoes_come_to_an_end)
{
	struct config *config = config_of(0), *other = config_of(1);

	(void)add(config, CONFIG_SOCKET_ECHO, 5000);
	(void)add(other, CONFIG_SOCKET_ECHO, 6000);
	pair_start(&pair, 0, config);
	pair_start(&pair, 1, other);
	pair_connect(&pair);
	send_from(6000, 5000, "hello", 64);
	ck_assert_int_eq(value("echo", "rx_packets"), 32);
	ck_assert_int_eq(value_at(1, "echo", "rx_packets"), 32);
	ck_assert_int_eq(value_at(1, "echo", "unanswered"), 1);
}
END_TEST

START_TEST(a_peer_gets_a_hundred_answers_a_second)
{
	start_with(all_kinds());
	for (int i = 0; i < 120; i++)
		send(7, "hello");
	ck_assert_int_eq(value("echo", "tx_packets"), 100);
	ck_assert_int_eq(value("echo", "unanswered"), 20);
	pair_pass(&pair, NS_PER_S / 2);
	for (int i = 0; i < 120; i++)
		send(7, "hello");
	ck_assert_int_eq(value("echo", "tx_packets"), 150);
}
END_TEST

START_TEST(only_whom_from_names_is_answered)
{
	struct config *config = config_of(0);
	struct config_socket *socket = add(config, CONFIG_SOCKET_ECHO, 7);

	socket->from.text = strdup("right");
	ck_assert_int_eq(config_ends_add_peer(&socket->from, 0), 0);
	start_with(config);
	send(7, "hello");
	ck_assert_uint_eq(pair.ends[1].delivered, 1);
}
END_TEST

START_TEST(others_than_from_names_are_not)
{
	struct config *config = config_of(0);
	struct config_socket *socket = add(config, CONFIG_SOCKET_ECHO, 7);

	socket->from.text = strdup("@nobody");
	start_with(config);
	send(7, "hello");
	ck_assert_uint_eq(pair.ends[1].delivered, 0);
	ck_assert_int_eq(value("echo", "drops"), 1);
}
END_TEST

/* ---- behind the rules ---- */

/* All kinds, behind a filter with these policies. */
static struct config *behind(
    enum config_action input, enum config_action output)
{
	struct config *config = all_kinds();

	config->filter.is_on = config->filter.is_stateful = true;
	config->filter.policy[CONFIG_HOOK_INPUT] = input;
	config->filter.policy[CONFIG_HOOK_OUTPUT] = output;
	return config;
}

static bool has_dropped(const char *stage)
{
	char *reply = pair_ask(
	    &pair, 0, CONTROL_RIGHTS_ALL, &answer, "drops", (const char *)NULL);
	char line[64];
	bool is_there;

	snprintf(line, sizeof(line), "s\tstage\t%s\ns\treason\tNETFILTER_DROP",
	    stage);
	is_there = strstr(reply, line);
	free(reply);
	return is_there;
}

START_TEST(what_input_refuses_reaches_no_socket)
{
	start_with(behind(CONFIG_ACTION_DROP, CONFIG_ACTION_ACCEPT));
	send(7, "hello");
	ck_assert_uint_eq(pair.ends[1].delivered, 0);
	ck_assert_int_eq(value("echo", "rx_packets"), 0);
	ck_assert(has_dropped("input"));
}
END_TEST

START_TEST(an_answer_is_of_the_flow_that_was_accepted)
{
	start_with(behind(CONFIG_ACTION_ACCEPT, CONFIG_ACTION_DROP));
	send(7, "hello");
	check_came_back(7, "hello");
	ck_assert(!has_dropped("output"));
}
END_TEST

START_TEST(without_flows_output_judges_answers_as_well)
{
	struct config *config =
	    behind(CONFIG_ACTION_ACCEPT, CONFIG_ACTION_DROP);

	config->filter.is_stateful = false;
	start_with(config);
	send(7, "hello");
	ck_assert_uint_eq(pair.ends[1].delivered, 0);
	ck_assert(has_dropped("output"));
}
END_TEST

/* ---- programs ---- */

static uint32_t attach(void)
{
	uint32_t number = 0;

	ck_assert_int_eq(core_socket_attach(left(), 5000, &number, &answer), 0);
	return number;
}

/* The payload of the next message; NULL: there is none. */
static const char *receive(uint32_t number, struct datagram_head *head)
{
	static uint8_t message[DATAGRAM_HEADER_BYTES + 256];
	size_t len =
	    core_socket_receive(left(), number, message, sizeof(message) - 1);

	if (!len)
		return NULL;
	ck_assert_int_eq(datagram_read(head, message), 0);
	message[len] = '\0';
	return (const char *)message + DATAGRAM_HEADER_BYTES;
}

START_TEST(a_program_gets_what_comes_while_it_is_attached)
{
	struct datagram_head head;
	uint32_t number, ready = 0;

	start_with(all_kinds());
	send(5000, "too early");
	ck_assert_uint_eq(pair.ends[0].delivered, 1);
	number = attach();
	ck_assert(!core_socket_take_ready(left(), &ready));
	send(5000, "one");
	send(5000, "two");
	ck_assert(core_socket_take_ready(left(), &ready));
	ck_assert_uint_eq(ready, number);
	ck_assert(!core_socket_take_ready(left(), &ready));
	ck_assert_str_eq(receive(number, &head), "one");
	ck_assert_uint_eq(head.remote_port, PORT);
	ck_assert_uint_eq(head.local_port, 5000);
	ck_assert_uint_eq(head.remote.bytes[3], 2);
	ck_assert_uint_eq(head.local.bytes[3], 1);
	ck_assert_uint_eq(head.payload_len, 3);
	ck_assert_str_eq(receive(number, &head), "two");
	ck_assert_ptr_null(receive(number, &head));
	core_socket_detach(left(), number);
	send(5000, "too late");
	ck_assert_uint_eq(pair.ends[0].delivered, 2);
	ck_assert(core_socket_is_there(left(), number));
}
END_TEST

START_TEST(a_program_has_its_socket_alone)
{
	uint32_t number;

	start_with(all_kinds());
	(void)attach();
	ck_assert_int_eq(
	    core_socket_attach(left(), 5000, &number, &answer), -EADDRINUSE);
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	ck_assert_int_eq(
	    core_socket_attach(left(), 7, &number, &answer), -ENOENT);
	ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
	ck_assert_str_eq(
	    answer.message, "no socket of type \"client\" has port 7");
}
END_TEST

static void send_message(uint32_t number, const struct datagram_head *head)
{
	uint8_t message[DATAGRAM_HEADER_BYTES + 6];

	datagram_write(message, head);
	memcpy(message + DATAGRAM_HEADER_BYTES, "answer", 6);
	core_socket_send(
	    left(), number, message, sizeof(message), &pair.moment);
	pair_carry(&pair);
}

START_TEST(a_program_answers_with_the_header_that_it_got)
{
	struct datagram_head head;
	uint32_t number;

	start_with(all_kinds());
	number = attach();
	send(5000, "hello");
	ck_assert_ptr_nonnull(receive(number, &head));
	send_message(number, &head);
	check_came_back(5000, "answer");
	head.local = (struct address){0}; /* vpnd chooses */
	pair.ends[1].delivered = 0;
	send_message(number, &head);
	check_came_back(5000, "answer");
	ck_assert_int_eq(value("client", "tx_packets"), 2);
}
END_TEST

START_TEST(what_a_program_may_not_send_is_counted)
{
	struct datagram_head head = {
	    .remote = {FAMILY_IPV4, {10, 0, 0, 2}}, .remote_port = PORT};
	uint32_t number;

	start_with(all_kinds());
	number = attach();
	head.local = (struct address){FAMILY_IPV4, {10, 0, 0, 77}};
	send_message(number, &head);
	head.local = (struct address){0};
	head.remote_port = 0;
	send_message(number, &head);
	head.remote_port = PORT;
	head.remote.family = FAMILY_IPV6; /* of which there is no address */
	send_message(number, &head);
	head.remote.family = FAMILY_NONE;
	send_message(number, &head);
	core_socket_send(left(), number, (const uint8_t *)"x", 1, &pair.moment);
	ck_assert_int_eq(value("client", "tx_failed"), 5);
	ck_assert_uint_eq(pair.ends[1].delivered, 0);
}
END_TEST

START_TEST(a_program_sends_to_no_martian)
{
	static const char *const martians[] = {"::1", "ff01::1", "ff00::1"};
	struct datagram_head head = {.remote_port = PORT};
	struct config *config = all_kinds();
	struct prefix own;
	uint32_t number;

	ck_assert_int_eq(prefix_parse(&own, "fd00::1/64"), 0);
	ck_assert_int_eq(config_add_prefix(&config->addresses,
			     &config->addresses_count, &own),
	    0);
	start_with(config);
	number = attach();
	for (size_t i = 0; i < ARRAY_SIZE(martians); i++) {
		ck_assert_int_eq(address_parse(&head.remote, martians[i]), 0);
		send_message(number, &head);
	}
	ck_assert_int_eq(value("client", "tx_failed"), ARRAY_SIZE(martians));
}
END_TEST

START_TEST(overflow_is_counted_at_the_socket_as_in_drops)
{
	struct config *config = all_kinds();
	char *reply;

	config->sockets[4].rcvbuf = 10 * SMALL;
	start_with(config);
	(void)attach();
	for (int i = 0; i < 30; i++)
		send(5000, "hello");
	ck_assert_int_eq(value("client", "queued"), 10);
	ck_assert_int_eq(value("client", "drops"), 20);
	ck_assert_int_eq(value("client", "used_bytes"), 10 * SMALL);
	reply = pair_ask(
	    &pair, 0, CONTROL_RIGHTS_ALL, &answer, "drops", (const char *)NULL);
	ck_assert_ptr_nonnull(strstr(reply, "s\tstage\tsock_queue\ns\treason\t"
					    "SOCKET_RCVBUFF\n"));
	ck_assert_ptr_nonnull(strstr(reply, "u\tpackets\t20\n"));
	free(reply);
}
END_TEST

/* ---- reload ---- */

/* Consumes next. */
static int reload(struct config *next)
{
	struct core_keys *keys = pair_keys(&pair, 0, next->peers_count);
	struct plan plan;
	int err;

	ck_assert_int_eq(core_plan(left(), next, keys, &plan), 0);
	ck_assert_uint_eq(plan.count, 1);
	ck_assert_int_eq(plan.steps[0].kind, PLAN_SETTING);
	*error = '\0';
	err = core_apply(
	    left(), &plan, next, keys, &pair.moment, error, sizeof(error));
	plan_clear(&plan);
	return err;
}

START_TEST(a_reload_keeps_what_a_socket_holds)
{
	struct config *next = all_kinds();
	struct datagram_head head;
	uint32_t number, ready;

	start_with(all_kinds());
	number = attach();
	send(5000, "before");
	next->sockets[4].rcvbuf = CONFIG_RCVBUF_MIN;
	ck_assert_int_eq(reload(next), 0);
	ck_assert(core_socket_is_there(left(), number));
	ck_assert(core_socket_take_ready(left(), &ready));
	ck_assert_uint_eq(ready, number);
	for (int i = 0; i < 3; i++)
		send(5000, "after");
	ck_assert_int_eq(value("client", "drops"), 2);
	ck_assert_str_eq(receive(number, &head), "before");
	ck_assert_str_eq(receive(number, &head), "after");
}
END_TEST

START_TEST(a_reload_takes_sockets_away_and_brings_others)
{
	struct config *next = config_of(0);
	uint32_t number;

	start_with(all_kinds());
	number = attach();
	send(5000, "held");
	(void)add(next, CONFIG_SOCKET_ECHO, 77);
	ck_assert_int_eq(reload(next), 0);
	ck_assert(!core_socket_is_there(left(), number));
	send(7, "hello");
	ck_assert_uint_eq(pair.ends[0].delivered, 1);
	send(77, "hello");
	check_came_back(77, "hello");
}
END_TEST

START_TEST(the_order_changes_in_a_reload)
{
	struct config *next = all_kinds();

	start_with(all_kinds());
	next->socket_order = CONFIG_SOCKET_ORDER_KERNEL;
	ck_assert_int_eq(reload(next), 0);
}
END_TEST

START_TEST(two_on_one_place_are_refused)
{
	struct config *next = all_kinds();

	start_with(all_kinds());
	add(next, CONFIG_SOCKET_DISCARD, 7)->place =
	    (struct config_place){12, 3};
	ck_assert_int_eq(reload(next), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error,
	    ":12:3: error: sockets: another one has that address and port"));
	send(7, "hello");
	check_came_back(7, "hello");
}
END_TEST

static void add_builtins(Suite *suite)
{
	TCase *tcase = tcase_create("builtin");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, echo_sends_a_datagram_back);
	tcase_add_test(tcase, discard_answers_nothing);
	tcase_add_test(tcase, status_answers_with_metrics);
	tcase_add_test(tcase, metrics_tell_the_threads_that_are_known);
	tcase_add_test(tcase, ping_answers_an_echo_request);
	tcase_add_loop_test(tcase, what_might_go_on_for_ever_is_not_answered, 0,
	    ARRAY_SIZE(silent));
	tcase_add_test(tcase, two_echoes_come_to_an_end);
	tcase_add_test(tcase, a_peer_gets_a_hundred_answers_a_second);
	tcase_add_test(tcase, only_whom_from_names_is_answered);
	tcase_add_test(tcase, others_than_from_names_are_not);
	tcase_add_test(tcase, what_input_refuses_reaches_no_socket);
	tcase_add_test(tcase, an_answer_is_of_the_flow_that_was_accepted);
	tcase_add_test(tcase, without_flows_output_judges_answers_as_well);
	suite_add_tcase(suite, tcase);
}

static void add_programs(Suite *suite)
{
	TCase *tcase = tcase_create("program");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_program_gets_what_comes_while_it_is_attached);
	tcase_add_test(tcase, a_program_has_its_socket_alone);
	tcase_add_test(tcase, a_program_answers_with_the_header_that_it_got);
	tcase_add_test(tcase, what_a_program_may_not_send_is_counted);
	tcase_add_test(tcase, a_program_sends_to_no_martian);
	tcase_add_test(tcase, overflow_is_counted_at_the_socket_as_in_drops);
	tcase_add_test(tcase, a_reload_keeps_what_a_socket_holds);
	tcase_add_test(tcase, a_reload_takes_sockets_away_and_brings_others);
	tcase_add_test(tcase, the_order_changes_in_a_reload);
	tcase_add_test(tcase, two_on_one_place_are_refused);
	suite_add_tcase(suite, tcase);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_sockets");

	add_builtins(suite);
	add_programs(suite);
	return suite;
}
