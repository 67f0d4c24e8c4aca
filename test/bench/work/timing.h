#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC. */
static inline double now_ms(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Ends the program with the reason: a figure of work that failed would be worth nothing. */
static inline void check(int result, const char *what) {
	if (result >= 0) return;
	perror(what);
	exit(1);
}

/* Prints the milliseconds of the fastest of many short passes: whatever else the machine does only adds to the others. */
static inline int print_fastest(int passes, void (*pass)(void)) {
	double fastest = 1e9;
	for (int i = 0; i < passes; i++) {
		double start = now_ms();
		pass();
		double elapsed = now_ms() - start;
		if (elapsed < fastest) fastest = elapsed;
	}
	printf("%.4f\n", fastest);
	return 0;
}
