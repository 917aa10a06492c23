/* SPDX-License-Identifier: ISC */
/* What vpnd-conf may use at most. */
#ifndef CONF_LIMITS_H
#define CONF_LIMITS_H

#include <stdbool.h>

#include "base/attributes.h"

/* False, with a message, when they can not be set. */
must_check bool conf_limits_set(void);

#endif
