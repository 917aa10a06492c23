#!/bin/bash
# SPDX-License-Identifier: ISC
# hosts.sh - two hosts booted by systemd, where vpnd is the installed service:
# from keys to ping as the README says, then what a service must live through.
#
#   left  192.0.2.1  eth0 ------ eth0  192.0.2.2  right
#         10.77.0.1  vpn0 ====== vpn0  10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_machine
built_vpnd
debian_root
for name in left right; do
	install_host "$name"
	boot "$name"
done

network() { # both hosts get a cable
	wire left eth0 right eth0
	addr left eth0 192.0.2.1/24 2001:db8::1/64
	addr right eth0 192.0.2.2/24 2001:db8::2/64
}
make_keys() { # HOST: as the README says; the public key is $RUN/HOST.pub
	on "$1" install -d -m 0750 -g vpnd /etc/vpnd/keys
	on "$1" sh -c 'vpnctl genkey | install -m 0640 -g vpnd /dev/stdin \
		/etc/vpnd/keys/site.key'
	on "$1" cat /etc/vpnd/keys/site.key |
		on "$1" vpnctl pubkey >"$RUN/$1.pub"
}
# The README's configurations, the first for left, with the keys put in.
readme_conf() { # NUMBER
	awk -v wanted="$1" '
		/^    device = / { found++; inside = 1 }
		inside && found == wanted { print substr($0, 5) }
		/^    \);/ { inside = 0 }' "$hosts_top/README.md" |
		sed -e "s|the public key that left printed|$(cat "$RUN/left.pub")|" \
			-e "s|the public key that right printed|$(cat "$RUN/right.pub")|"
}
write_conf() { file_on "$1" /etc/vpnd/site.conf 0644 root; } # HOST
edit_conf() { # HOST SED-EXPRESSION...
	local name=$1 expressions=() expression
	shift
	for expression; do expressions+=(-e "$expression"); done
	on "$name" sed -i "${expressions[@]}" /etc/vpnd/site.conf
}
original_conf() { # HOST: again
	on "$1" cp /etc/vpnd/site.conf.saved /etc/vpnd/site.conf
}
service() { # HOST SYSTEMCTL-ARGUMENTS...
	local name=$1
	shift
	on "$name" systemctl "$@" vpnd@site
}
signal() { service "$1" kill "--signal=$2" --kill-whom=main; } # HOST SIGNAL
main_pid() { unit "$1" MainPID; }               # HOST
proc_status() { # HOST PID FIELD
	on "$1" sed -n "s/^$3:[[:space:]]*//p" "/proc/$2/status"
}
at_host() { host_state "$1" "$RUN/$1.$2"; }     # HOST NAME

# ---- from keys to ping ----

for name in left right; do
	check "$name boots, no unit failed" wait_for 20 is_booted "$name"
done
network
at_host left before
make_keys left
make_keys right
readme_conf 1 | write_conf left
readme_conf 2 | write_conf right
for name in left right; do
	on "$name" cp /etc/vpnd/site.conf /etc/vpnd/site.conf.saved
	check "$name: root checks the configuration" \
		on "$name" vpnd --check-config site
	check "$name: the service starts and is enabled" \
		on "$name" systemctl enable --now vpnd@site
	# At once: READY means that the device can be used.
	on "$name" ip addr show vpn0 >"$RUN/$name.device"
	check "$name: then the device is up with its addresses" contains \
		"$RUN/$name.device" '[<,]UP[,>]' 'inet 10\.77\.0\.' 'inet6 fd77:'
done
check "right reaches left" pings right 10.77.0.1
check "over IPv6 as well" pings right fd77::1
check "left reaches right" pings left 10.77.0.2
compressed() {
	on right ping -q -c 3 -i 0.2 -s 1300 -p 61 10.77.0.1 &&
		ctl right --json status >"$RUN/status.json" &&
		jq -e '.peers[0].compress_ratio > 2' "$RUN/status.json"
}
check "compression works in the sandbox" compressed

