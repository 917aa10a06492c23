# SPDX-License-Identifier: ISC
# others.sh - other tunnels between the two hosts of lab.sh.
#
# How it works: peer_NAME brings one up, have_NAME says whether its program is
# there. WIREGUARD_GO names another wireguard-go than that of PATH: only since
# 0.0.20230223 does it have offloads, and an older one is no measure. NEBULA and
# NEBULA_CERT name another nebula and nebula-cert.
# shellcheck shell=bash

others_versions() { # of what is measured, a line each
	local line
	for line in "$(vpnd_program vpnd) --version" "$wireguard_go --version" \
		"openvpn --version" "fastd --version" "$nebula -version"; do
		# shellcheck disable=SC2086 # words
		command -v ${line% *} >/dev/null && echo "# $($line 2>&1 | head -n 1)"
	done
	true
}

have_direct() { true; }
peer_direct() { TB=10.99.0.2; }

# ---- wireguard-go ----

wireguard_go=${WIREGUARD_GO:-wireguard-go}
have_wireguard_go() {
	local version
	version=$("$wireguard_go" --version 2>/dev/null |
		sed -n '1s/.*v0\.0\.\([0-9]*\).*/\1/p')
	command -v wg >/dev/null && [ "${version:-0}" -ge 20230223 ]
}
wireguard_go_keys() {
	local host
	for host in a b; do
		(umask 077; wg genkey >"$RUN/wg-$host.key")
		wg pubkey <"$RUN/wg-$host.key" >"$RUN/wg-$host.pub"
	done
}
# All namespaces share the place of its control sockets.
wireguard_go_device() { echo "w$1${NSA: -12}" | tr -dc 'a-z0-9'; }
wireguard_go_host() { # A|B HOST NUMBER OTHER NUMBER
	local device
	device=$(wireguard_go_device "$2")
	("$1" "$wireguard_go" "$device" >"$RUN/wg-$2.log" 2>&1)
	lab_wait 100 "$1" wg show "$device"
	"$1" wg set "$device" listen-port 51820 private-key "$RUN/wg-$2.key" \
		peer "$(cat "$RUN/wg-$4.pub")" allowed-ips "10.77.0.$5/32" \
		endpoint "10.99.0.$5:51820"
	"$1" ip address add "10.77.0.$3/24" dev "$device"
	"$1" ip link set "$device" mtu 1420 up
}
peer_wireguard_go() {
	wireguard_go_keys
	wireguard_go_host A a 1 b 2
	wireguard_go_host B b 2 a 1
}

# ---- OpenVPN: two ends with certificates of their own, AES-256-GCM ----

have_openvpn() { command -v openvpn openssl >/dev/null; }
openvpn_certificates() {
	local host
	for host in a b; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -subj "/CN=$host" -days 2 \
			-keyout "$RUN/ov-$host.key" -out "$RUN/ov-$host.crt"
		openssl x509 -in "$RUN/ov-$host.crt" -noout -fingerprint \
			-sha256 | sed 's/.*=//' >"$RUN/ov-$host.print"
	done
}
openvpn_host() { # A|B HOST NUMBER OTHER NUMBER ROLE MORE
	cat >"$RUN/ov-$2.conf" <<-X
	dev ovpn$2
	dev-type tun
	disable-dco
	proto udp
	remote 10.99.0.$5
	ifconfig 10.77.0.$3 10.77.0.$5
	$6
	cert $RUN/ov-$2.crt
	key $RUN/ov-$2.key
	peer-fingerprint $(cat "$RUN/ov-$4.print")
	data-ciphers AES-256-GCM
	log $RUN/ov-$2.log
	daemon
	$7
	X
	"$1" openvpn --config "$RUN/ov-$2.conf"
}
openvpn_pair() { # MORE
	openvpn_certificates
	openvpn_host A a 1 b 2 "tls-client" "$1"
	openvpn_host B b 2 a 1 $'tls-server\ndh none' "$1"
}
peer_openvpn() { openvpn_pair ""; }
have_openvpn_lz4() { have_openvpn; }
peer_openvpn_lz4() { openvpn_pair $'allow-compression yes\ncompress lz4-v2'; }

# ---- fastd, with the fastest of its safe methods ----

have_fastd() { command -v fastd >/dev/null; }
fastd_host() { # A|B HOST OTHER NUMBER MODE
	cat >"$RUN/fastd-$2.conf" <<-X
	mode $5;
	interface "fast$2";
	mtu 1400;
	bind 0.0.0.0:10000;
	method "aes128-ctr+umac";
	secret "$(cat "$RUN/fastd-$2.key")";
	peer "other" {
		key "$(cat "$RUN/fastd-$3.pub")";
		remote 10.99.0.$4:10000;
	}
	X
	("$1" fastd --config "$RUN/fastd-$2.conf" >"$RUN/fastd-$2.log" 2>&1 &)
	lab_wait 100 "$1" ip link show "fast$2"
}
fastd_pair() { # MODE
	local host
	for host in a b; do
		fastd --generate-key --machine-readable >"$RUN/fastd-$host.key"
		echo "secret \"$(cat "$RUN/fastd-$host.key")\";" |
			fastd --config - --show-key --machine-readable \
				>"$RUN/fastd-$host.pub"
	done
	fastd_host A a b 2 "$1"
	fastd_host B b a 1 "$1"
	lab_devices fasta fastb 1400
}
peer_fastd() { fastd_pair tun; }
have_fastd_tap() { have_fastd; }
peer_fastd_tap() { fastd_pair tap; }

# ---- Nebula, with AES ----

nebula=${NEBULA:-nebula} nebula_cert=${NEBULA_CERT:-nebula-cert}
have_nebula() {
	command -v "$nebula" >/dev/null && command -v "$nebula_cert" >/dev/null
}
nebula_certificates() (
	cd "$RUN" && rm -f neb-*.crt neb-*.key || exit
	"$nebula_cert" ca -name bench -out-crt neb-ca.crt -out-key neb-ca.key
	for host in "a 1" "b 2"; do
		# shellcheck disable=SC2086 # words
		set -- $host
		"$nebula_cert" sign -ca-crt neb-ca.crt -ca-key neb-ca.key -name "$1" \
			-ip "10.77.0.$2/24" -out-crt "neb-$1.crt" \
			-out-key "neb-$1.key"
	done
)
nebula_host() { # A|B HOST NUMBER
	cat >"$RUN/neb-$2.yml" <<-X
	pki:
	  ca: $RUN/neb-ca.crt
	  cert: $RUN/neb-$2.crt
	  key: $RUN/neb-$2.key
	static_host_map:
	  "10.77.0.$3": ["10.99.0.$3:4242"]
	lighthouse:
	  am_lighthouse: $([ "$2" = b ] && echo true || echo false)
	  hosts: [$([ "$2" = b ] || echo '"10.77.0.2"')]
	listen:
	  host: 0.0.0.0
	  port: 4242
	cipher: aes
	tun:
	  dev: neb$2
	  mtu: 1400
	firewall:
	  outbound:
	    - { port: any, proto: any, host: any }
	  inbound:
	    - { port: any, proto: any, host: any }
	X
	("$1" "$nebula" -config "$RUN/neb-$2.yml" >"$RUN/neb-$2.log" 2>&1 &)
}
peer_nebula() {
	nebula_certificates
	nebula_host B b 1
	nebula_host A a 2
}
