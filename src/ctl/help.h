/* SPDX-License-Identifier: ISC */
/* What --help and --completion print, made from the tables. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdio.h>

#include "ctl/ctl.h"

void help_print(FILE *file);
void help_print_verb(FILE *file, const struct command *command);

/* A completion script for bash. */
void help_print_completion(FILE *file);

#endif
