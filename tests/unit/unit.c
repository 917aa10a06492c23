/* SPDX-License-Identifier: ISC */
/* The main of each unit test: runs the suite, prints TAP. */
#include "unit.h"

#include <stdlib.h>

int main(void)
{
	SRunner *runner = srunner_create(unit_suite());
	int failed;

	srunner_set_tap(runner, "/dev/stdout");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
