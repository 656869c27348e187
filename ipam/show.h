/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Show: a network's reservations as a table, for people
 *
 *   host-local show [--json] NETWORK            in the default data directory
 *   host-local show [--json] DIRECTORY          /path/to/the/network
 *   host-local show [--json] < CONFIGURATION    the plugin's object, as of a dry run
 *
 * It takes no lock, so it answers while somebody sits on that, and changes nothing.
 */

#include "value/error.h"

/* argv[0] is "show". The status of the program, or -1. */
int show_run(int argc, char **argv, struct error *err);