# Each direction stays on a CPU while there is much to carry.
in_net() { # HOST COMMAND...: of the machine, in the network of the host
	local name=$1
	shift
	exec nsenter --net -t "${host_pids[$name]}" "$@"
}
in_net right socat -u TCP-LISTEN:9009,reuseaddr OPEN:/dev/null 2>/dev/null &
sink=$!
sink_listens() { in_net right ss -Htln 'sport = :9009' | grep -q .; }
check "a sink listens" wait_for 10 sink_listens
in_net left socat -u -b 65536 OPEN:/dev/zero TCP:10.77.0.2:9009 2>/dev/null &
source=$!
is_placed() { # HOST: as status says, and as the kernel has it
	local cpu
	cpu=$(ctl "$1" --json status | jq -e '.tunnel.cpu_out | numbers') &&
		same "$cpu" "$(proc_status "$1" "$(main_pid "$1")" \
			Cpus_allowed_list)"
}
sentence="placing works in the sandbox"
if [ "$(nproc)" -eq 2 ]; then
	check "$sentence" wait_for 30 is_placed left
else
	result 0 "$sentence # SKIP the machine has not two CPUs"
fi
kill $source $sink
wait $source $sink 2>/dev/null
says_up() { unit "$1" StatusText | grep -q '1/1 peers up'; }
check "the service's status line counts the peers" wait_for 8 says_up left

# ---- what it may ----

all_pids() { # HOST: of the service, as the host counts
	on "$1" cat "/sys/fs/cgroup$(unit "$1" ControlGroup)/cgroup.procs"
}
caps_are() { # HOST PID WANTED: permitted, effective, bounding
	local field
	for field in CapPrm CapEff; do
		same "$3" "$(proc_status "$1" "$2" "$field")" || return 1
	done
	same 0000000000001000 "$(proc_status "$1" "$2" CapBnd)"
}
runs_as_vpnd() { # HOST
	local pid
	for pid in $(all_pids "$1"); do
		same vpnd "$(on "$1" ps -o user= -p "$pid")" || return 1
	done
}
main=$(main_pid left)
loader=$(all_pids left | grep -vx "$main")
check "its processes run as vpnd" runs_as_vpnd left
check "CAP_NET_ADMIN is all that it can do" caps_are left "$main" 0000000000001000
check "the process beside it can do nothing" \
	caps_are left "$loader" 0000000000000000
check_is "it can not gain privileges" 1 "$(proc_status left "$main" NoNewPrivs)"
check_is "its system calls are filtered" 2 "$(proc_status left "$main" Seccomp)"
check "systemd thinks that it is exposed little" on left systemd-analyze \
	security --offline=yes --threshold=19 \
	/lib/systemd/system/vpnd@.service
check "the control sockets are there for whom they are meant" same \
	"660 vpnd vpnd 666 vpnd vpnd" "$(on left stat -c '%a %U %G' \
	/run/vpnd/site/ctl.sock /run/vpnd/site/ro.sock | xargs)"
check "somebody else may look" \
	on left setpriv --reuid nobody --clear-groups vpnctl -n site status
check_not "but not steer" \
	on left setpriv --reuid nobody --clear-groups vpnctl -n site reload

check "a member of the group may steer" on left setpriv --reuid nobody \
	--regid nogroup --groups vpnd vpnctl -n site reload

# ---- reload ----

edit_conf left 's|"fd77::1/64"|"fd77::1/64", "10.78.0.1/24"|'
check "reload succeeds" service left reload
on left ip addr show vpn0 >"$RUN/left.device"
check "and then the new address is there" contains "$RUN/left.device" 'inet 10\.78\.0\.1'
check_is "it is the same process" "$main" "$(main_pid left)"
edit_conf left 's|^listen.*|listen = { port = 518200; };|'
check_not "reload of a bad file fails" service left reload
check "with the exit status of vpnctl" \
	grep -q 'status=1 ' <(unit left ExecReloadEx)
