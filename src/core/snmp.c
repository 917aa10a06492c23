/* SPDX-License-Identifier: ISC */
/* What `vpnctl snmp` reads: schema vpnd.snmp/1. */
#include "core/state.h"

static void write_counter(void *context, const struct snmp_counter *counter)
{
	struct reply *reply = context;

	reply_open_object(reply, "");
	reply_string(reply, "file", counter->file);
	reply_string(reply, "group", counter->group);
	reply_string(reply, "name", counter->name);
	reply_unsigned(reply, "value", counter->value);
	reply_close_object(reply);
}

void snmp_reply(const struct core *core, struct reply *reply)
{
	reply_string(reply, "schema", "vpnd.snmp/1");
	reply_open_array(reply, "counters");
	path_each_snmp(core->path, write_counter, reply);
	reply_close_array(reply);
}
