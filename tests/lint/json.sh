#!/bin/bash
# SPDX-License-Identifier: ISC
# vpnctl-json(7) has each member of each schema that the code can write, and no
# other one.
set -u

. "${srcdir:?}/tests/lint/lib.sh"
export LC_ALL=C
lint=$srcdir/tests/lint

# members_of_code DIR: "SCHEMA MEMBER" of what the user sees. An echo's answer
# is for vpnctl alone, which prints vpnd.ping/1.
members_of_code()
{
	local room
	for room in core daemon ctl; do
		[ ! -d "$1/src/$room" ] || find "$1/src/$room" -name '*.c'
	done | sort | xargs -r awk -f "$lint/json.awk" |
		grep -v '^vpnd\.echo/1 ' | sort -u
}

# members_of_page DIR
members_of_page()
{
	awk '/^\.S[hs] / { schema = $2 }
		schema ~ /^vpnd\./ && sub(/^\.It Li /, "") {
			count = split($0, names, / , /)
			for (i = 1; i <= count; i++)
				print schema, names[i]
		}' "$1/man/vpnctl-json.7" | sort -u
}

# json DIR
json()
{
	members_of_code "$1" >"$scratch/code"
	members_of_page "$1" >"$scratch/page"
	[ -s "$scratch/code" ] || echo 'no member was found in the code'
	grep '^! ' "$scratch/code"
	grep -v '^! ' "$scratch/code" | comm -23 - "$scratch/page" |
		sed 's/$/: vpnctl-json(7) does not have it/'
	grep -v '^! ' "$scratch/code" | comm -13 - "$scratch/page" |
		sed 's/$/: vpnctl-json(7) has it, but nobody writes it/'
}

# with_page: the sample gets a page with two members.
with_page()
{
	mkdir -p "$sample/man"
	printf '.Ss vpnd.x/1\n.It Li one , two\n.Sh EXAMPLES\n.It Li not\n' \
		>"$sample/man/vpnctl-json.7"
}

clean 'vpnctl-json(7) has the members of each schema' json "$srcdir"

# What the code can look like, and the same with something wrong.
sample src/core/x.c <<'END'
static void write_text(struct reply *reply, const char *name, int number)
{
	reply_string(reply, name, text_of(number, ", reply_bool("));
}

static void write_two(void *context, const struct thing *thing)
{
	write_text(context, "two", thing->number);
}

void x_reply(struct core *core, struct reply *reply)
{
	reply_string(reply, "schema", "vpnd.x/1");
	reply_open_array(
	    reply, "one"); /* reply_bool(reply, "comment", true); */
	reply_string(reply, "", "element");
	each(core, write_two, reply);
}
END
with_page
clean 'members are found where they are' json "$sample"
code=$(<"$sample/src/core/x.c")

# wrong TEXT SED: the good sample changed.
wrong()
{
	sample src/core/x.c <<<"$code"
	sed -i "$2" "$sample/src/core/x.c"
	with_page
	refused "$1" json "$sample"
}
wrong 'a member that the page does not have is refused' \
	's/"element");/&reply_bool(reply, "three", true);/'
wrong 'one that a helper names is, too' \
	's/"two", thing/"three", thing/'
wrong 'a member that nobody writes is refused' '/each(core/d'
wrong 'a schema that the page does not have is refused' 's,x/1,y/1,'
wrong 'a name made at run time is refused' 's/"one"/thing->name/'
wrong 'so is one that is handed on' 's/"two", thing/thing->name, thing/'

sample src/ctl/x.c <<'END'
static json_t *x_document(const struct thing *thing)
{
	json_t *document = json_pack("{s:s, s:I}", "schema", "vpnd.x/1", "one",
	    (json_int_t)thing->number);

	json_object_set_new(document, "two", json_string("three"));
	return document;
}
END
with_page
clean 'members that vpnctl makes are found' json "$sample"
sed -i 's/"two"/"three"/' "$sample/src/ctl/x.c"
refused 'others are refused' json "$sample"

finish
