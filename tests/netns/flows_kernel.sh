#!/bin/bash
# SPDX-License-Identifier: ISC
# The kernel's connection tracking and net/flow say the same of the same packets
# (receive-path.md, T4): see flows_kernel.c.
#
#	namespace s:  tun 1 (A, 10.9.0.7) -- forwarding -- tun 2 (B, 10.9.0.1)
#
# Environment: VPND_TESTS, a build directory with flows_kernel (default:
# VPND_BUILD); SEED; STEPS, how many random ones (default 50000; at
# some 300000 the tables are full).
. "$(dirname "$0")/lib.sh"
model=${VPND_TESTS:-${VPND_BUILD:-.}}/flows_kernel

[ -x "$model" ] || skip_all "flows_kernel is not built: make flows_kernel"
[ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun"
command -v nft >/dev/null || skip_all "there is no nft"
host s

cat >"$RUN/rules.nft" <<EOF
table inet state {
	chain before {
		type filter hook prerouting priority 0
		ct state new ip dscp set 1
		ct state established ip dscp set 2
		ct state related ip dscp set 3
		ct state invalid ip dscp set 4
		ct state untracked ip dscp set 5
		ct state new ip6 dscp set 1
		ct state established ip6 dscp set 2
		ct state related ip6 dscp set 3
		ct state invalid ip6 dscp set 4
		ct state untracked ip6 dscp set 5
	}
}
EOF
on s nft -f "$RUN/rules.nft" 2>"$RUN/nft.out" ||
	skip_all "no ct state in this kernel: $(head -n 1 "$RUN/nft.out")"

cat >"$RUN/setup.sh" <<EOF
set -e
for side in 1 2; do
	echo 0 >/proc/sys/net/ipv4/conf/${P}\$side/rp_filter
	ip link set dev ${P}\$side up
done
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
# windows are not ours to judge
echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal
for host in 7 8; do
	ip route add 10.9.0.\$host dev ${P}1
	ip -6 route add fd09::\$host dev ${P}1
done
ip route add 10.9.0.1 dev ${P}2
ip -6 route add fd09::1 dev ${P}2
EOF

nsenter --net="/run/netns/$(ns s)" "$model" "$P" "sh $RUN/setup.sh" \
	"${STEPS:-50000}" >"$RUN/model.out" 2>&1
model_said $?
finish
