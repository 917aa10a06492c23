#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: run.sh SIM SEEDS [HOURS]: SEEDS random histories, on all CPUs.
# SEED=N is the first one (default 1).
set -u
sim=$1
seeds=$2
hours=${3:-1}
first=${SEED:-1}
jobs=$(nproc)
pids=()
status=0

for ((i = 0; i < jobs; i++)); do
	count=$(((seeds + jobs - 1 - i) / jobs))
	[ "$count" -gt 0 ] || continue
	"$sim" --seed "$first" --seeds "$count" --hours "$hours" &
	pids+=($!)
	first=$((first + count))
done
for pid in "${pids[@]}"; do
	wait "$pid" || status=1
done
exit $status