check "the journal says which line" journal_has left 'site\.conf:2:[0-9]+: error: '
on left systemctl status --no-pager -l vpnd@site >"$RUN/left.status"
check "so does systemctl status" \
	contains "$RUN/left.status" 'site\.conf:2:[0-9]+: error: '
check "it is still active" unit_is left ActiveState active
check "the old configuration lives on" pings right 10.77.0.1 20
on left ip addr show vpn0 >"$RUN/left.device"
check "all of it" contains "$RUN/left.device" 'inet 10\.78\.0\.1'
original_conf left
check "the good file again: reload succeeds" service left reload
on left ip addr show vpn0 >"$RUN/left.device"
check_not "the address is gone" contains "$RUN/left.device" 'inet 10\.78\.0\.1'
on left chmod 0644 /etc/vpnd/keys/site.key
check_not "a key that everybody may read: reload fails" service left reload
check "the journal says what to do" journal_has left \
	'site\.key: can be used by everybody' '^hint: .*chmod 0640'
on left chmod 0640 /etc/vpnd/keys/site.key
check "SIGHUP reloads, too" signal left HUP

# ---- a peer for a while ----

on left sh -c 'vpnctl genpsk | install -m 0640 -g vpnd /dev/stdin \
	/etc/vpnd/keys/extra.psk'
extra=$(on left vpnctl genkey | on left vpnctl pubkey)
check "a peer is added with a pre-shared key from a file" ctl left peer add \
	extra public-key "$extra" allowed-ips 10.77.0.9/32,192.168.9.0/24 \
	preshared-key-file /etc/vpnd/keys/extra.psk
check "its route is there" \
	wait_for 10 on left sh -c 'ip route | grep "^192.168.9.0/24 dev vpn0"'
check "the peer is removed" ctl left peer remove extra

# ---- death ----

restarted() { # HOST TIMES
	unit_is "$1" NRestarts "$2" && unit_is "$1" ActiveState active
}
signal left KILL
check "killed: systemd starts it again" wait_for 5 restarted left 1
check "right reaches left" pings right 10.77.0.1 20
check "killed: no process stays behind" same 2 "$(all_pids left | wc -l)"
signal right KILL
check "right was killed: it is started again" wait_for 5 restarted right 1
check "left reaches right" pings left 10.77.0.2 20

ip_on left link del vpn0
check "its device is deleted: it makes another" wait_for 5 \
	ip_on left addr show dev vpn0 to 10.77.0.1
check "right reaches left again" pings right 10.77.0.1 20
check "in the same process" unit_is left NRestarts 1
on left kill -KILL "$(all_pids left | grep -vx "$(main_pid left)")"
check_not "the process that reads configurations is gone: reload fails" \
	service left reload
check "and says what to do" journal_has left 'loader.*restart'
check "but the tunnel lives" pings right 10.77.0.1 20
check "the restart" service left restart
check "helps" service left reload
check "right reaches left after it" pings right 10.77.0.1 20
check "vpnctl stop is no failure" ctl left stop
check "so the service ends" wait_for 10 unit_is left ActiveState inactive
service left start
check "right reaches left, started again" pings right 10.77.0.1 20

dies_often() {
	local i
	for i in 2 3 4 5 6 7; do
		signal right KILL
		wait_for 5 restarted right "$i" || return 1
	done
}
check "it may die as often as it likes" dies_often

fed() { # HOST SINCE: the watchdog was fed after that moment
	less "$2" "$(unit "$1" WatchdogTimestampMonotonic)"
}
check "the watchdog is fed" \
	wait_for 12 fed left "$(unit left WatchdogTimestampMonotonic)"
