#!/bin/bash
# SPDX-License-Identifier: ISC
# The completion that is installed is the one that vpnctl makes, and works.
set -u

. "${srcdir:?}/tests/lint/lib.sh"
vpnctl=${builddir:?}/vpnctl
completion=$srcdir/contrib/completion/vpnctl

# complete WORD...: what is offered for the last word.
complete_words()
{
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_vpnctl; echo "${COMPREPLY[*]}"' bash "$completion" "$@" 2>&1
}

# offers WANTED WORD...
offers()
{
	local wanted=$1

	shift
	complete_words "$@" >"$scratch/said"
	[ "$(cat "$scratch/said")" = "$wanted" ]
	ok $? "$* is completed to $wanted"
}

"$vpnctl" --completion bash | diff - "$completion" >"$scratch/said"
ok $? "the completion is what vpnctl --completion bash prints"
offers status vpnctl sta
offers 'add remove' vpnctl -n site peer ''
offers endpoint vpnctl peer add lab public-key KEY end
offers 'auto always' vpnctl --color a
offers -c vpnctl ping branch -c
offers flush vpnctl fdb f
offers 'sockets socket' vpnctl sock
offers recv vpnctl socket r
touch "$scratch/rules.nft" && cd "$scratch" || exit 1
offers rules.nft vpnctl filter test ru
offers '--json' vpnctl fdb flush --j

# A vpnctl that answers as one of a tunnel with two peers would.
mkdir "$scratch/bin"
cat >"$scratch/bin/vpnctl" <<'END'
#!/bin/sh
[ "$*" = "-n site --json status" ] || exit 3
echo '{"schema":"vpnd.status/1","tunnel":{"name":"site","peers":2},' \
	'"peers":[{"name":"branch","up":true},{"name":"hub","up":false}]}'
END
chmod +x "$scratch/bin/vpnctl"
PATH=$scratch/bin:$PATH
offers 'branch' vpnctl -n site fdb flush b
offers 'hub' vpnctl -n site peer remove h
offers '' vpnctl -n other status b
finish
