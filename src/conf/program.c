/* SPDX-License-Identifier: ISC */
/* Compiles the expressions of a file. */
#include "conf/program.h"

#include <errno.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(
    sizeof(struct config_instruction) == sizeof(struct bpf_instruction) &&
	offsetof(struct config_instruction, code) ==
	    offsetof(struct bpf_instruction, code) &&
	offsetof(struct config_instruction, if_true) ==
	    offsetof(struct bpf_instruction, if_true) &&
	offsetof(struct config_instruction, if_false) ==
	    offsetof(struct bpf_instruction, if_false) &&
	offsetof(struct config_instruction, k) ==
	    offsetof(struct bpf_instruction, k),
    "the instructions of api are those of packet");

/* No question to a name server: it would make the meaning of a file depend on
 * the network, and could take minutes. */
static void look_up_in_files(void)
{
	static const char *const databases[] = {
	    "hosts", "networks", "services", "protocols", "ethers"};

	for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
		(void)__nss_configure_lookup(databases[i], "files");
}

static bool refuse(char why[CONF_PROGRAM_WHY_BYTES], const char *reason)
{
	snprintf(why, CONF_PROGRAM_WHY_BYTES, "%s", reason);
	return false;
}

static bool compile(struct config_program *ret, const char *text,
    bool is_ethernet, char why[CONF_PROGRAM_WHY_BYTES])
{
	struct bpf_instruction *list = NULL;
	char error[EXPRESSION_ERROR_BYTES];
	int code = expression_compile(
	    &list, &ret->count, text, is_ethernet, error, sizeof(error));

	if (code == -EINVAL)
		return refuse(why, error);
	ret->list = (struct config_instruction *)list;
	ret->text = code ? NULL : strdup(text);
	return ret->text || refuse(why, "");
}

bool conf_program_compile(struct config_program *ret, const char *text,
    enum config_device_type type, char why[CONF_PROGRAM_WHY_BYTES])
{
	if (!text[strspn(text, " ")])
		return refuse(why, "it is empty");
	if (strlen(text) >= CONFIG_EXPRESSION_BYTES)
		return refuse(why, "it is longer than 1000 bytes");
	look_up_in_files();
	return compile(ret, text, type == CONFIG_DEVICE_TAP, why);
}
