# SPDX-License-Identifier: ISC
# lib.sh - whole hosts, booted by systemd, for tests of the installed service.
#
# How it works: one Debian root is made with mmdebstrap, vpnd is installed into
# it, and each host runs from a copy of it: systemd as process 1 of namespaces
# of its own (mount, process, network, host name, IPC, cgroup), on a cgroup2
# subtree of its own. /sys and /proc/sys are read-only there but for the
# network's part, so that a host can not change the machine. TAP, waits and the
# end are those of tests/netns; what speaks of hosts is replaced here.
#
# Environment: VPND_BUILD, an installed tree (DESTDIR) configured with
# --prefix=/usr --sysconfdir=/etc --localstatedir=/var; without it vpnd is built
# here. VPND_HOSTS_CACHE, a directory that keeps the root for the next run.
# shellcheck shell=bash source-path=SCRIPTDIR

hosts_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
hosts_top=$hosts_dir/../..
. "$hosts_dir/../netns/lib.sh"

host_packages="systemd iproute2 iputils-ping nftables procps
	libc-ares2 libcap-ng0 libconfig9 libev4 libjansson4 liblz4-1 libmnl0
	libpcap0.8 libseccomp2 libsodium23 libssl3 libzstd1"
case $(dpkg --print-architecture) in
amd64) host_packages="$host_packages libipsec-mb1" ;;
esac
declare -A host_pids=() # process 1 of a host, as the machine counts
leftover=

# ---- what the machine must have ----

cgroup_mount() { findmnt -n -t cgroup2 -o TARGET | head -n 1; }
need_machine() {
	local tool
	for tool in mmdebstrap jq nsenter unshare findmnt; do
		command -v "$tool" >/dev/null || skip_all "no $tool"
	done
	[ -c /dev/net/tun ] || skip_all "no /dev/net/tun"
	cgroup=$(cgroup_mount)
	[ -n "$cgroup" ] || skip_all "no cgroup2 is mounted"
	cgroup=$cgroup/vpnd-$P
	mkdir "$cgroup" 2>"$RUN/said" ||
		skip_all "no cgroup can be made: $(cat "$RUN/said")"
	unshare --mount --pid --fork --uts --ipc --net --cgroup true \
		2>"$RUN/said" || {
		rmdir "$cgroup"
		skip_all "no namespaces can be made: $(cat "$RUN/said")"
	}
}

# ---- the root ----

# Nobody needs what is written there to outlive a power failure.
bootstrap() { # ROOT
	local packages
	# shellcheck disable=SC2086 # words
	packages=$(printf %s, $host_packages)
	mmdebstrap --quiet --variant=essential --include="${packages%,}" \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		bookworm "$1" "$(debian_sources)"
}
# Where this machine's own packages come from, if it is a Debian 12.
debian_sources() {
	local file
	for file in /etc/apt/sources.list.d/debian.sources \
		/etc/apt/sources.list; do
		grep -qs bookworm "$file" && echo "$file" && return
	done
	echo http://deb.debian.org/debian
}
# Without what a test has no use for: consoles, logins, the machine's sysctls.
strip_root() { # ROOT
	local unit
	rm -f "$1/etc/machine-id" "$1/etc/resolv.conf"
	: >"$1/etc/machine-id"
	for unit in systemd-logind.service systemd-sysctl.service \
		systemd-modules-load.service systemd-pstore.service \
		systemd-random-seed.service console-getty.service \
		dev-hugepages.mount sys-kernel-debug.mount \
		sys-kernel-tracing.mount sys-kernel-config.mount; do
		ln -sf /dev/null "$1/etc/systemd/system/$unit"
	done
	ln -sf /lib/systemd/system/multi-user.target \
		"$1/etc/systemd/system/default.target"
}
debian_root() { # sets $root; a cached one is complete: it was moved there
	root=${VPND_HOSTS_CACHE:+$VPND_HOSTS_CACHE/bookworm}
	[ -z "$root" ] || [ ! -d "$root" ] || return 0
	bootstrap "$RUN/root" >"$RUN/mmdebstrap.log" 2>&1 || {
		diag <"$RUN/mmdebstrap.log"
		skip_all "mmdebstrap could not make a root"
	}
	strip_root "$RUN/root"
	[ -n "$root" ] || { root=$RUN/root; return; }
	mkdir -p "$VPND_HOSTS_CACHE" && mv "$RUN/root" "$root"
}

built_vpnd() { # sets $tree: what `make install` made
	tree=${VPND_BUILD:-}
	[ ! -x "$tree/usr/sbin/vpnd" ] || return 0
	tree=$RUN/tree
	DESTDIR=$tree "$hosts_top/contrib/build.sh" "$RUN/build" --prefix=/usr \
		--sysconfdir=/etc --localstatedir=/var >"$RUN/build.log" 2>&1 ||
		exit 1
}

# ---- hosts ----

# install_host NAME: its disk, with vpnd installed as the README says.
install_host() {
	local disk=$RUN/$1
	cp -a "$root" "$disk" && cp -a "$tree/." "$disk/" || exit 1
	echo "$1" >"$disk/etc/hostname"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$disk/etc/hosts"
	systemd-sysusers --root="$disk" >"$RUN/said" 2>&1 || exit 1
}

# The first process of a host: it becomes systemd.
# shellcheck disable=SC2016 # its variables are its own
first_process='
set -e
disk=$1
read -r pid rest </proc/self/stat
echo "$pid" >"$2"
mount --make-rprivate /
mount --bind "$disk" "$disk"
cd "$disk"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=0755 tmpfs sys/fs
mkdir -p sys/fs/cgroup
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs dev
for node in null zero full random urandom tty net/tun; do
	mkdir -p "$(dirname "dev/$node")"
	cp -a "/dev/$node" "dev/$node"