on right mkdir -p /run/systemd/system/vpnd@site.service.d
printf '[Service]\nWatchdogSec=1s\nTimeoutStopSec=1s\nTimeoutAbortSec=1s\n' |
	file_on right /run/systemd/system/vpnd@site.service.d/t.conf 0644 root
on right systemctl daemon-reload
service right restart
check "after a restart right reaches left" pings right 10.77.0.1 20
signal right STOP
check "it hangs: the watchdog has it started again" \
	wait_for 30 restarted right 1
check "and right reaches left" pings right 10.77.0.1 20
on right rm -r /run/systemd/system/vpnd@site.service.d
on right systemctl daemon-reload

# ---- stop ----

stop_ms() { # HOST: from systemd's SIGTERM until the process had ended
	local from to
	from=$(unit "$1" ActiveExitTimestampMonotonic)
	to=$(unit "$1" ExecMainExitTimestampMonotonic)
	echo $(((to - from) / 1000))
}
check "a remembered endpoint is in the state directory, and private" same \
	"600 vpnd" "$(on left sh -c 'stat -c "%a %U" /var/lib/vpnd/site*')"
check "right stops" service right stop
check_is "as a service that did what it should" success "$(unit right Result)"
# The quickest of five: two hosts and the fuzzers share this machine.
stops_quickly() { # HOST
	local i
	for i in 1 2 3 4 5; do
		service "$1" stop || return 1
		stopped_ms=$(stop_ms "$1")
		at_most "$stopped_ms" 200 && return
		[ $i = 5 ] || service "$1" start
	done
	return 1
}
check "left stops within 200 ms" stops_quickly left
echo "# left stopped within $stopped_ms ms"
at_host left after
check "addresses, routes, rules, sysctls are as before" \
	diff "$RUN/left.before" "$RUN/left.after"
check "no socket is left" on left sh -c '! ls /run/vpnd/site 2>/dev/null &&
	! ss -Hanu | grep . && ! ip link show vpn0 2>/dev/null'
check "left starts, nobody else is there" service left start
check "it remembers where right was" same 192.0.2.2 "$(ctl left --json status |
	jq -r '.peers[0].endpoint' | sed 's/:[0-9]*$//')"
check "right starts" service right start
check "left reaches right" pings left 10.77.0.2 20

# ---- configuration errors at the start ----

refused() { # SENTENCE JOURNAL-PATTERN...: left does not start with its file
	local sentence=$1
	shift
	service left stop
	check_not "$sentence: it does not start" service left start
	check_is "$sentence: status 78" 78 "$(unit left ExecMainStatus)"
	check "$sentence: the journal says where and why" journal_has left "$@"
	# Waiting to be restarted it would be activating.
	check_is "$sentence: it is not tried again" "failed 0" \
		"$(unit left ActiveState) $(unit left NRestarts)"
}
edit_conf left 's|^compress|compres|'
refused "misspelt setting" '^/etc/vpnd/site\.conf:4:1: error: .*compres' \
	'^compres = ' '^\^' '^hint: .*compress'
on left journalctl --no-pager -q -o cat -p err -u vpnd@site >"$RUN/left.errors"
check "the journal takes it for an error" contains "$RUN/left.errors" \
	'^/etc/vpnd/site\.conf:4:1: error: '
on left systemctl status --no-pager -l vpnd@site >"$RUN/left.status"
check "systemctl status says so" contains "$RUN/left.status" \
	'status=78' 'site\.conf:4:1: error: '
original_conf left
on left chmod 0644 /etc/vpnd/keys/site.key
refused "a key that everybody may read" \
	'^/etc/vpnd/site\.conf:3:20: error: .*/site\.key: .* everybody' \
	'^ {19}\^' '^hint: .*chmod 0640'
