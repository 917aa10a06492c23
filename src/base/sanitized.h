/* SPDX-License-Identifier: ISC */
/*
 * Whether this is a build for AddressSanitizer or ThreadSanitizer: their
 * run-time turns mlock into nothing, maps terabytes of shadow, and uses system
 * calls of its own.
 */
#ifndef BASE_SANITIZED_H
#define BASE_SANITIZED_H

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

#endif
