/* SPDX-License-Identifier: ISC */
/* Stands in for a test of libpcap where it is not installed. */
#include <stdio.h>

int main(void)
{
	puts("1..0 # SKIP libpcap was not found: apt-get install libpcap-dev");
	return 0;
}
