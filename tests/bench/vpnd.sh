# SPDX-License-Identifier: ISC
# vpnd.sh - vpnd as one of the tunnels that `run` sets side by side.
#
# How it works: lab.sh brings up two hosts (10.99.0.1 and 10.99.0.2) and calls
# peer_NAME, which joins them; A and B run a command on them, $RUN is a scratch
# directory. The programs come from VPND_BUILD (a build directory or an
# installed prefix), or from PATH.
# shellcheck shell=bash

vpnd_program() { # NAME
	local dir
	for dir in ${VPND_BUILD:+"$VPND_BUILD" "$VPND_BUILD/sbin" \
		"$VPND_BUILD/bin"}; do
		[ -f "$dir/$1" ] && [ -x "$dir/$1" ] && echo "$dir/$1" && return
	done
	command -v "$1"
}

vpnd_extension=required # whether the other one has to be vpnd, too
vpnd_host() { # HOST NUMBER OTHER NUMBER SETTINGS [SETTINGS OF THE DEVICE]
	cat >"$RUN/vpnd-$1.conf" <<-X
	device = { name = "vpn$1"; addresses = [ "10.77.0.$2/24" ];
		${6:-} };
	listen = { port = 51820; };
	private_key_file = "$RUN/vpnd-$1.key";
	$5
	peers = ( { name = "$3"; public_key = "$(cat "$RUN/vpnd-$3.pub")";
		endpoint = "10.99.0.$4:51820";
		allowed_ips = [ "10.77.0.$4/32" ];
		extension = "$vpnd_extension"; } );
	X
}

vpnd_keys() {
	local vpnctl h
	vpnctl=$(vpnd_program vpnctl)
	for h in a b; do
		rm -rf "$RUN/vpnd-$h".*
		mkdir -p "$RUN/vpnd-$h.run" "$RUN/vpnd-$h.state"
		(umask 077; "$vpnctl" genkey >"$RUN/vpnd-$h.key")
		"$vpnctl" pubkey <"$RUN/vpnd-$h.key" >"$RUN/vpnd-$h.pub"
	done
}

vpnd_pair() { # SETTINGS [SETTINGS OF THE DEVICE]
	local vpnd
	vpnd=$(vpnd_program vpnd)
	vpnd_keys
	vpnd_host a 1 b 2 "$@"
	vpnd_host b 2 a 1 "$@"
	vpnd_run A a "$vpnd"
	vpnd_run B b "$vpnd"
}
vpnd_run() { # A|B HOST PROGRAM
	("$1" "$3" --socket "$RUN/vpnd-$2.run/ctl.sock" \
		--state-dir "$RUN/vpnd-$2.state" "$RUN/vpnd-$2.conf" \
		>"$RUN/vpnd-$2.log" 2>&1 &)
}

peer_vpnd() { vpnd_pair ""; } # what two vpnd's agree on by themselves
peer_vpnd_gcm() { vpnd_pair 'ciphers = [ "aes256gcm" ];'; }
peer_vpnd_chacha() { vpnd_pair 'ciphers = [ "chacha20poly1305" ];'; }
peer_vpnd_lz4() { vpnd_pair 'compress = "lz4";'; }
peer_vpnd_zstd() { vpnd_pair 'compress = "zstd";'; }

vpnd_compress() { # ALGORITHM: what both ends do from now on
	local h
	for h in a b; do
		sed -i '/^compress = /d' "$RUN/vpnd-$h.conf"
		echo "compress = \"$1\";" >>"$RUN/vpnd-$h.conf"
		"$(vpnd_program vpnctl)" --socket "$RUN/vpnd-$h.run/ctl.sock" \
			reload >/dev/null || return
	done
}

tap='type = "tap";'
peer_vpnd_tap() { vpnd_pair "" "$tap"; }
peer_vpnd_tap_lz4() { vpnd_pair 'compress = "lz4";' "$tap"; }

# One side vpnd, the other wireguard-go (others.sh).
have_vpnd_mixed() { have_wireguard_go; }
peer_vpnd_mixed() {
	local vpnd_extension=auto h
	vpnd_keys
	for h in a b; do
		cp "$RUN/vpnd-$h.key" "$RUN/wg-$h.key"
		cp "$RUN/vpnd-$h.pub" "$RUN/wg-$h.pub"
	done
	vpnd_host a 1 b 2 ""
	vpnd_run A a "$(vpnd_program vpnd)"
	wireguard_go_host B b 2 a 1
}
