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

# An example with key files that exist.
try_example()
{
	sed "s|\"/etc/vpnd/keys/[^\"]*\"|\"$scratch/key\"|" \
		"$srcdir/conf/$1.conf" >"$scratch/$1.conf"
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
	grep -q "^[^#]*\\<${key##*.} = " "$srcdir/conf/example.conf" ||
		echo "$key is missing"
done >"$scratch/said"
[ ! -s "$scratch/said" ]
ok $? "example.conf has each setting"

(umask 077 && echo secret >"$scratch/key")
try_example example
try_example minimal

# What is left away has the default that is told.
printf 'private_key_file = "%s";' "$scratch/key" >"$scratch/a.conf"
cat >"$scratch/b.conf" <<END
private_key_file = "$scratch/key"; device = { type = "tun"; name = "a";
addresses = [ ]; mtu = 1420; txqueuelen = 250; }; fwmark = 0;
listen = { port = 0; address = "::"; udp_gso = "auto"; }; routes = "auto"; compress = "none";
forwarding = "kernel"; log = { level = "info"; }; peers = ( );
END
fields='/^[su]\t(name|file|private_key_place_(line|column))\t/d'
"$conf" --name a "$scratch/a.conf" | sed -E "$fields" >"$scratch/a"
"$conf" --name a "$scratch/b.conf" | sed -E "$fields" >"$scratch/b"
[ -s "$scratch/a" ] && diff "$scratch/a" "$scratch/b" >"$scratch/said"
ok $? "settings left away have the defaults that are told"

finish
