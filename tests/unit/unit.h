/* SPDX-License-Identifier: ISC */
/* What the unit tests share: a main that speaks TAP. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>

/* Each assertion that holds would tell its place to the parent process, by a
 * call into the kernel: half of the time of the whole. A case that crashes is
 * named without it. */
#define _mark_point(file, line) ((void)0)

/* A test program defines this; each of its cases is a sentence. */
Suite *unit_suite(void);

/* A program whose cases leave something behind in their process (a handler, a
 * descriptor, a static) defines it: they never share one. */
extern const int unit_is_apart;

#endif
