/* SPDX-License-Identifier: ISC */
/* Hooks and flows in the path: who is asked about which packet. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "net/flow.h"
#include "net/rule.h"
#include "tap_lab.h"

static struct ruleset *rules;
static struct flows *flows;
static uint32_t generation;

/* As at a reload: the flows stay. */
static void set_rules(const struct rule_spec *specs, size_t count)
{
	struct ruleset_setup how = {
	    .specs = specs,
	    .count = count,
	    .policy =
		{
		    [HOOK_INPUT] = RULE_DROP,
		    [HOOK_FORWARD] = RULE_DROP,
		},
	    .generation = ++generation,
	    .last_peer_id = FAKE_PEERS,
	};

	ruleset_free(rules);
	ck_assert_int_eq(ruleset_new(&rules, &how, now.now), 0);
	flows_set_generation(flows, generation);
	path_set_filter(path, rules, flows);
}

static void begin(void)
{
	const struct flows_limits room = {64, 64};
	uint8_t secret[FLOWS_SECRET_BYTES];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)(i * 31 + 3);
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].id = i + 1;
	generation = 0;
	rules = NULL;
	ck_assert_int_eq(flows_new(&flows, &room, secret), 0);
	ck_assert_int_eq(flows_set_last_peer(flows, FAKE_PEERS), 0);
	set_rules(NULL, 0);
}

static void setup_filter(void)
{
	setup();
	set_addresses();
	path_set_forwarding(path, true);
	begin();
}

static void teardown_filter(void)
{
	teardown();
	flows_free(flows);
	ruleset_free(rules);
}

static const uint16_t port_b = 53;

/* From the peer's 10.9.0.7:4000 to the host's port 53, and the other way. */
static struct packet *question(void)
{
	return udp("10.9.0.7", "10.9.0.1", port_b);
}

static struct packet *with_ports(
    struct packet *pkt, uint16_t source, uint16_t destination)
{
	uint8_t *l4 = packet_data(pkt) + IPV4_BYTES;

	l4[0] = (uint8_t)(source >> 8);
	l4[1] = (uint8_t)source;
	l4[2] = (uint8_t)(destination >> 8);
	l4[3] = (uint8_t)destination;
	return pkt;
}

static struct packet *answer(void)
{
	return with_ports(udp("10.9.0.1", "10.9.0.7", 0), 53, 4000);
}

static const struct rule_range dns = {53, 53};
static const struct rule_spec accept_dns = {
    .name = "dns",
    .hook = HOOK_INPUT,
    .action = RULE_ACCEPT,
    .destination_ports = {&dns, 1},
};
static const struct rule_spec drop_output = {
    .name = "silence", .hook = HOOK_OUTPUT, .action = RULE_DROP};
static const struct rule_spec drop_postrouting = {
    .name = "late", .hook = HOOK_POSTROUTING, .action = RULE_DROP};
static const struct rule_spec drop_prerouting = {
    .name = "early", .hook = HOOK_PREROUTING, .action = RULE_DROP};

/* Besides what came through before. */
static void check_dropped_once(const char *stage, enum drop reason)
{
	(void)only_drop(stage, reason);
	ck_assert_uint_eq(traced, 1);
}

static uint32_t live_flows(void)
{
	struct flows_status status;

	flows_status(flows, &status);
	return status.flows;
}

static size_t delivered(void)
{
	size_t len = path_to_device(path)->len;

	pool_put_list(pool, path_to_device(path));
	return len;
}

static size_t sent(void)
{
	size_t len = path_to_wire(path)->len;

	pool_put_list(pool, path_to_wire(path));
	return len;
}

START_TEST(without_rules_each_packet_passes)
{
	path_set_filter(path, NULL, NULL);
	receive(question());
	ck_assert_uint_eq(delivered(), 1);
	transmit(answer());
	ck_assert_uint_eq(sent(), 1);
	ck_assert_uint_eq(live_flows(), 0);
}
END_TEST

START_TEST(each_hook_is_asked)
{
	static const struct {
		const struct rule_spec *spec;
		const char *stage;
		bool is_in;
	} hooks[] = {
	    {&drop_prerouting, "prerouting", true},
	    {&drop_output, "output", false},
	    {&drop_postrouting, "postrouting", false},
	};

	set_rules(hooks[_i].spec, 1);
	if (hooks[_i].is_in)
		receive(question());
	else
		transmit(answer());
	check_dropped(hooks[_i].stage, DROP_NETFILTER_DROP);
	ck_assert_uint_eq(live_flows(), 0);
}
END_TEST

