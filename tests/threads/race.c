/* SPDX-License-Identifier: ISC */
/*
 * A race, so that `run` can show that it would find one: as a program, and as a
 * library that vpnd is made to load, where it happens when the loop begins,
 * after power was given up.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#define TIMES 1000

static int counter;

static void *count(void *context)
{
	for (int i = 0; i < TIMES; i++)
		counter++;
	return context;
}

static void race(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, count, NULL))
			threads[i] = pthread_self();
	for (int i = 0; i < 2; i++)
		if (!pthread_equal(threads[i], pthread_self()))
			pthread_join(threads[i], NULL);
}

typedef int run_fn(void *loop, int flags);

int ev_run(void *loop, int flags);
int ev_run(void *loop, int flags)
{
	union {
		void *symbol;
		run_fn *run;
	} next = {.symbol = dlsym(RTLD_NEXT, "ev_run")};

	race();
	return next.run(loop, flags);
}

int main(void)
{
	race();
	return 0;
}
