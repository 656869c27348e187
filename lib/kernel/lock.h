/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Locks: flock() with an end to the waiting
 *
 * Who waits for a stopped or stuck process must not hang with it: after ten
 * seconds the answer is error 11 ("try again later"), and it names the holder.
 * The lock goes when the last copy of `fd` is closed.
 */

#include "value/error.h"

enum lock_mode { LOCK_SHARED, LOCK_ALONE };

/* Changing the mode of a lock that is held lets go of it in between. `what` is for the message. */
int lock_take(int fd, enum lock_mode mode, const char *what, struct error *err);