START_TEST(what_output_drops_is_counted_for_its_receiver)
{
	set_rules(&drop_output, 1);
	transmit(answer());
	check_dropped("output", DROP_NETFILTER_DROP);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_NETFILTER_DROP], 1);
}
END_TEST

START_TEST(the_policy_of_input_holds)
{
	receive(question());
	check_dropped("input", DROP_NETFILTER_DROP);
	ck_assert_uint_eq(live_flows(), 0);
}
END_TEST

START_TEST(what_is_rejected_is_answered)
{
	static const struct rule_spec reject = {
	    .name = "no", .hook = HOOK_INPUT, .action = RULE_REJECT};

	set_rules((struct rule_spec[]){reject, drop_output}, 2);
	receive(question());
	/* the answer is about a real packet: it passes where no rule would
	 * let it */
	ck_assert_uint_eq(sent(), 1);
	ck_assert_uint_eq(delivered(), 0);
	ck_assert_uint_eq(live_flows(), 0);
}
END_TEST

START_TEST(the_policy_of_forward_holds)
{
	receive(udp("10.9.0.7", "10.9.0.8", 53));
	check_dropped("forward", DROP_NETFILTER_DROP);
	ck_assert_uint_eq(live_flows(), 0);
}
END_TEST

START_TEST(an_answer_needs_no_rule)
{
	set_rules((struct rule_spec[]){accept_dns, drop_output}, 2);
	receive(question());
	ck_assert_uint_eq(delivered(), 1);
	ck_assert_uint_eq(live_flows(), 1);
	transmit(answer());
	ck_assert_uint_eq(sent(), 1);
	/* but what the host begins does */
	transmit(with_ports(answer(), 53, 4001));
	ck_assert_uint_eq(sent(), 0);
}
END_TEST

START_TEST(what_the_host_begins_is_answered)
{
	transmit(answer());
	ck_assert_uint_eq(sent(), 1);
	receive(question());
	ck_assert_uint_eq(delivered(), 1);
}
END_TEST

START_TEST(the_rules_are_not_asked_about_an_answered_flow)
{
	set_rules(&accept_dns, 1);
	receive(question());
	transmit(answer());
	for (int i = 0; i < 5; i++)
		receive(question());
	ck_assert_uint_eq(delivered(), 6);
	ck_assert_uint_eq(ruleset_rule(rules, 0)->packets, 1);
	(void)sent();
}
END_TEST

/* A rule with a rate tells segments apart. */
START_TEST(a_super_packet_of_an_accepted_flow_stays_whole)
{
	static const struct rule_range nine = {9, 9};
	static const struct rule_spec rate = {.name = "nine",
	    .hook = HOOK_OUTPUT,
	    .action = RULE_ACCEPT,
	    .destination_ports = {&nine, 1},
	    .rate = {1000, 1000}};

	set_rules(&rate, 1);
	transmit(with_ports(udp_whole("10.9.0.1", "10.9.0.7", 0, 4), 53, 4000));
	ck_assert_uint_eq(sent(), 4);
	receive(question());
	ck_assert_uint_eq(delivered(), 1);
	transmit(with_ports(udp_whole("10.9.0.1", "10.9.0.7", 0, 4), 53, 4000));
	ck_assert_uint_eq(sent(), 1);
}
END_TEST

START_TEST(a_peer_to_peer_flow_is_answered)
{
	set_rules(&(struct rule_spec){.name = "to eight",
		      .hook = HOOK_FORWARD,
		      .action = RULE_ACCEPT,
		      .destination_ports = {&dns, 1}},
	    1);
	receive(udp("10.9.0.7", "10.9.0.8", 53));
	ck_assert_uint_eq(sent(), 1);
	{
		struct packet *back =
		    with_ports(udp("10.9.0.8", "10.9.0.7", 0), 53, 4000);

		back->endpoint.port = 1;
		receive(back);
	}
	ck_assert_uint_eq(sent(), 1);
}
END_TEST

START_TEST(an_answer_of_another_peer_is_none)
{
	struct packet *pkt = udp("10.9.0.8", "10.9.0.1", 53);

	transmit(with_ports(udp("10.9.0.1", "10.9.0.8", 0), 53, 4000));
	ck_assert_uint_eq(sent(), 1);
	/* from peer 0, in the name of peer 1 */
	receive(pkt);
	check_dropped("rcv_finish", DROP_IP_RPFILTER);
}
END_TEST

