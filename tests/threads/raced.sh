#!/bin/bash
# SPDX-License-Identifier: ISC
# raced.sh - a vpnd in which two threads race, after it has given up its power:
# it leaves a report. Run by `run`.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../netns/lib.sh"
need_vpnd
lab_pair
keys a b
pair_conf
vpnd_under=(env "LD_PRELOAD=$VPND_BUILD/../build/race.so")
vpnd_start a
vpnd_stop a
finish