done
chmod 666 dev/net/tun # as udev has it
ln -s /proc/self/fd dev/fd
for i in 0:stdin 1:stdout 2:stderr; do
	ln -s "/proc/self/fd/${i%:*}" "dev/${i#*:}"
done
mkdir dev/pts dev/shm
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
pivot_root . .
umount -l .
ip link set lo up
hostname "$3"
exec env -i container=vpnd-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --log-target=journal
'

# boot HOST: and return while it boots.
boot() {
	local name=$1
	mkdir -p "$cgroup/$name"
	rm -f "$RUN/$name.pid"
	(
		echo "$BASHPID" >"$cgroup/$name/cgroup.procs" &&
			exec unshare --mount --pid --fork --kill-child --uts \
				--ipc --net --cgroup bash -c "$first_process" \
				init "$RUN/$name" "$RUN/$name.pid" "$name"
	) >>"$RUN/$name.console.log" 2>&1 </dev/null &
	pids+=($!)
	disown
	wait_for 10 test -s "$RUN/$name.pid" || exit 1
	host_pids[$name]=$(pid_of "$name")
	wait_for 20 answers_as_manager "$name" || exit 1
}
answers_as_manager() { on "$1" systemctl show -p Version; }
is_booted() { # HOST: `degraded` would be running, too, but we want none failed
	same running "$(on "$1" systemctl is-system-running)"
}
power_off() { # HOST
	on "$1" systemctl poweroff
	wait_for 20 is_gone "${host_pids[$1]}"
}

# The namespaces of a host are those of its first process.
on() { # HOST COMMAND...
	local host=$1
	shift
	nsenter -t "${host_pids[$host]}" -m -u -i -n -p -C -r -w -- \
		env -i LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
# spawn HOST NAME COMMAND...: the machine's program in the host's network.
spawn() {
	local host=$1 name=$2
	shift 2
	nsenter -t "${host_pids[$host]}" -n -- "$@" \
		>>"$RUN/$name.log" 2>&1 </dev/null &
	echo $! >"$RUN/$name.pid"
	pids+=($!)
	disown
}
near() { # HOST COMMAND...: likewise, and wait for it
	local host=$1
	shift
	nsenter -t "${host_pids[$host]}" -n -- "$@"
}
ip_on() {
	local host=$1
	shift
	near "$host" ip "$@"
}
# wire HOST DEV HOST DEV: a cable between two hosts; both have network then.
wire() {
	ip link add "$2" netns "${host_pids[$1]}" type veth \
		peer name "$4" netns "${host_pids[$3]}" || exit 1
	ip_on "$1" link set "$2" up
	ip_on "$3" link set "$4" up
}

# ---- the service ----

unit() { # HOST PROPERTY: of vpnd@site
	on "$1" systemctl show -P "$2" vpnd@site
}
unit_is() { same "$3" "$(unit "$1" "$2")"; } # HOST PROPERTY WANTED
journal() { # HOST [LINES]: what vpnd@site said, without time and host
	on "$1" journalctl --no-pager -q -o cat -n "${2:-all}" -u vpnd@site
}
journal_has() { # HOST PATTERN...
	local name=$1
	shift
	on "$name" journalctl --sync
	journal "$name" >"$RUN/$name.said"
	contains "$RUN/$name.said" "$@"
}
ctl() { # HOST ARGUMENTS...
	local host=$1
	shift
	on "$host" vpnctl -n site "$@"
}
file_on() { # HOST PATH MODE GROUP: from standard input
	on "$1" install -m "$3" -g "$4" /dev/stdin "$2"
}

# ---- the end ----

save_journals() {
	local name
	for name in "${!host_pids[@]}"; do
		is_gone "${host_pids[$name]}" && continue
		journal "$name" >"$RUN/$name.journal.log" 2>&1
	done
}
show_logs() {
	local log
	save_journals
	for log in "$RUN"/*.log; do
		[ -s "$log" ] || continue
		{ echo "-- $(basename "$log")"; tail -n 60 "$log"; } | diag
	done
}

# Without their first process the others of a host are killed by the kernel.
cleanup() {
	local name pid
	[ -z "${KEEP:-}" ] || save_journals
	for name in "${!host_pids[@]}"; do
		pid=${host_pids[$name]}
		is_gone "$pid" || kill -KILL "$pid"
	done
	for pid in "${pids[@]}"; do
		wait_for 5 is_gone "$pid" >/dev/null && continue
		leftover+=" $pid"
		kill -KILL "$pid"
	done
	wait_for 5 remove_cgroups >/dev/null
	rm -rf "$RUN/root" "$RUN/tree" "$RUN/build"
	for name in "${!host_pids[@]}"; do
		rm -rf --one-file-system "${RUN:?}/$name"
	done
}
remove_cgroups() {
	[ ! -d "${cgroup:-/nowhere}" ] && return
	find "$cgroup" -depth -type d -exec rmdir {} +
}
audit() {
	local pid
	[ -z "$leftover" ] || { echo "had to be killed:$leftover"; return 1; }
	for pid in "${pids[@]}"; do
		is_gone "$pid" || { echo "process $pid"; return 1; }
	done
	[ ! -d "$cgroup" ] || { echo "cgroup $cgroup"; return 1; }
	! grep -F "$RUN" /proc/self/mounts
}
