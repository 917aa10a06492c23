# SPDX-License-Identifier: ISC
# Prints "SCHEMA MEMBER" for all that the C files named can write, and a line
# "! ..." for what it does not understand.
#
# How it works: a function that writes the member `schema` begins a document;
# what it writes, and whatever it names writes, calls it or hands it on, are
# members of that schema. A function that gets the name as `name` is one that
# writes what its callers name. In vpnctl a file with json_pack has one schema,
# which is then the one that the user sees.

# ---- functions: head, { in the first column, body, } in the first column ----

FNR == 1 { inside = 0; head = "" }
inside && /^[}]/ { add(); inside = 0; head = ""; next }
inside { body = body " " $0; next }
/^[{]/ { inside = head != ""; body = ""; next }
/^[a-z]/ { head = $0; next }
/^[ \t]/ { head = head " " $0; next }
{ head = "" }

function add(	id) {
	if (!match(head, /[a-z_][a-z0-9_]*\(/))
		return
	id = substr(head, RSTART, RLENGTH - 1)
	count++
	file[count] = FILENAME
	name[count] = id
	takes_name[count] = head ~ /const char \*name[,)]/
	text[count] = uncommented(body)
	plain[count] = masked(text[count])
	if (head ~ /^static/)
		known[FILENAME, id] = count
	else
		known[id] = count
}

function uncommented(text,	at, end) {
	while ((at = index(text, "/*"))) {
		end = index(substr(text, at), "*/")
		text = substr(text, 1, at - 1) " " substr(text, at + end + 1)
	}
	return text
}

# Blanks instead of strings and characters, so that places stay.
function masked(text,	i, c, quote, to) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (!quote && (c == "\"" || c == "'"))
			quote = c
		else if (quote && c == "\\") {
			i++
			to = to " "
		} else if (c == quote)
			quote = ""
		else if (!quote) {
			to = to c
			continue
		}
		to = to " "
	}
	return to
}

# ---- calls: function f, place `at` behind the bracket ----

# Fills arguments[1..]; their number.
function split_call(f, at,	i, c, depth, from, n) {
	from = at
	for (i = at; i <= length(plain[f]); i++) {
		c = substr(plain[f], i, 1)
		if (!depth && (c == "," || c == ")")) {
			arguments[++n] = substr(text[f], from, i - from)
			trim(n)
			from = i + 1
			if (c == ")")
				return n
		}
		depth += c ~ /[[({]/
		depth -= c ~ /[])}]/
	}
	return n
}

function trim(n) {
	sub(/^[ \t]+/, "", arguments[n])
	sub(/[ \t]+$/, "", arguments[n])
}

function is_literal(text) {
	return text ~ /^"[^"]*"$/
}

function literal(text) {
	return substr(text, 2, length(text) - 2)
}

function complain(f, what) {
	print "! " file[f] ": " name[f] ": " what
}

# The function that f means by `id`; 0: none of these files.
function meant(f, id) {
	if ((file[f], id) in known)
		return known[file[f], id]
	return id in known ? known[id] : 0
}

# Calls called(f, id, at) for each.
function each_call(f, called,	rest, at, id) {
	at = 0
	rest = plain[f]
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		id = substr(rest, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", id)
		at += RSTART + RLENGTH - 1
		rest = substr(rest, RSTART + RLENGTH)
		if (called == "reply" && id ~ /^reply_/)
			heard_reply(f, id, at + 1)
		else if (called == "wrapper" && wraps[meant(f, id)])
			heard_wrapper(f, at + 1)
		else if (called == "json" && id ~ /^json_(pack|object_set)/)
			heard_json(f, id, at + 1)
	}
}

# ---- what is written ----

function heard_reply(f, id, at,	n) {
	if (id ~ /^reply_(init|clear|read|close_object|close_array)$/)
		return
	n = split_call(f, at)
	if (arguments[2] == "\"schema\"" && is_literal(arguments[3]) &&
	    !begins[f])
		begins[f] = literal(arguments[3])
	else if (arguments[2] == "\"schema\"")
		complain(f, "one schema, and that as a string, is wanted")
	else if (is_literal(arguments[2]))
		write_member(f, literal(arguments[2]))
	else if (arguments[2] == "name" && takes_name[f])
		wraps[f] = 1
	else
		complain(f, "the name of a member is made at run time")
}

function write_member(f, member) {
	if (member != "")
		writes[f] = writes[f] " " member
}

# The name is the first string.
function heard_wrapper(f, at,	n, i) {
	n = split_call(f, at)
	for (i = 1; i <= n; i++)
		if (is_literal(arguments[i])) {
			write_member(f, literal(arguments[i]))
			return
		}
	for (i = 1; i <= n; i++)
		if (arguments[i] == "name" && takes_name[f]) {
			has_more = has_more || !wraps[f]
			wraps[f] = 1
			return
		}
	complain(f, "the name of a member is made at run time")
}

function heard_json(f, id, at,	n, i) {
	n = split_call(f, at)
	if (id == "json_pack" && arguments[1] !~ /^"[{][^][{}]*[}]"$/)
		complain(f, "json_pack of a flat object is wanted")
	for (i = 2; i <= n && (i == 2 || id == "json_pack"); i += 2) {
		if (arguments[i] == "\"schema\"")
			packs[file[f]] = literal(arguments[i + 1])
		else if (is_literal(arguments[i]))
			keys[file[f]] = keys[file[f]] " " literal(arguments[i])
		else if (id == "json_pack")
			complain(f, "a member's name is no string")
	}
}

# ---- documents ----

function visit(f, schema,	rest, id, g) {
	if ((f, schema) in seen)
		return
	seen[f, schema] = reached[f] = 1
	members[schema] = members[schema] writes[f]
	rest = plain[f]
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
		id = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		g = meant(f, id)
		if (g && !begins[g])
			visit(g, schema)
	}
}

function show(schema, list,	n, i, words) {
	n = split(list, words, " ")
	for (i = 1; i <= n; i++)
		print schema, words[i]
}

END {
	for (f = 1; f <= count; f++) {
		each_call(f, "reply")
		each_call(f, "json")
	}
	do {
		has_more = 0
		for (f = 1; f <= count; f++)
			collected[f] = writes[f]
		for (f = 1; f <= count; f++)
			each_call(f, "wrapper")
		for (f = 1; f <= count && has_more; f++)
			writes[f] = collected[f]
	} while (has_more)
	for (f = 1; f <= count; f++)
		if (begins[f])
			visit(f, begins[f])
	for (f = 1; f <= count; f++)
		if (writes[f] && !reached[f])
			complain(f, "writes members of no schema")
	for (at in keys)
		if (packs[at])
			show(packs[at], keys[at])
		else
			print "! " at ": members of no schema"
	for (at in packs)
		is_packed[packs[at]] = 1
	for (at in members)
		if (!is_packed[at])
			show(at, members[at])
}