START_TEST(after_a_reload_flows_go_on_that_may_begin)
{
	set_rules((struct rule_spec[]){accept_dns, drop_output}, 2);
	receive(question());
	transmit(answer());
	set_rules((struct rule_spec[]){drop_output, accept_dns}, 2);
	/* the answer first: there is no rule for it */
	transmit(answer());
	ck_assert_uint_eq(sent(), 2);
	receive(question());
	ck_assert_uint_eq(delivered(), 2);
	/* whoever judged again left no count behind */
	ck_assert_uint_eq(ruleset_rule(rules, 1)->packets, 0);
}
END_TEST

START_TEST(after_a_reload_flows_end_that_may_not_begin)
{
	set_rules(&accept_dns, 1);
	receive(question());
	transmit(answer());
	(void)delivered();
	(void)sent();
	set_rules(&drop_output, 1);
	transmit(answer());
	check_dropped("output", DROP_NETFILTER_DROP);
	ck_assert_uint_eq(live_flows(), 0);
}
END_TEST

static struct packet *as_tcp(struct packet *pkt, uint8_t flags)
{
	uint8_t *bytes = packet_data(pkt);

	bytes[3] = 40;
	bytes[9] = IP_PROTOCOL_TCP;
	bytes[24] = bytes[25] = 0;
	bytes[32] = 5 << 4;
	bytes[33] = flags;
	header_finish(bytes, IPV4_BYTES);
	pkt->len = 40;
	pkt->checksum = CHECKSUM_VERIFIED;
	return pkt;
}

START_TEST(after_a_reload_a_refused_connection_does_not_go_on_as_the_hosts)
{
	set_rules(&accept_dns, 1);
	receive(as_tcp(question(), 2));
	transmit(as_tcp(answer(), 0x12));
	receive(as_tcp(question(), 0x10));
	ck_assert_uint_eq(delivered(), 2);
	ck_assert_uint_eq(sent(), 1);
	set_rules(NULL, 0);
	/* the host's end speaks first: it may begin connections, not this one,
	 * and is told */
	transmit(as_tcp(answer(), 0x10));
	check_dropped_once("output", DROP_VPN_CT_INVALID);
	ck_assert_uint_eq(sent(), 0);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_device(path)->first->tcp_flags, 4);
	ck_assert_uint_eq(delivered(), 1);
	receive(as_tcp(question(), 0x10));
	ck_assert_uint_eq(delivered(), 0);
	transmit(as_tcp(answer(), 0x10));
	ck_assert_uint_eq(sent(), 0);
}
END_TEST

/* A connection of the peer's that was answered, and then refused. */
static void refuse_tcp(void)
{
	set_rules(&accept_dns, 1);
	receive(as_tcp(question(), 2));
	transmit(as_tcp(answer(), 0x12));
	receive(as_tcp(question(), 0x10));
	(void)delivered();
	(void)sent();
	set_rules(NULL, 0);
}

static void check_refused_for_good(void)
{
	transmit(as_tcp(answer(), 0x10));
	ck_assert_uint_eq(sent(), 0);
	(void)delivered(); /* the reset */
	receive(as_tcp(question(), 0x10));
	ck_assert_uint_eq(delivered(), 0);
}

START_TEST(a_refused_connection_does_not_come_back_by_a_syn_that_is_refused)
{
	refuse_tcp();
	receive(as_tcp(question(), 2));
	ck_assert_uint_eq(delivered(), 0);
	check_refused_for_good();
}
END_TEST

START_TEST(a_refused_connection_is_not_over_by_a_reset_that_is_refused)
{
	refuse_tcp();
	receive(as_tcp(question(), 4));
	ck_assert_uint_eq(delivered(), 0);
	now.now.ns += 15 * NS_PER_S;
	check_refused_for_good();
}
END_TEST

START_TEST(a_refused_connection_gives_way_to_one_of_the_host)
{
	refuse_tcp();
	transmit(as_tcp(answer(), 2));
	ck_assert_uint_eq(sent(), 1);
	receive(as_tcp(question(), 0x12));
	ck_assert_uint_eq(delivered(), 1);
	ck_assert_uint_eq(live_flows(), 1);
}
END_TEST

START_TEST(a_flow_that_began_while_it_waited_is_judged_by_the_new_rules)
{
	tunnel.has_session = false;
	transmit(as_tcp(answer(), 2));
	ck_assert_uint_eq(tunnel.staged.len, 1);
	set_rules(&drop_output, 1);
	packet_list_append(&tunnel.released, &tunnel.staged);
	tunnel.has_session = true;
	path_run_emitted(path, &now);
	(void)sent();
	receive(as_tcp(question(), 0x12));
	ck_assert_uint_eq(delivered(), 0);
}
END_TEST

