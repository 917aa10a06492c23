#!/bin/bash
# SPDX-License-Identifier: ISC
# net/bridge and the kernel's bridge do the same with the same frames, and name
# the same reason (receive-path.md, T7): see bridge_model.c.
#
#	namespace s:  tap 0 (the host's) --+
#	              tap 1 (a peer) ------+-- bridge
#	              tap 2 (a peer) ------+
#
# Environment: VPND_TESTS, a build directory with bridge_model (default:
# VPND_BUILD); SEED; FRAMES, how many random frames (default 20000).
. "$(dirname "$0")/lib.sh"
tracing=/sys/kernel/tracing
model=${VPND_TESTS:-${VPND_BUILD:-.}}/bridge_model
mounted=

[ -x "$model" ] || skip_all "bridge_model is not built: make bridge_model"
[ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun"
if ! [ -d $tracing/instances ]; then
	mount -t tracefs nodev $tracing 2>"$RUN/mount.out" ||
		skip_all "no tracefs: $(cat "$RUN/mount.out")"
	mounted=yes
fi
host s

# Not ip netns exec: its mount of /sys would hide the tracefs.
nsenter --net="/run/netns/$(ns s)" "$model" "$P" "${FRAMES:-20000}" \
	>"$RUN/model.out" 2>&1
status=$?
while IFS= read -r line; do
	case $line in
	"ok "*) result 0 "${line#ok }" ;;
	"not ok "*) result 1 "${line#not ok }" ;;
	"skip "*) result 0 "${line#skip } # SKIP" ;;
	*) echo "$line" | diag ;;
	esac
done <"$RUN/model.out"
check_is "the model came to its end" 0 "$status"
rmdir "$tracing/instances/${P:0:12}" 2>/dev/null
check_not "no trace instance is left" test -e "$tracing/instances/${P:0:12}"
[ -z "$mounted" ] || umount $tracing
finish
