/* SPDX-License-Identifier: ISC */
/*
 * Whether this is a build for AddressSanitizer: its run-time turns mlock into
 * nothing, maps terabytes of shadow, and uses system calls of its own.
 */
#ifndef DAEMON_SANITIZED_H
#define DAEMON_SANITIZED_H

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

#endif
