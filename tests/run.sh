#!/bin/bash
# SPDX-License-Identifier: ISC
# run.sh - all tests of vpnd, as root on a Debian 12.
#
#   tests/run.sh [STAGE...]     stages: see `stages` below; default: all of them
#                               but coverage, which says how much the tests run
#
# How it works: everything is built in a temporary directory from a copy of the
# sources. Each stage writes TAP, or is a command that counts as one case. The
# last line is `N passed, N failed, N skipped`. The exit status is 0 when none
# failed and each skip is listed in tests/expected-skips.
# Environment: KEEP=1 keeps the temporary directory; SIM_SEEDS, FUZZ_SECONDS,
# NETNS_JOBS and MUTANTS (1/5: a fifth of them, 1/1: all) change how much is done.
# FUZZ_SEED (0: a new one) and UNIT_SEED are the same each time, so that a run can
# be made again.
set -u
export LC_ALL=C TERM=${TERM:-dumb} CI=${CI:-true}
export UNIT_SEED=${UNIT_SEED:-1}
# check's limit of 4 s a case is for a machine that does nothing else
export CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-10}
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
exec </dev/null
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
stages="packages build check sanitizers threads sim mutants fuzz netns hosts"
more_stages=coverage

usage() {
	sed -n '3,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"
	echo "stages: $stages $more_stages"
}
case ${1:-} in
-h | --help) usage; exit 0 ;;
esac
for stage; do
	case " $stages $more_stages " in
	*" $stage "*) ;;
	*) echo "run.sh: no such stage: $stage" >&2; usage >&2; exit 2 ;;
	esac
done
[ "$(id -u)" -eq 0 ] || { echo "run.sh: run me as root" >&2; exit 2; }

T=$(mktemp -d -t vpnd-tests.XXXXXX) || exit 2
chmod 755 "$T"
mkdir "$T/home" "$T/logs"
export HOME=$T/home
jobs=$(nproc)
passed=0 failed=0 skipped=0 unexpected=0
begun=$SECONDS

at_exit() {
	if [ -n "${hosts_pid:-}" ]; then # interrupted: they clean up first
		kill "$hosts_pid" 2>/dev/null
		wait "$hosts_pid"
	fi
	if [ -n "${KEEP:-}" ]; then echo "kept: $T"; else rm -rf "$T"; fi
}
trap at_exit EXIT
trap 'exit 130' INT TERM

# ---- counting ----

fail() { # SENTENCE [LOG]
	failed=$((failed + 1))
	echo "FAILED: $1"
	[ -z "${2:-}" ] || tail -n 30 "$2" | sed 's/^/    /'
}

note_skip() { # SENTENCE: expected ones are listed, one pattern a line
	skipped=$((skipped + 1))
	grep -v -e '^#' -e '^$' "$top/tests/expected-skips" |
		grep -Eqf - <(echo "$1") && return
	unexpected=$((unexpected + 1))
	echo "SKIPPED, but not listed in tests/expected-skips: $1"
}

# step SENTENCE COMMAND...: one case; its output is shown when it fails.
step() {
	local sentence=$1 log
	shift
	log=$T/logs/$(echo "$sentence" | tr -c 'a-zA-Z0-9\n' -)
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		return 0
	fi
	fail "$sentence" "$log"
	return 1
}

# A TAP file: its cases, and one failure more when its plan is not met.
count_tap() { # NAME FILE
	local name=$1 file=$2 planned seen line
	passed=$((passed + $(grep -a '^ok' "$file" | grep -aciv '# skip')))
	while read -r line; do
		fail "$name: $line"
	done < <(grep -a '^not ok' "$file")
	while read -r line; do
		note_skip "$name: $line"
	done < <(grep -aiE '^(ok.*|1\.\.0.*)# skip' "$file")
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$file")
	seen=$(grep -acE '^(not )?ok' "$file")
	[ "$planned" = "$seen" ] ||
		fail "$name: planned ${planned:-nothing}, ran $seen" "$file"
	if grep -aq '^not ok' "$file"; then
		grep -a -A 30 '^not ok' "$file" | head -n 90 | sed 's/^/    /'
	fi
}

