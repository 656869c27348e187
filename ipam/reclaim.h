/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reclaiming: what is provably dead, taken back when there is nothing else to give
 *
 * Dead is what podwire reserved on this machine in an earlier boot, and a file of
 * an earlier boot that lost its text, whoever wrote it: empty, or with bytes in it
 * that are none. Of another machine's reservations, of the reference's, and of
 * notes that people left nothing can be proven; they stay.
 */

#include "store.h"

/* How many it took; <0: it failed. */
int reclaim(struct store *store, struct error *err);