START_TEST(what_waited_through_a_reload_is_judged_by_the_new_rules)
{
	transmit(answer());
	receive(question());
	(void)delivered();
	(void)sent();
	tunnel.has_session = false;
	transmit(answer());
	ck_assert_uint_eq(tunnel.staged.len, 1);
	set_rules(&drop_postrouting, 1);
	packet_list_append(&tunnel.released, &tunnel.staged);
	tunnel.has_session = true;
	path_run_emitted(path, &now);
	check_dropped("postrouting", DROP_NETFILTER_DROP);
}
END_TEST

START_TEST(a_stray_is_dropped_before_the_rules)
{
	struct packet *pkt = question();
	uint8_t *bytes = packet_data(pkt);

	/* an echo reply that nobody asked for */
	bytes[9] = IP_PROTOCOL_ICMP;
	memset(bytes + IPV4_BYTES, 0, UDP_BYTES);
	header_finish(bytes, IPV4_BYTES);
	receive(pkt);
	check_dropped("conntrack", DROP_VPN_CT_INVALID);
}
END_TEST

static struct packet *fragment(uint16_t field)
{
	struct packet *pkt = question();
	uint8_t *bytes = packet_data(pkt);

	bytes[5] = 9;
	bytes[6] = (uint8_t)(field >> 8);
	bytes[7] = (uint8_t)field;
	header_finish(bytes, IPV4_BYTES);
	return pkt;
}

START_TEST(a_later_fragment_passes_with_its_first_one)
{
	set_rules(&accept_dns, 1);
	receive(fragment(0x2000));
	receive(fragment(8));
	ck_assert_uint_eq(delivered(), 2);
	ck_assert_uint_eq(ruleset_rule(rules, 0)->packets, 1);
}
END_TEST

START_TEST(a_later_fragment_without_first_one_is_dropped)
{
	set_rules(&accept_dns, 1);
	receive(fragment(8));
	check_dropped("conntrack", DROP_VPN_FRAG_ORPHAN);
}
END_TEST

START_TEST(of_our_own_answers_none_is_a_stray)
{
	struct packet *pkt = with_ports(answer(), 0x0303, 0);

	packet_data(pkt)[9] = IP_PROTOCOL_ICMP;
	header_finish(packet_data(pkt), IPV4_BYTES);
	pkt->is_answer = true;
	set_rules(&drop_output, 1);
	transmit(pkt);
	ck_assert_uint_eq(sent(), 1);
}
END_TEST

/* Whom the host has asked may not begin a connection by that: with the same
 * ports, once the host's end is gone. */
START_TEST(who_was_asked_does_not_begin)
{
	transmit(as_tcp(answer(), 2));
	receive(as_tcp(question(), 0x12));
	transmit(as_tcp(answer(), 0x10));
	if (_i)
		transmit(as_tcp(answer(), 0x11));
	(void)sent();
	(void)delivered();
	receive(as_tcp(question(), 2));
	ck_assert_uint_eq(delivered(), 0);
}
END_TEST

START_TEST(who_was_asked_does_not_begin_after_a_reload)
{
	transmit(as_tcp(answer(), 2));
	receive(as_tcp(question(), 0x12));
	transmit(as_tcp(answer(), 0x10));
	(void)sent();
	(void)delivered();
	set_rules(NULL, 0);
	receive(as_tcp(question(), 2));
	ck_assert_uint_eq(delivered(), 0);
}
END_TEST

/* ---- without flows ---- */

/* All may come in but this port. */
static void refuse_port_alone(void)
{
	static const struct rule_spec specs[] = {
	    {.name = "not this",
		.hook = HOOK_INPUT,
		.destination_ports = {&dns, 1},
		.action = RULE_DROP},
	    {.name = "others", .hook = HOOK_INPUT, .action = RULE_ACCEPT},
	};

	set_rules(specs, ARRAY_SIZE(specs));
	path_set_filter(path, rules, NULL);
}

START_TEST(without_flows_a_port_does_not_hide_behind_a_cut)
{
	struct packet *pkt = as_tcp(question(), 2);
	uint8_t *bytes = packet_data(pkt);

	refuse_port_alone();
	bytes[3] = IPV4_BYTES + 8; /* the ports are in it, the flags not */
	bytes[6] = 0x20;
	header_finish(bytes, IPV4_BYTES);
	pkt->len = IPV4_BYTES + 8;
	receive(pkt);
	ck_assert_uint_eq(delivered(), 0);
}
END_TEST

START_TEST(without_flows_a_port_does_not_hide_behind_length_0)
{
	struct packet *pkt = udp6("fd09::7", "fd09::1");
	uint8_t *udp = packet_data(pkt) + IPV6_BYTES;

	refuse_port_alone();
	udp[3] = 53;
	udp[5] = 0;
	receive(pkt);
	ck_assert_uint_eq(delivered(), 0);
}
END_TEST