# What `make check` of automake says at its end.
count_make_check() { # NAME LOG
	local name=$1 log=$2 line
	sum() { sed -n "s/^# $1: *//p" "$log" | awk '{ n += $1 } END { print n + 0 }'; }
	passed=$((passed + $(sum PASS) + $(sum XFAIL)))
	while read -r line; do
		note_skip "$name: $line"
	done < <(grep '^SKIP: ' "$log")
	while read -r line; do
		fail "$name: $line"
	done < <(grep -E '^(FAIL|ERROR|XPASS): ' "$log")
	[ "$(sum TOTAL)" -gt 0 ] || fail "$name: nothing ran" "$log"
	if [ "$(sum FAIL)$(sum ERROR)" != 00 ]; then
		sed 's/^/    /' "$3/test-suite.log" | tail -n 100
	fi
}

make_check() { # NAME BUILD-DIRECTORY
	local log=$T/logs/check-$1
	timeout 900 make -C "$2" -k -j"$jobs" check >"$log" 2>&1
	count_make_check "$1" "$log" "$2"
}

# ---- stages ----

# gcc is what the other stages run; they build it when they come first.
gcc_build() {
	[ -e "$T/gcc/done" ] && return
	step "build with gcc -Werror" \
		"$top/contrib/build.sh" "$T/gcc" --enable-werror &&
		touch "$T/gcc/done"
}
also_build() { # NAME CONFIGURE-ARGUMENTS...: another build of the same sources
	local name=$1
	shift
	[ -e "$T/gcc/src/configure" ] || gcc_build || return
	mkdir -p "$T/$name"
	ln -sfn "$T/gcc/src" "$T/$name/src"
	"$top/contrib/build.sh" "$T/$name" "$@"
}

stage_packages() {
	step "install missing packages" \
		"$top/contrib/packages.sh" --install build tests
}

stage_build() { gcc_build; }

stage_check() {
	gcc_build && make_check gcc "$T/gcc/build"
}

# The fuzzers are in the same build, which is what clang has to say, too.
sanitizers_build() {
	[ -e "$T/sanitizers/done" ] && return
	step "build with clang -Werror, sanitizers and fuzzers" \
		also_build sanitizers CC=clang --enable-werror \
		--enable-sanitizers --enable-fuzzers \
		--disable-dependency-tracking &&
		touch "$T/sanitizers/done"
}
# All cases of a program share a process, which a failure of the sanitizers'
# ends: then its plan is not met.
stage_sanitizers() {
	sanitizers_build && CK_FORK=no make_check sanitizers "$T/sanitizers/build"
}

# Whether threads race.
stage_threads() {
	step "build with ThreadSanitizer" also_build threads \
		--enable-werror --enable-sanitizers=thread \
		--disable-dependency-tracking || return
	step "build what is to be looked at for races" \
		make -C "$T/threads/build" -s -j"$jobs" thread-tests || return
	step "build what its namespace tests run" \
		make -C "$T/gcc/build" -s relay inject.so || return
	"$T/gcc/src/tests/threads/run" "$T/threads" "$T/gcc/build" \
		>"$T/logs/threads" 2>&1
	count_tap threads "$T/logs/threads"
}

# How many lines the unit tests, and the fuzzers' corpora, run.
stage_coverage() {
	gcc_build || return
	"$T/gcc/src/tests/coverage.sh" "$T/coverage" >"$T/logs/coverage" 2>&1
	count_tap coverage "$T/logs/coverage"
	"$T/gcc/src/tests/fuzz/coverage.sh" "$T/coverage" \
		>"$T/logs/corpora" 2>&1
	count_tap corpora "$T/logs/corpora"
}