on left chmod 0640 /etc/vpnd/keys/site.key
on left chgrp nogroup /etc/vpnd/keys/site.key
refused "a key of a foreign group" 'site\.key: Permission denied'
on left chgrp vpnd /etc/vpnd/keys/site.key
on left chmod 0600 /etc/vpnd/site.conf
refused "a file that vpnd may not read" '^/etc/vpnd/site\.conf: error: .* denied'
on left chmod 0644 /etc/vpnd/site.conf
on left systemctl reset-failed vpnd@site

# ---- names ----

service right stop
on right sh -c 'rm -f /var/lib/vpnd/*'
edit_conf right 's|192.0.2.1:51820|left.example.net:51820|'
echo "nameserver 127.0.0.1" | file_on right /etc/resolv.conf 0644 root
echo "left.example.net A 192.0.2.1 1" >"$RUN/zone"
check "right starts while its name server is away" service right start
spawn right nameserver python3 "$test_dir/nameserver.py" 127.0.0.1 "$RUN/zone"
service left start
check "the name server is there: right reaches left" pings right 10.77.0.1 30
quit nameserver
service right stop
on right sh -c 'rm -f /var/lib/vpnd/*; echo 192.0.2.1 left.example.net >>/etc/hosts'
service right start
check "a name of /etc/hosts will do" pings right 10.77.0.1 15

# ---- a default route ----

service left stop
addr right lo 198.51.100.1/32 2001:db8:1::1/128
ip_on left route add default via 192.0.2.2
ip_on left route add default via 2001:db8::2
edit_conf right 's|"10.77.0.1/32"|"10.77.0.1/32", "192.0.2.99/32"|'
edit_conf left 's|"10.77.0.2/32", "fd77::2/128"|"0.0.0.0/0", "::/0"|' \
	's|{ name = "right";|{ name = "right"; endpoint = "192.0.2.2:51820";|'
edit_conf right '1a listen = { port = 51820; };'
service right restart
by_tunnel() { on left ip route get "$1" | grep -q 'dev vpn0'; }
everything() { # RP_FILTER: of left; Debian's systemd sets 2
	on left sh -c "for i in /proc/sys/net/ipv4/conf/*/rp_filter; do
		echo $1 >\$i; done"
	at_host left before
	check "rp_filter $1, everything by the tunnel: left starts" \
		service left start
	check "the far IPv4 host answers" pings left 198.51.100.1
	check "the far IPv6 host answers" pings left 2001:db8:1::1
	check "by the tunnel" by_tunnel 198.51.100.1
	check "reload changes nothing" service left reload
	signal left KILL
	check "killed: it is started again" wait_for 5 restarted left 1
	check "the far host answers again" pings left 198.51.100.1 8
	check "no rule is there twice" no_rule_twice
	check "left stops" service left stop
	at_host left after
	check "routes, rules, sysctls are as before" \
		diff "$RUN/left.before" "$RUN/left.after"
}
no_rule_twice() {
	same "" "$(ip_on left rule | cut -d: -f2- | sort | uniq -d)"
}
everything 2
everything 1
original_conf left
ip_on left route del default
ip_on left -6 route del default

# ---- two tunnels ----

original_conf right
service left start
service right restart
. "$hosts_dir/ethernet.sh"

# ---- boot ----

check "right is switched off" power_off right
no_cable() { ! ip_on left link show eth0; }
check "its cable is gone with it" wait_for 10 no_cable
boot right
check "right boots without a network, no unit failed" wait_for 20 is_booted right
check "vpnd runs" unit_is right ActiveState active
check_is "nothing waited for the network" inactive \
	"$(on right systemctl is-active network-online.target)"
network
check "the cable is plugged in: right reaches left" pings right 10.77.0.1 20
for name in left right; do
	journal "$name" | grep -iE 'warning|libcap|seccomp|not permitted' \
		>"$RUN/$name.odd"
	check "$name: nothing odd is in the journal" \
		diff /dev/null "$RUN/$name.odd"
done
for name in left right; do
	check "$name is switched off" power_off "$name"
done
finish