/* ---- a trace ---- */

static char told[2048];

static void tell(void *context, const struct trace_step *step)
{
	size_t used = strlen(told);

	(void)context;
	snprintf(told + used, sizeof(told) - used, "%s%s%s(%s%s%s)",
	    used ? " " : "", step->why->end == TRACE_DROPPED ? "!" : "",
	    step->stage->name, step->why->word ? step->why->word : "",
	    step->why->word ? ": " : "", step->why->text);
}

static unsigned made;

static void see_made(
    void *context, struct packet *pkt, const struct stage *entry)
{
	(void)context;
	(void)entry;
	(void)pkt;
	made++;
}

static void look(struct packet *pkt, enum trace_entry entry)
{
	const struct tracer tracer = {.step = tell, .made = see_made};

	told[0] = '\0';
	made = 0;
	pkt->peer = entry == TRACE_FROM_PEER ? &tunnel.peers[0] : NULL;
	path_trace(path, entry, pkt, &now, &tracer);
}

START_TEST(a_trace_tells_of_the_flow_and_changes_nothing)
{
	set_rules(&accept_dns, 1);
	look(question(), TRACE_FROM_PEER);
	ck_assert_ptr_nonnull(strstr(told, "conntrack(new: no flow)"));
	ck_assert_uint_eq(live_flows(), 0);
	receive(question());
	look(question(), TRACE_FROM_PEER);
	ck_assert_ptr_nonnull(
	    strstr(told, "conntrack(new: new, ends in 30 s, not answered)"));
	look(answer(), TRACE_FROM_HOST);
	ck_assert_ptr_nonnull(strstr(told, "output(established: "));
	transmit(answer());
	look(question(), TRACE_FROM_PEER);
	ck_assert_ptr_nonnull(
	    strstr(told, "conntrack(established: established, ends in 120 s)"));
	look(fragment(8), TRACE_FROM_PEER);
	ck_assert_ptr_nonnull(strstr(told, "!conntrack("));
	path_set_filter(path, NULL, NULL);
	look(question(), TRACE_FROM_PEER);
	ck_assert_ptr_nonnull(strstr(told, "conntrack(no stateful filter)"));
	(void)delivered();
	(void)sent();
}
END_TEST

START_TEST(a_trace_tells_of_a_refused_connection)
{
	set_rules(&accept_dns, 1);
	receive(as_tcp(question(), 2));
	transmit(as_tcp(answer(), 0x12));
	set_rules(NULL, 0);
	look(as_tcp(answer(), 0x10), TRACE_FROM_HOST);
	ck_assert_ptr_nonnull(strstr(told,
	    "!output(invalid: of a connection that the present rules refuse"));
	ck_assert_uint_eq(made, 1); /* the reset */
	look(as_tcp(answer(), 1), TRACE_FROM_HOST);
	ck_assert_ptr_nonnull(strstr(told, "no flow, and it can not begin"));
	ck_assert_uint_eq(live_flows(), 1);
	(void)delivered();
	(void)sent();
}
END_TEST

/* The host's packet is of its receiver's flows, who has as many as he may. */
START_TEST(a_trace_finds_the_flow_table_full)
{
	static const struct rule_spec accept = {
	    .name = "all", .hook = HOOK_INPUT, .action = RULE_ACCEPT};

	set_rules(&accept, 1);
	for (uint16_t i = 0; i < 64; i++) {
		look(with_ports(answer(), 9, 4000), TRACE_FROM_HOST);
		ck_assert_ptr_null(strstr(told, "!"));
		receive(with_ports(question(), 4000, (uint16_t)(100 + i)));
		transmit(with_ports(answer(), (uint16_t)(100 + i), 4000));
	}
	ck_assert_uint_eq(live_flows(), 64);
	look(with_ports(answer(), 9, 4000), TRACE_FROM_HOST);
	ck_assert_ptr_nonnull(strstr(told, "!"));
	look(with_ports(answer(), 100, 4000), TRACE_FROM_HOST);
	ck_assert_ptr_null(strstr(told, "!"));
	(void)delivered();
	(void)sent();
	transmit(with_ports(answer(), 9, 4000));
	ck_assert_uint_eq(sent(), 0);
}
END_TEST

/* ---- tap ---- */

static void setup_switch(void)
{
	setup_tap();
	learn_all();
	begin();
}

static void teardown_switch(void)
{
	take_results();
	teardown_tap();
	flows_free(flows);
	ruleset_free(rules);
}

/* From peer 0 to the host, or to another one. */
static struct packet *question_frame(const char *destination)
{
	return framed(question(), destination, PEER_MAC(0), ETHERTYPE_IPV4);
}

