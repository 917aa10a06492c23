/* SPDX-License-Identifier: ISC */
/* vpnd: one encrypted tunnel between this host and its peers. */
#include "daemon/daemon.h"

int main(int argc, char **argv)
{
	return daemon_main(argc, argv);
}
