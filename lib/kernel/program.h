/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Programs of the host, fed with text: nft, iptables-restore
 *
 * Their stdin, stdout and stderr are files in memory: nothing can block. A
 * runtime's PATH may lack the sbin directories, so they are tried too.
 */

#include "value/error.h"

struct program {
	const char *const *argv; /* ends with NULL */
	const char *input;	 /* NULL: nothing */
	char said[2048]; /* the beginning of what it said, both outputs; ends without newline */
	char **all;	 /* NULL, or where to put all that it said; to be freed */
};

/* Its exit status. 127 and above: it is not there, or was killed; `said` tells. -1 with `err` set:
 * it could not be run at all. */
int program_run(struct program *program, struct error *err);