static struct packet *answer_frame(void)
{
	return framed(answer(), PEER_MAC(0), HOST_MAC, ETHERTYPE_IPV4);
}

static struct rule_spec accept_mac(const struct mac *mac)
{
	struct rule_spec spec = accept_dns;

	spec.source_mac = mac;
	return spec;
}

START_TEST(a_frame_is_of_a_flow_too)
{
	transmit(answer_frame());
	ck_assert_uint_eq(sent_to(0), 1);
	receive_from(0, question_frame(HOST_MAC));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(live_flows(), 1);
	/* not in another network */
	receive_from(0, tagged(question_frame(HOST_MAC), ETHERTYPE_VLAN, 7));
	check_dropped_once("input", DROP_NETFILTER_DROP);
}
END_TEST

START_TEST(a_frame_that_output_drops_is_counted_for_its_receiver)
{
	set_rules(&drop_output, 1);
	transmit(answer_frame());
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_NETFILTER_DROP], 1);
}
END_TEST

START_TEST(the_switch_asks_forward_before_postrouting)
{
	receive_from(0, question_frame(PEER_MAC(2)));
	check_dropped_once("forward", DROP_NETFILTER_DROP);
	ck_assert_uint_eq(live_flows(), 0);
	set_rules(
	    &(struct rule_spec){
		.name = "all", .hook = HOOK_FORWARD, .action = RULE_ACCEPT},
	    1);
	receive_from(0, question_frame(PEER_MAC(2)));
	ck_assert_uint_eq(sent_to(2), 1);
	ck_assert_uint_eq(live_flows(), 1);
}
END_TEST

START_TEST(the_switch_tells_the_sender_of_a_reject_between_peers)
{
	set_rules(
	    &(struct rule_spec){
		.name = "no", .hook = HOOK_FORWARD, .action = RULE_REJECT},
	    1);
	receive_from(0, question_frame(PEER_MAC(2)));
	check_dropped_once("forward", DROP_NETFILTER_DROP);
	ck_assert_uint_eq(sent_to(2), 0);
	ck_assert_uint_eq(sent_to(0), 1);
	/* for the sender, like a router's */
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_NETFILTER_DROP], 1);
}
END_TEST

START_TEST(frames_are_judged_again_with_their_addresses)
{
	struct mac mac, other;

	ck_assert_int_eq(mac_parse(&mac, PEER_MAC(0)), 0);
	ck_assert_int_eq(mac_parse(&other, PEER_MAC(1)), 0);
	set_rules((struct rule_spec[]){accept_mac(&mac), drop_output}, 2);
	receive_from(0, tagged(question_frame(HOST_MAC), ETHERTYPE_VLAN, 7));
	transmit(tagged(answer_frame(), ETHERTYPE_VLAN, 7));
	ck_assert_uint_eq(sent_to(0), 1);
	/* the answer is judged by the addresses of the question */
	set_rules((struct rule_spec[]){drop_output, accept_mac(&mac)}, 2);
	transmit(tagged(answer_frame(), ETHERTYPE_VLAN, 7));
	ck_assert_uint_eq(sent_to(0), 2);
	set_rules((struct rule_spec[]){drop_output, accept_mac(&other)}, 2);
	transmit(tagged(answer_frame(), ETHERTYPE_VLAN, 7));
	check_dropped_once("output", DROP_NETFILTER_DROP);
	ck_assert_uint_eq(live_flows(), 0);
}
END_TEST

START_TEST(a_frame_of_no_flow_is_judged_by_rules_alone)
{
	receive_from(0, arp("10.9.0.7", "10.9.0.1"));
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	set_rules(
	    &(struct rule_spec){
		.name = "arp", .hook = HOOK_INPUT, .action = RULE_ACCEPT},
	    1);
	receive_from(0, arp("10.9.0.7", "10.9.0.1"));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(live_flows(), 0);
}
END_TEST

