/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Faults: failures that tests order
 *
 * PODWIRE_FAULT="want:3" makes the third want fail, "talk:7" the seventh
 * netlink request, "report:1" the first report. Only developer builds
 * (-Dfaults=true) have this; in all others fault_due() is the constant false
 * and no trace of it is left in the program.
 */

#include <stdbool.h>

#ifdef PODWIRE_FAULTS
/* Counts the calls of this process for `what`; true at the one that the test named. */
bool fault_due(const char *what);
#else
#define fault_due(what) false
#endif
