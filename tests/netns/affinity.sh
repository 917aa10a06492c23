#!/bin/bash
# SPDX-License-Identifier: ISC
# affinity.sh - two threads on two CPUs: the direction that carries more stays on
# the first one, the other on the second, for as long as vpnd is busy; not with
# affinity = "off", and not against what somebody else chose.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
#
# Whether it is busy the test says (inject.c), as other tests have the CPUs, too.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# with the number of threads that it chooses itself
unset VPND_WORKERS
need_vpnd
inject=${VPND_TESTS:-${VPND_BUILD:-.}}/inject.so
[ -e "$inject" ] || skip_all "inject.so is not built: make inject.so"

# Of the CPUs that we may use, the last two.
all=$(sed -n 's/^Cpus_allowed_list:[ \t]*//p' /proc/self/status)
cpus=$(tr , '\n' <<<"$all" | while IFS=- read -r from to; do
	seq "$from" "${to:-$from}"
done | tail -n 2 | paste -sd ' ')
read -r first second <<<"$cpus"
[ -n "$second" ] || skip_all "there is one processor, and so one thread"
any=$first,$second # as the kernel prints the list
[ $((first + 1)) -lt "$second" ] || any=$first-$second

lab_pair
keys a b
is_busy() { # HOST 0|1
	printf '\0\0\0\0\0\0\0\0\0\0\0\0%b\0\0\0' "\\0$2" 1<>"$RUN/$1.faults"
}
start() { # HOST [CPUS]
	is_busy "$1" 0
	# the shell's own, which vpnd_start begins from
	taskset -pc "${2:-$first,$second}" $BASHPID >"$RUN/taskset.log"
	LD_PRELOAD=$inject INJECT=busy=0 FAULTS=$RUN/$1.faults vpnd_start "$1"
	taskset -pc "$all" $BASHPID >"$RUN/taskset.log"
}

where() { # HOST: "OUT IN", as status has it
	status "$1" '"\(.tunnel.cpu_out) \(.tunnel.cpu_in)"'
}
is_where() { same "$2" "$(where "$1")"; }
has_taken() { on a ss -Hlx | grep -q "@vpnd-busy-$1 "; }
thread_of() { # HOST vpnd|vpnd-in
	local task pid
	pid=$(pid_of "$1")
	[ "$2" != vpnd ] || { echo "$pid" && return; }
	for task in "/proc/$pid/task"/*; do
		[ "$(cat "$task/comm")" != "$2" ] || basename "$task"
	done
}
allowed() { # HOST vpnd|vpnd-in: the CPUs that the kernel lets it have
	sed -n 's/^Cpus_allowed_list:[ \t]*//p' \
		"/proc/$(pid_of "$1")/task/$(thread_of "$@")/status"
}
is_allowed() { same "$3" "$(allowed "$1" "$2")"; }
placed() { # HOST OUT IN
	check "$1: status tells it" wait_for 30 is_where "$1" "$2 $3"
	check "$1: what goes out stays there" is_allowed "$1" vpnd "$2"
	check "$1: and what comes in" is_allowed "$1" vpnd-in "$3"
}
unplaced() { # HOST WORKERS
	check "$1: has $2 at work" wait_for 30 status_is "$1" .tunnel.workers "$2"
	check "$1: status names no CPU" wait_for 30 is_where "$1" "null null"
	check "$1: what goes out may go anywhere" is_allowed "$1" vpnd "$any"
	check "$1: and what comes in" wait_for 5 is_allowed "$1" vpnd-in "$any"
}

for name in a b; do
	spawn $name "$name-sink" socat -u TCP-LISTEN:9009,fork,reuseaddr \
		OPEN:/dev/null
	check "$name: the sink listens" wait_for 10 listens $name 9009
done
flow() { # FROM NUMBER: for as long as it is not ended
	spawn "$1" flow socat -u -b 65536 OPEN:/dev/zero "TCP:10.77.0.$2:9009"
}

pair_conf
start a
start b
check "up" pings a 10.77.0.2
flow a 2
check "a flow that does not make it busy" wait_for 10 pings a 10.77.0.2
unplaced a 1

is_busy a 1
is_busy b 1
placed a "$first" "$second"
placed b "$second" "$first"
check "status says it in words" contains <(ctl a status) \
	"2 workers, out on CPU $first, in on CPU $second"
quit flow
flow b 1
placed a "$second" "$first"
placed b "$first" "$second"

pair_conf 'affinity = "off";'
check "a reload switches it off" ctl a reload
unplaced a 2
check "it is busy for others nevertheless" has_taken 0
pair_conf
check "and on" ctl a reload
placed a "$second" "$first"
is_busy a 0
unplaced a 1