START_TEST(a_station_that_moves_is_asked_about_again)
{
	/* to MAC 3, behind peer 3, and answered from there */
	transmit(framed(answer(), PEER_MAC(3), HOST_MAC, ETHERTYPE_IPV4));
	receive_from(
	    3, framed(question(), HOST_MAC, PEER_MAC(3), ETHERTYPE_IPV4));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	take_results();
	/* the station is behind peer 2 now */
	receive_from(2, frame(HOST_MAC, PEER_MAC(3)));
	set_rules(NULL, 0);
	take_results();
	transmit(framed(answer(), PEER_MAC(3), HOST_MAC, ETHERTYPE_IPV4));
	ck_assert_uint_eq(sent_to(2), 1);
	ck_assert_uint_eq(live_flows(), 2);
	receive_from(
	    2, framed(question(), HOST_MAC, PEER_MAC(3), ETHERTYPE_IPV4));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

static struct packet *tcp_frame(
    struct packet *pkt, uint8_t flags, const char *to, const char *from)
{
	return framed(as_tcp(pkt, flags), to, from, ETHERTYPE_IPV4);
}

/* A flood has made flows of the same addresses and ports, from the host. */
START_TEST(a_refused_connection_does_not_come_back_by_a_flood)
{
	/* to two others, and to all */
	for (unsigned i = 3; i < FAKE_PEERS; i++)
		tunnel.peers[i].takes_no_floods = !_i;
	set_rules(&accept_dns, 1);
	receive_from(0, tcp_frame(question(), 2, HOST_MAC, PEER_MAC(0)));
	transmit(tcp_frame(answer(), 0x12, PEER_MAC(0), HOST_MAC));
	receive_from(0, tcp_frame(question(), 0x10, HOST_MAC, PEER_MAC(0)));
	take_results();
	/* as the peer told ARP a MAC that it never sends from */
	transmit(tcp_frame(answer(), 0x10, ANY_MAC, HOST_MAC));
	take_results();
	set_rules(NULL, 0);
	transmit(tcp_frame(answer(), 0x10, PEER_MAC(0), HOST_MAC));
	ck_assert_uint_eq(sent_to(0), 0);
	take_results();
	receive_from(0, tcp_frame(question(), 0x10, HOST_MAC, PEER_MAC(0)));
	ck_assert_uint_eq(path_to_device(path)->len, 0);
}
END_TEST

/* Two peers that act together: a flow between them is none with the host,
 * whatever its addresses are. */
START_TEST(a_flow_with_another_peer_is_none_with_the_host)
{
	static const struct rule_spec specs[] = {
	    {.name = "peers", .hook = HOOK_FORWARD, .action = RULE_ACCEPT},
	    {.name = "begins not",
		.hook = HOOK_INPUT,
		.states = 1u << FLOW_NEW,
		.action = RULE_DROP},
	    {.name = "answers", .hook = HOOK_INPUT, .action = RULE_ACCEPT},
	};

	set_rules(specs, ARRAY_SIZE(specs));
	receive_from(
	    2, framed(question(), HOST_MAC, PEER_MAC(2), ETHERTYPE_IPV4));
	check_dropped_once("input", DROP_NETFILTER_DROP);
	receive_from(
	    2, framed(question(), PEER_MAC(3), PEER_MAC(2), ETHERTYPE_IPV4));
	ck_assert_uint_eq(sent_to(3), 1);
	receive_from(
	    3, framed(answer(), PEER_MAC(2), PEER_MAC(3), ETHERTYPE_IPV4));
	ck_assert_uint_eq(sent_to(2), 1);
	take_results();
	receive_from(
	    2, framed(question(), HOST_MAC, PEER_MAC(2), ETHERTYPE_IPV4));
	ck_assert_uint_eq(path_to_device(path)->len, 0);
}
END_TEST

/* More extension headers than we walk along; Linux goes on to UDP. */
static struct packet *behind_headers(void)
{
	enum {
		HEADERS = 9,
		BYTES = 8
	};
	struct packet *pkt = udp6("fd09::7", "fd09::1");
	uint8_t *at = packet_data(pkt);

	memmove(at + IPV6_BYTES + HEADERS * BYTES, at + IPV6_BYTES, UDP_BYTES);
	memset(at + IPV6_BYTES, 0, HEADERS * BYTES);
	for (int i = 0; i < HEADERS; i++) {
		at[IPV6_BYTES + i * BYTES] = IP_PROTOCOL_OPTIONS;
		at[IPV6_BYTES + i * BYTES + 2] = 1; /* PadN of 4 */
		at[IPV6_BYTES + i * BYTES + 3] = 4;
	}
	at[IPV6_BYTES + (HEADERS - 1) * BYTES] = IP_PROTOCOL_UDP;
	at[6] = IP_PROTOCOL_OPTIONS;
	at[5] = HEADERS * BYTES + UDP_BYTES;
	pkt->len += HEADERS * BYTES;
	return framed(pkt, HOST_MAC, PEER_MAC(2), ETHERTYPE_IPV6);
}

START_TEST(what_we_can_not_read_is_not_hidden_from_the_rules)
{
	static const struct rule_range any = {0, 65535};
	static const struct rule_spec specs[] = {
	    {.name = "no udp",
		.hook = HOOK_INPUT,
		.destination_ports = {&any, 1},
		.action = RULE_DROP},
	    {.name = "others", .hook = HOOK_INPUT, .action = RULE_ACCEPT},
	};

	change_port(2, (struct bridge_port_setup){
			   .is_router = true, .is_dhcp_server = true});
	set_rules(specs, ARRAY_SIZE(specs));
	receive_from(2, behind_headers());
	ck_assert_uint_eq(path_to_device(path)->len, 0);
}
END_TEST

static TCase *tap_cases(void)
{
	TCase *tcase = tcase_create("tap");

	tcase_add_checked_fixture(tcase, setup_switch, teardown_switch);
	tcase_add_test(tcase, a_frame_is_of_a_flow_too);
	tcase_add_test(
	    tcase, a_frame_that_output_drops_is_counted_for_its_receiver);
	tcase_add_test(tcase, the_switch_asks_forward_before_postrouting);
	tcase_add_test(
	    tcase, the_switch_tells_the_sender_of_a_reject_between_peers);
	tcase_add_test(tcase, frames_are_judged_again_with_their_addresses);
	tcase_add_test(tcase, a_frame_of_no_flow_is_judged_by_rules_alone);
	tcase_add_test(tcase, a_station_that_moves_is_asked_about_again);
	tcase_add_test(tcase, a_flow_with_another_peer_is_none_with_the_host);
	tcase_add_test(
	    tcase, what_we_can_not_read_is_not_hidden_from_the_rules);
	tcase_add_loop_test(
	    tcase, a_refused_connection_does_not_come_back_by_a_flood, 0, 2);
	return tcase;
}

static TCase *tun_cases(void)
{
	TCase *tcase = tcase_create("tun");

	tcase_add_checked_fixture(tcase, setup_filter, teardown_filter);
	tcase_add_test(tcase, without_rules_each_packet_passes);
	tcase_add_loop_test(tcase, each_hook_is_asked, 0, 3);
	tcase_add_test(tcase, what_output_drops_is_counted_for_its_receiver);
	tcase_add_test(tcase, the_policy_of_input_holds);
	tcase_add_test(tcase, what_is_rejected_is_answered);
	tcase_add_test(tcase, the_policy_of_forward_holds);
	tcase_add_test(tcase, an_answer_needs_no_rule);
	tcase_add_test(tcase, what_the_host_begins_is_answered);
	tcase_add_test(tcase, the_rules_are_not_asked_about_an_answered_flow);
	tcase_add_test(tcase, a_super_packet_of_an_accepted_flow_stays_whole);
	tcase_add_test(tcase, a_peer_to_peer_flow_is_answered);
	tcase_add_test(tcase, an_answer_of_another_peer_is_none);
	tcase_add_test(tcase, after_a_reload_flows_go_on_that_may_begin);
	tcase_add_test(tcase, after_a_reload_flows_end_that_may_not_begin);
	tcase_add_test(tcase,
	    after_a_reload_a_refused_connection_does_not_go_on_as_the_hosts);
	tcase_add_test(tcase,
	    a_refused_connection_does_not_come_back_by_a_syn_that_is_refused);
	tcase_add_test(
	    tcase, a_refused_connection_is_not_over_by_a_reset_that_is_refused);
	tcase_add_test(
	    tcase, a_refused_connection_gives_way_to_one_of_the_host);
	tcase_add_test(tcase,
	    a_flow_that_began_while_it_waited_is_judged_by_the_new_rules);
	tcase_add_test(
	    tcase, what_waited_through_a_reload_is_judged_by_the_new_rules);
	tcase_add_test(tcase, a_stray_is_dropped_before_the_rules);
	tcase_add_test(tcase, a_later_fragment_passes_with_its_first_one);
	tcase_add_test(tcase, a_later_fragment_without_first_one_is_dropped);
	tcase_add_test(tcase, of_our_own_answers_none_is_a_stray);
	tcase_add_loop_test(tcase, who_was_asked_does_not_begin, 0, 2);
	tcase_add_test(tcase, who_was_asked_does_not_begin_after_a_reload);
	tcase_add_test(tcase, without_flows_a_port_does_not_hide_behind_a_cut);
	tcase_add_test(
	    tcase, without_flows_a_port_does_not_hide_behind_length_0);
	tcase_add_test(tcase, a_trace_tells_of_the_flow_and_changes_nothing);
	tcase_add_test(tcase, a_trace_tells_of_a_refused_connection);
	tcase_add_test(tcase, a_trace_finds_the_flow_table_full);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("filter");

	suite_add_tcase(suite, tun_cases());
	suite_add_tcase(suite, tap_cases());
	return suite;
}