stage_sim() {
	local seeds=${SIM_SEEDS:-600}
	gcc_build || return
	step "$seeds simulated histories of an hour each" \
		make -C "$T/gcc/build" -s sim SIM_SEEDS="$seeds" &&
		tail -n 1 "$T/logs"/*simulated*
}

# A fifth of them, another one with each commit: the rest is for
# tests/mutants/run by itself.
mutants_part() {
	local commits
	commits=$(git -c safe.directory='*' -C "$top" rev-list --count HEAD \
		2>/dev/null)
	echo "$((${commits:-0} % 5 + 1))/5"
}
stage_mutants() {
	gcc_build || return
	"$top/tests/mutants/run" -b "$T/gcc/build" \
		-p "${MUTANTS:-$(mutants_part)}" "$T/gcc/src" \
		>"$T/logs/mutants" 2>&1
	count_tap mutants "$T/logs/mutants"
}

stage_fuzz() {
	sanitizers_build || return
	case " $wanted " in *" hosts "*) hosts_begin ;; esac
	FUZZ_SEED=${FUZZ_SEED:-1} \
		nice -n 19 make -C "$T/sanitizers/build" -s -k fuzz \
		FUZZ_SECONDS="${FUZZ_SECONDS:-6}" \
		>"$T/logs/fuzz" 2>&1
	count_tap fuzz "$T/logs/fuzz"
}

netns_one() { # SCRIPT: its TAP, and how long it took
	local name since=$SECONDS
	name=$(basename "$1" .sh)
	VPND_BUILD=$T/gcc/root VPND_TESTS=$T/gcc/build \
		timeout 600 bash "$1" >"$T/logs/$name.tap" 2>&1
	echo "  $name: $((SECONDS - since)) s," \
		"$(grep -c '^ok' "$T/logs/$name.tap") ok," \
		"$(grep -c '^not ok' "$T/logs/$name.tap") not ok"
}
# Those that mostly wait come first, so that the others run beside them.
netns_scripts() {
	local dir=$top/tests/netns
	ls "$dir"/wireguard_go*.sh "$dir/reasons_wait.sh"
	find "$dir" -name '*.sh' ! -name '*lib.sh' ! -name 'wireguard_go*' \
		! -name reasons_wait.sh | sort
}
stage_netns() {
	local script
	gcc_build || return
	step "build what the namespace tests run" \
		make -C "$T/gcc/build" -s bridge_model tap_corpus \
		receive_model receive_corpus sockets_model flows_kernel \
		rules_kernel relay inject.so
	export -f netns_one
	export T
	netns_scripts | xargs -P "${NETNS_JOBS:-4}" -I{} \
		bash -c 'netns_one {}'
	for script in $(netns_scripts); do
		script=$(basename "$script" .sh)
		count_tap "$script" "$T/logs/$script.tap"
	done
}

# Whole hosts: vpnd where the packages of a distribution would put it, which
# few objects have to be compiled for.
hosts_build() {
	mkdir "$T/hosts" && cp -a "$T/gcc/build" "$T/hosts/build" || return
	DESTDIR=$T/hosts/root also_build hosts --prefix=/usr \
		--sysconfdir=/etc --localstatedir=/var
}
# They mostly wait, so they run beside the fuzzers, which give way.
hosts_begin() {
	[ -z "${hosts_pid:-}" ] || return 0
	gcc_build || return
	step "build for whole hosts" hosts_build || return
	VPND_BUILD=$T/hosts/root timeout 600 bash \
		"$top/tests/hosts/hosts.sh" >"$T/logs/hosts.tap" 2>&1 &
	hosts_pid=$!
}
stage_hosts() {
	hosts_begin || return
	wait "$hosts_pid"
	hosts_pid=
	count_tap hosts "$T/logs/hosts.tap"
}

# ---- all of it ----

# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $stages
wanted=$*
for stage; do
	since=$SECONDS
	printf '==== %s ====\n' "$stage"
	"stage_$stage"
	printf -- '---- %s: %d s ----\n' "$stage" $((SECONDS - since))
done
echo "all stages: $((SECONDS - begun)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$unexpected" -eq 0 ]
