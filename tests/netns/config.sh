#!/bin/bash
# SPDX-License-Identifier: ISC
# config.sh - vpnd --check-config, and what it says about bad files.
#
#   one host; no daemon comes up
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
host a
keys a b c
file=$(conf_file a)

check_config() { # FILE: within 5 s
	timeout 5 "$VPND" --check-config "$1" >"$RUN/out" 2>&1
}
accepts() { # NAME
	check_config "$file"
	check "$1: accepted" same 0 $?
}
refuses() { # NAME PATTERN...: exit code 78, and each pattern in the message
	local name=$1
	shift
	check_config "$file"
	check "$name: exit code 78" same 78 $?
	check "$name: the message" contains "$RUN/out" "$@"
}
at='^/.*a\.conf:[0-9]+:[0-9]+: error: '
write() { # [SETTINGS [PEER SETTINGS]]
	conf a 10.77.0.1/24,fd77::1/64 "${1:-}" \
		"$(peer b 10.99.0.2:51820 10.77.0.2/32 "${2:-}")"
}
edit() { # SED-SCRIPT: of the good file
	write
	sed -i "$1" "$file"
}

write
accepts "a good file"
write 'compress = "zstd"; routes = "none"; fwmark = 51820;
ciphers = [ "aes256gcm", "chacha20poly1305" ]; forwarding = "kernel";
workers = "auto";' \
	'keepalive = "25s"; extension = "required"; compress = "lz4";'
accepts "every setting of a peer and of the tunnel"

write
key=$(sed -n 's/.*private_key_file = "\(.*\)";.*/\1/p' "$file")
for example in "$test_dir"/../../conf/*.conf; do
	sed "s|\"/etc/vpnd/keys/[^\"]*\"|\"$key\"|" "$example" >"$file"
	accepts "$(basename "$example")"
done

write 'compres = "lz4";'
refuses "an unknown key" "${at}.*compres" 'compress' '\^'
write '' 'keepalive = 25.5;'
refuses "a wrong type" "${at}.*keepalive"
edit 's/port = 51820/port = 4294967297/'
refuses "a number that libconfig wraps" "${at}.*(port|4294967297)"
edit 's/port = 51820/port = 65536/'
refuses "a number out of range" "${at}.*(port|65536)"
edit 's/port = 51820/port = 0777/'
refuses "a number with a leading zero" "${at}"
edit 's/mtu/mtu/; s/name = "vpn0";/name = "vpn0"; mtu = 67;/'
refuses "a small MTU" "${at}.*mtu"
edit 's/"vpn0"/"a-very-long-device-name"/'
refuses "a long device name" "${at}"
edit 's#10.77.0.2/32#10.77.0.2/33#'
refuses "a prefix length out of range" "${at}.*10\.77\.0\.2/33"
edit 's#10.99.0.2:51820#10.99.0.2#'
refuses "an endpoint without a port" "${at}"
edit 's#10.99.0.2:51820#10.99.0.2:0#'
refuses "an endpoint with port 0" "${at}"
edit 's/public_key = "../public_key = "/'
refuses "a short key" "${at}.*key"
edit 's/device = /device == /'
refuses "a syntax error" "${at}" '\^'
edit 's/^peers = (/peers = (,/'
refuses "a syntax error in a list" "${at}"
write 'a = 1; a = 2;'
refuses "a duplicate setting" "${at}"
printf '\357\273\277' | cat - "$file" >"$file.new"
mv "$file.new" "$file"
refuses "a byte order mark" 'BOM|byte order mark'
write
printf '\0' >>"$file"
refuses "a NUL byte" 'NUL|\\\\x00|control'
write 'compres = "lz4"; fwmrk = 1;' 'keepalife = "1s";'
refuses "three errors in one run" 'compres' 'fwmrk' 'keepalife'
write '@include "/etc/shadow"'
refuses "an @include" "include"
check_not "and nothing of that file is shown" grep -q 'root:' "$RUN/out"

conf a 10.77.0.1/24 "" "$(peer b - 10.77.0.2/32)" \
	"$(peer b - 10.77.0.3/32 | sed 's/"b"/"b2"/')"
refuses "two peers with one key" "${at}.*key"
conf a 10.77.0.1/24 "" "$(peer b - 10.77.0.2/32)" "$(peer c - 10.77.0.2/32)"
refuses "one prefix for two peers" "${at}.*10\.77\.0\.2"
conf a 10.77.0.1/24 "" "$(peer b - 10.77.0.2/32)" \
	"$(peer c - 10.77.0.3/32 | sed 's/"c"/"b"/')"
refuses "two peers with one name" "${at}.*b"
conf a 10.77.0.1/24 "" "$(peer a - 10.77.0.2/32)"
refuses "a peer with our own key" "${at}.*key"
write '' 'compress = "lz4"; extension = "off";'
refuses "compression without the extension" "${at}.*(compress|extension)"

tap='s/name = "vpn0";/name = "vpn0"; type = "tap";/'
edit "$tap"
accepts "a tap device"
edit "$tap; s/type = \"tap\";/& bridge = \"br0\";/"
refuses "addresses of a device in a bridge" "${at}device\.addresses.*bridge" \
	'hint: give them to the bridge'
write '' 'extension = "auto"; router = true;'
refuses "a setting of tap on tun" "${at}peers\.b\.router.*tap"
sed -i "$tap" "$file"
refuses "a plain peer on tap" "${at}peers\.b\.extension.*impossible on tap"

write
chmod 644 "$RUN/a.key"
refuses "a key file that others can read" 'a\.key'
chmod 600 "$RUN/a.key"
mv "$RUN/a.key" "$RUN/away"
refuses "a missing key file" "${at}.*a\.key"
echo "rubbish 12345" >"$RUN/a.key"
chmod 600 "$RUN/a.key"
refuses "a key file without a key" 'a\.key'
check_not "and its content is not shown" grep -q "rubbish 12345" "$RUN/out"
mv "$RUN/away" "$RUN/a.key"
edit 's#10.77.0.2/32#10.77.0.2/24#'
check_config "$file"
check "host bits in a prefix: accepted" same 0 $?
check "host bits in a prefix: with a warning" contains "$RUN/out" 'warning: .*10\.77\.0\.2/24'

# ---- what is no file ----

rm "$file"
refuses "no file" 'No such file'
mkdir "$file"
refuses "a directory" 'directory|regular file'
rmdir "$file"
mkfifo "$file"
refuses "a FIFO" 'regular file|FIFO|fifo'
rm "$file"
ln -s /dev/zero "$file"
refuses "a device" 'regular file|device'
rm "$file"
write
truncate -s 17M "$file"
refuses "a huge file" '16 MiB|large'
: >"$file"
refuses "an empty file" 'error: '

# ---- the same at start ----

write
edit 's/port = 51820/prt = 51820/'
timeout 5 ip netns exec "$(ns a)" "$VPND" --socket "$RUN/ctl.sock" \
	--state-dir "$RUN" "$file" >"$RUN/out" 2>&1
check "vpnd ends with 78 at a bad file" same 78 $?
check "and says the same" contains "$RUN/out" "${at}.*prt"
"$VPND" >"$RUN/out" 2>&1
check "vpnd without arguments ends with 64" same 64 $?
"$VPND" --no-such-option x >"$RUN/out" 2>&1
check "vpnd with an unknown option ends with 64" same 64 $?
"$VPND" --check-config no/such/../file >"$RUN/out" 2>&1
check "a missing path: 78" same 78 $?
finish
