/* SPDX-License-Identifier: ISC */
/*
 * The main of each unit test: runs the suite, prints TAP.
 *
 * Each case has a process of its own. LeakSanitizer, in a build that has it,
 * takes four times as long for such a process as the case itself: so the cases
 * run once more, all in this process, and their leaks are looked for at its end.
 * Those of a program that says unit_is_apart are looked for in each process.
 */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define HAS_LEAK_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_LEAK_SANITIZER 1
#endif

/* There in some programs only. */
extern const int unit_is_apart __attribute__((weak));

static bool is_apart(void)
{
	return &unit_is_apart && unit_is_apart;
}

#ifdef HAS_LEAK_SANITIZER
static pid_t checked; /* only this process; 0: each */

int __lsan_is_turned_off(void);

/* Asked at the end of a process. */
int __lsan_is_turned_off(void)
{
	return checked && getpid() != checked;
}

static void begin(void)
{
	const char *fork = getenv("CK_FORK");

	if (!is_apart() && !(fork && *fork == 'n'))
		checked = getpid();
}

/* False: a case fails only where it has no process of its own. */
static bool look_for_leaks(void)
{
	SRunner *runner;
	int failed;

	if (!checked)
		return true;
	runner = srunner_create(unit_suite());
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	if (failed)
		printf("# %d cases failed when they shared a process; see "
		       "unit_is_apart in tests/unit/unit.h\n",
		    failed);
	srunner_free(runner);
	return !failed;
}
#else
static void begin(void)
{
}

static bool look_for_leaks(void)
{
	return true;
}
#endif

static bool run(void)
{
	SRunner *runner = srunner_create(unit_suite());
	int failed;

	if (is_apart())
		srunner_set_fork_status(runner, CK_FORK);
	srunner_set_tap(runner, "/dev/stdout");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return !failed;
}

int main(void)
{
	begin();
	return run() && look_for_leaks() ? EXIT_SUCCESS : EXIT_FAILURE;
}