# Not in a flood.
spawn b udp-sink socat -u UDP-RECV:9010 OPEN:/dev/null
udp_listens() { on b ss -Huln 'sport = :9010' | grep -q .; }
check "a sink for a flood" wait_for 10 udp_listens
is_busy a 1
placed a "$second" "$first"
spawn a flood socat -u -b 64 OPEN:/dev/zero UDP-SENDTO:10.77.0.2:9010
check "in a flood status names no CPU" wait_for 30 is_where a "null null"
check "in a flood both may go anywhere" wait_for 30 is_allowed a vpnd "$any"
check "and the second one" wait_for 5 is_allowed a vpnd-in "$any"
quit flood
placed a "$second" "$first"
is_busy a 0
unplaced a 1

# Not while another vpnd on this host is busy, too.
check "nobody is busy" wait_for 10 not has_taken 0
is_busy a 1
placed a "$second" "$first"
check "a is" has_taken 0
spawn a other socat ABSTRACT-LISTEN:vpnd-busy-1,unix-tightsocklen=1 -
check "another one is, too" wait_for 10 has_taken 1
unplaced a 2
quit other
placed a "$second" "$first"
is_busy a 0
unplaced a 1

# A cpuset takes a CPU away, and gives it back.
cpusets=$(findmnt -n -t cgroup -O cpuset -o TARGET | head -n 1)
mems=cpuset.mems
if [ -z "$cpusets" ]; then
	cpusets=$(findmnt -n -t cgroup2 -o TARGET | head -n 1) mems=
	grep -qsw cpuset "$cpusets/cgroup.subtree_control" || cpusets=
fi
if [ -n "$cpusets" ]; then
	cpuset=$cpusets/vpnd-$P
	mkdir "$cpuset"
	[ -z "$mems" ] || cat "$cpusets/$mems" >"$cpuset/$mems"
	echo "$first,$second" >"$cpuset/cpuset.cpus"
	pid_of a >"$cpuset/cgroup.procs"
	is_busy a 1
	placed a "$second" "$first"
	echo "$second" >"$cpuset/cpuset.cpus"
	check "on one CPU status names none" wait_for 30 is_where a "null null"
	is_busy a 0
	echo "$first,$second" >"$cpuset/cpuset.cpus"
	unplaced a 1
	check "a: the second thread may go anywhere" \
		wait_for 5 is_allowed a vpnd-in "$any"
	is_busy a 1
	placed a "$second" "$first"
	is_busy a 0
	unplaced a 1
	pid_of a >"$cpusets/cgroup.procs"
	rmdir "$cpuset"
else
	result 0 "a cpuset takes a CPU away # SKIP there is no cgroup with cpusets"
fi

# As an administrator would, for one thread.
is_busy a 1
placed a "$second" "$first"
check "somebody else moves a thread" taskset -pc "$first" "$(pid_of a)"
check "status names no CPU" wait_for 30 is_where a "null null"
check "it stays where it was moved to" is_allowed a vpnd "$first"
check "the other one may go anywhere, so also where that one is not" \
	wait_for 5 is_allowed a vpnd-in "$any"
is_busy a 0
check "a: has one thread" wait_for 30 status_is a .tunnel.workers 1
check "somebody else gives it both" taskset -pc "$first,$second" "$(pid_of a)"
is_busy a 1
check "a: has two threads" wait_for 30 status_is a .tunnel.workers 2
check "no CPU is named for one that is somebody else's" \
	is_where a "null null"
check "and it stays" is_allowed a vpnd "$any"
vpnd_stop a

# The same before they are placed, and for the other one.
start a
check "up once more" wait_for 10 pings a 10.77.0.2
check "somebody else moves the second thread" \
	taskset -pc "$first" "$(thread_of a vpnd-in)"
is_busy a 1
check "a: again it has two threads" \
	wait_for 30 status_is a .tunnel.workers 2
check "a: none is placed" is_where a "null null"
check "a: what goes out is free" is_allowed a vpnd "$any"
check "a: the other one is where it was moved to" \
	is_allowed a vpnd-in "$first"
vpnd_stop a

# Two threads in any case are placed for as long as they have much to do.
pair_conf 'workers = 2;'
start a
check "up again" wait_for 10 pings a 10.77.0.2
unplaced a 2
is_busy a 1
placed a "$second" "$first"
is_busy a 0
unplaced a 2
vpnd_stop a

# One that has one thread only is busy for others, too.
pair_conf 'workers = 1;'
start a
check "up with one thread" wait_for 10 pings a 10.77.0.2
check "others do not know it yet" not has_taken 0
is_busy a 1
check "they know that it is busy" wait_for 10 has_taken 0
is_busy a 0
check "until it is not" wait_for 10 not has_taken 0
vpnd_stop a
pair_conf 'workers = 2;'

# With one CPU there is nothing to choose.
start a "$second"
check "up on one CPU" wait_for 10 pings a 10.77.0.2
is_busy a 1
check "it carries more" wait_for 10 pings a 10.77.0.2
check "a: no CPU is named" is_where a "null null"
check "a: what goes out has the one" is_allowed a vpnd "$second"
check "a: and what comes in" is_allowed a vpnd-in "$second"

quit flow
vpnd_stop a b
finish
