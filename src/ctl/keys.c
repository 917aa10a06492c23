/* SPDX-License-Identifier: ISC */
/* Making keys: genkey, pubkey and genpsk. */
#include "ctl/keys.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "api/config.h"

#define KEY_TEXT_LEN (KEY_TEXT_BYTES - 1)

static bool is_readable_by_others(FILE *file)
{
	struct stat stat;

	return fstat(fileno(file), &stat) == 0 && S_ISREG(stat.st_mode) &&
	       (stat.st_mode & S_IROTH);
}

/* X25519 takes 32 bytes of which five bits are fixed (RFC 7748, section 5). */
static void clamp(uint8_t key[CONFIG_KEY_BYTES])
{
	key[0] &= 0xf8;
	key[31] = (uint8_t)((key[31] & 0x7f) | 0x40);
}

static void print_key(FILE *file, const uint8_t key[CONFIG_KEY_BYTES])
{
	char text[KEY_TEXT_BYTES];

	fprintf(file, "%s\n", key_format(key, text));
	sodium_memzero(text, sizeof(text));
}

static enum control_exit generate(struct ctl *ctl, bool is_private_key)
{
	uint8_t key[CONFIG_KEY_BYTES];

	if (sodium_init() < 0)
		return ctl_fail(ctl, CONTROL_FAILED, "libsodium does not work");
	if (is_readable_by_others(ctl->out))
		fprintf(ctl->err,
		    "vpnctl: warning: the file that the key is written to "
		    "can be read by others; use umask 077\n");
	randombytes_buf(key, sizeof(key));
	if (is_private_key)
		clamp(key);
	print_key(ctl->out, key);
	sodium_memzero(key, sizeof(key));
	return CONTROL_OK;
}

enum control_exit keys_generate(struct ctl *ctl, const struct command *command,
    const struct control_request *request)
{
	(void)command;
	(void)request;
	return generate(ctl, true);
}

enum control_exit keys_generate_preshared(struct ctl *ctl,
    const struct command *command, const struct control_request *request)
{
	(void)command;
	(void)request;
	return generate(ctl, false);
}

/* NULL when `text` holds nothing but one key; else what is wrong with it. */
static const char *read_key(
    FILE *file, char text[KEY_TEXT_LEN + 3], uint8_t ret[CONFIG_KEY_BYTES])
{
	size_t len = fread(text, 1, KEY_TEXT_LEN + 2, file);

	if (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	if (ferror(file))
		return "standard input can not be read";
	if (len == 0)
		return "there is no key on standard input";
	if (len < KEY_TEXT_LEN)
		return "the key is too short: 44 characters of base64 are one";
	if (len > KEY_TEXT_LEN)
		return "there is more than one key of 44 characters";
	if (memchr(text, '\0', len) || key_parse(ret, text) < 0)
		return "the key is not 32 bytes in base64";
	return NULL;
}

enum control_exit keys_derive_public(struct ctl *ctl,
    const struct command *command, const struct control_request *request)
{
	uint8_t private_key[CONFIG_KEY_BYTES], public_key[CONFIG_KEY_BYTES];
	char text[KEY_TEXT_LEN + 3];
	const char *complaint;

	(void)command;
	(void)request;
	if (sodium_init() < 0)
		return ctl_fail(ctl, CONTROL_FAILED, "libsodium does not work");
	complaint = read_key(ctl->in, text, private_key);
	if (!complaint && crypto_scalarmult_base(public_key, private_key) == 0)
		print_key(ctl->out, public_key);
	sodium_memzero(text, sizeof(text));
	sodium_memzero(private_key, sizeof(private_key));
	return complaint ? ctl_fail(ctl, CONTROL_FAILED, "%s", complaint)
			 : CONTROL_OK;
}
