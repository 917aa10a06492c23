/* SPDX-License-Identifier: ISC */
/* Making keys: genkey, pubkey and genpsk. No daemon is asked. */
#ifndef CTL_KEYS_H
#define CTL_KEYS_H

#include "ctl/ctl.h"

enum control_exit keys_generate(struct ctl *ctl, const struct command *command,
    const struct control_request *request);
enum control_exit keys_generate_preshared(struct ctl *ctl,
    const struct command *command, const struct control_request *request);
/* Reads one private key from ctl->in: 44 characters, and at most a newline. */
enum control_exit keys_derive_public(struct ctl *ctl,
    const struct command *command, const struct control_request *request);

#endif
