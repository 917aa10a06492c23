#!/bin/bash
# SPDX-License-Identifier: ISC
# packages.sh - the one list of Debian 12 packages, by what they are needed for.
#
#   packages.sh PURPOSE...            print the packages of these purposes
#   packages.sh --install PURPOSE...  install those that are missing (as root)
#
# Purposes: build (configure, make, make install), demo (contrib/demo.sh beside
# build), tests (all of tests/run.sh beside build), bench (tests/bench/run with
# other tunnels, beside build).
set -eu

build="autoconf automake gcc libc6-dev make pkg-config xz-utils
	check libc-ares-dev libcap-ng-dev libconfig-dev libev-dev
	libjansson-dev liblz4-dev libmnl-dev libpcap-dev libseccomp-dev
	libsodium-dev libssl-dev libzstd-dev"
# Intel's ciphers are for x86-64; elsewhere vpnd does without.
case $(dpkg --print-architecture) in
amd64) build="$build libipsec-mb-dev" ;;
esac
demo="iproute2 iputils-ping python3"
tests="$demo binutils busybox clang ethtool git jq libclang-rt-14-dev llvm-14
	man-db mandoc mmdebstrap nftables procps python3-cryptography socat
	strace systemd tcpdump util-linux wireguard-go wireguard-tools"

bench="$demo ethtool fastd iperf3 jq nebula openssl openvpn procps socat
	wireguard-go wireguard-tools"

packages() {
	local purpose
	for purpose; do
		case $purpose in
		build) echo "$build" ;;
		demo) echo "$demo" ;;
		tests) echo "$tests" ;;
		bench) echo "$bench" ;;
		*) echo "packages.sh: unknown purpose: $purpose" >&2; exit 2 ;;
		esac
	done | tr -s '[:space:]' '\n' | sed '/^$/d' | sort -u
}

missing() {
	local package state
	for package; do
		state=$(dpkg-query -Wf '${db:Status-Abbrev}' "$package" \
			2>/dev/null || true)
		[ "$state" = "ii " ] || echo "$package"
	done
}

if [ "${1:-}" != --install ]; then
	packages "$@"
	exit
fi
shift
wanted=$(packages "$@")
# shellcheck disable=SC2086 # a list of words
absent=$(missing $wanted)
[ -n "$absent" ] || exit 0
echo "installing: ${absent//$'\n'/ }"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
get() {
	apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" \
		</dev/null >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}
get update
# shellcheck disable=SC2086 # a list of words
get install -y --no-install-recommends $absent
