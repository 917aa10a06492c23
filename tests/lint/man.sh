#!/bin/bash
# SPDX-License-Identifier: ISC
# vpnd.conf(5) is sound mdoc and tells the settings that the schema has; the
# examples have them too, and are good.
set -u

conf=${builddir:?}/vpnd-conf
page=$srcdir/man/vpnd.conf.5
. "${srcdir:?}/tests/lint/lib.sh"

# The first table of the page, as --list-keys prints it.
table_of_page()
{
	sed -n '/^\.Sh SETTINGS/,/^\.El/s/^\.It \([a-z]\)/\1/p' "$page" |
		sed 's/\\&//g; s/ Ta /\t/g'
}

# try_example NAME [FILE]: an example with key files that exist.
try_example()
{
	sed "s|\"/etc/vpnd/keys/[^\"]*\"|\"$scratch/key\"|" \
		"${2:-$srcdir/conf/$1.conf}" >"$scratch/$1.conf"
	"$conf" "$scratch/$1.conf" >"$scratch/$1.flat" 2>"$scratch/said" &&
		[ ! -s "$scratch/said" ]
	ok $? "$1.conf is good"
}

"$conf" --list-keys >"$scratch/keys"
if command -v mandoc >/dev/null; then
	mandoc -Tlint -W warning "$page" >"$scratch/said" 2>&1
	ok $? "mandoc has nothing to warn of"
else
	skip "mandoc has nothing to warn of" "mandoc is not installed"
fi

[ -s "$scratch/keys" ] &&
	diff "$scratch/keys" <(table_of_page) >"$scratch/said"
ok $? "the table has the settings, values and defaults of the schema"

cut -f 1 "$scratch/keys" | while read -r key; do
	grep -qx "\\.It Cm $key" "$page" || echo "$key is not described"
done >"$scratch/said"
[ ! -s "$scratch/said" ]
ok $? "each setting is described"

cut -f 1 "$scratch/keys" | while read -r key; do
	grep -q "\\<${key##*.} = " "$srcdir/conf/example.conf" ||
		echo "$key is missing"
done >"$scratch/said"
[ ! -s "$scratch/said" ]
ok $? "example.conf has each setting, in use or as a comment"

# The hub: the peers in the comment of bridge.conf instead of those before.
sed -e '/^peers = (/,/^);/d' -e '/^# peers = (/,/^# );/s/^# //' \
	"$srcdir/conf/bridge.conf" >"$scratch/hub.in"

cut -f 1 "$scratch/keys" | while read -r key; do
	cat "$srcdir/conf/example.conf" "$srcdir/conf/bridge.conf" \
		"$srcdir/conf/firewall.conf" "$scratch/hub.in" |
		grep -q "^[^#]*\\<${key##*.} = " || echo "$key is missing"
done >"$scratch/said"
[ ! -s "$scratch/said" ]
ok $? "example.conf, bridge.conf and firewall.conf use each setting"

(umask 077 && "$builddir/vpnctl" genkey >"$scratch/key")
try_example example
try_example minimal
try_example bridge
try_example firewall
grep -q '^s	device_type	tap$' "$scratch/bridge.flat"
ok $? "bridge.conf has a tap device"
[ "$(grep -c '^s	hook	' "$scratch/firewall.flat")" -eq 7 ]
ok $? "firewall.conf has seven rules"

# What the page shows, as files page1, page2, ...
awk -v to="$scratch/page" '/^\.Sh EXAMPLES/ { on = 1 } /^\.Sh DIAG/ { on = 0 }
	/^\.Ed/ { in_file = 0 } on && in_file { print >(to n ".in") }
	/^\.Bd/ { in_file = 1; n++ } !on { n = 0 }' "$page"
for file in "$scratch"/page*.in; do
	try_example "$(basename "$file" .in)" "$file"
done
[ -s "$scratch/page3.flat" ]
ok $? "the page has three examples"
try_example hub "$scratch/hub.in"
grep -c '^s	name	\(branch\|depot\|laptop\)$' "$scratch/hub.flat" |
	grep -qx 3
ok $? "the hub of bridge.conf has three peers"

# same_flat TEXT: a.conf and b.conf are the same but for their places.
same_flat()
{
	local fields='/^[su]\t(name|file|.*place_(line|column))\t/d' file
	for file in a b; do
		"$conf" --name a "$scratch/$file.conf" |
			sed -E "$fields" >"$scratch/$file"
	done
	[ -s "$scratch/a" ] && diff "$scratch/a" "$scratch/b" >"$scratch/said"
	ok $? "$1"
}

# What is left away has the default that is told.
printf 'private_key_file = "%s";' "$scratch/key" >"$scratch/a.conf"
cat >"$scratch/b.conf" <<END
private_key_file = "$scratch/key"; device = { type = "tun"; name = "a";
addresses = [ ]; mtu = 1420; mss_clamp = true; txqueuelen = 250; offload = "auto"; }; fwmark = 0;
listen = { port = 0; address = "::"; udp_gso = "auto"; udp_gro = "auto"; }; routes = "auto"; compress = "none"; workers = "auto"; affinity = "auto";
forwarding = "kernel"; socket_order = "classic"; busy_poll = 0; log = { level = "info"; };
peers = ( ); sockets = ( );
END
same_flat "settings left away have the defaults that are told"

peer='name = "p"; public_key = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";'
cat >"$scratch/a.conf" <<END
private_key_file = "$scratch/key"; device = { type = "tap"; };
peers = ( { $peer } );
END
cat >"$scratch/b.conf" <<END
private_key_file = "$scratch/key"; device = { type = "tap"; mtu = 1400; mss_clamp = false; };
routes = "auto"; l2 = { hub = true; ageing = "300s"; max_macs = 4096;
max_macs_per_peer = 256; bpdu = "drop"; pause = "drop"; storm = {
broadcast = 1000; multicast = 1000; unknown_unicast = 1000; }; };
peers = ( { $peer extension = "required"; macs = [ ]; allowed_ips = [ ];
router = false; dhcp_server = false; } );
END
same_flat "so they have on tap"

policy='input = "drop"; forward = "reject";'
rule='name = "r"; hook = "input"; action = "count";'
cat >"$scratch/a.conf" <<END
private_key_file = "$scratch/key"; filter = { policy = { $policy };
rules = ( { $rule } ); };
peers = ( { $peer } );
sockets = ( { type = "echo"; port = 7; } );
END
cat >"$scratch/b.conf" <<END
private_key_file = "$scratch/key"; filter = { stateful = true; max_flows = 65536;
max_flows_per_peer = 8192; policy = { $policy prerouting = "accept";
output = "accept"; postrouting = "accept"; }; groups = { };
rules = ( { $rule log = false; family = "any"; } ); };
peers = ( { $peer rate = "off"; } );
sockets = ( { type = "echo"; port = 7; rcvbuf = 212992; } );
END
same_flat "so they have in a filter"

finish
