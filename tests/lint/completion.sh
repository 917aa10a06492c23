#!/bin/bash
# SPDX-License-Identifier: ISC
# The completion that is installed is the one that vpnctl makes, and works.
set -u

vpnctl=$builddir/vpnctl
completion=$srcdir/contrib/completion/vpnctl

# complete WORD...: what is offered for the last word.
complete_words()
{
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_vpnctl; echo "${COMPREPLY[*]}"' bash "$completion" "$@" 2>&1
}

# offers WANTED WORD...
number=1
offers()
{
	local wanted=$1 got

	shift
	number=$((number + 1))
	got=$(complete_words "$@")
	if [ "$got" = "$wanted" ]; then
		echo "ok $number - $* is completed to $wanted"
	else
		echo "not ok $number - $* is completed to $wanted, not to $got"
	fi
}

echo 1..6
if "$vpnctl" --completion bash | cmp - "$completion" >/dev/null; then
	echo "ok 1 - the completion is up to date"
else
	echo "not ok 1 - run: ./vpnctl --completion bash >$completion"
fi
offers status vpnctl sta
offers 'add remove' vpnctl -n site peer ''
offers endpoint vpnctl peer add lab public-key KEY end
offers 'auto always' vpnctl --color a
offers -c vpnctl ping branch -c
