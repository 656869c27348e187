/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Errors
 *
 * An error is a value: it lives on main()'s stack, is passed down by pointer,
 * and is printed once, as JSON, by the verb floor. Nothing allocates it,
 * nothing frees it, and nothing but error.c formats into it.
 *
 * Every function that can fail takes a `struct error *` last and returns int:
 *
 *   0    it is done
 *   < 0  it failed; the error is set; the caller adds context or passes it on
 *   > 0  an answer that the header documents ("no such link"); the error is untouched
 *
 * `msg` says what was attempted and on what, `details` says why it could not
 * be. Text that does not fit is cut; it is never an error of its own.
 */

enum {
	/* CNI specification 1.1, "Error": 1 to 99 mean the same everywhere. */
	CNI_INCOMPATIBLE_VERSION = 1,
	CNI_UNSUPPORTED_FIELD = 2,
	CNI_UNKNOWN_CONTAINER = 3,
	CNI_INVALID_ENVIRONMENT = 4,
	CNI_IO_FAILURE = 5,
	CNI_BAD_CONTENT = 6,
	CNI_INVALID_CONFIG = 7,
	CNI_TRY_AGAIN = 11,
	CNI_NOT_AVAILABLE = 50,
	CNI_LIMITED = 51,
	/* 100 and above are ours. */
	CNI_NO_ADDRESS = 100,
	CNI_PORT_TAKEN = 101,
	CNI_ADDRESS_TAKEN = 102,
	CNI_CHECK_FAILED = 103,
	CNI_ROUTE_TAKEN = 104,
	CNI_INTERNAL = 999,
};

struct error {
	int code;
	char msg[4096];
	char details[4096];
};

#define _printf_(fmt, args) __attribute__((__format__(__printf__, fmt, args)))
#define _cold_ __attribute__((__cold__))

/* These three answer -1, so that to fail is one statement: return error_set(err, ...). */

/* Sets code and message; there are no details. */
_cold_ _printf_(3, 4) int error_set(struct error *err, int code, const char *fmt, ...);

/* The kernel refused: `details` is its reason. EAGAIN and EBUSY are code 11, the rest is 999. */
_cold_ _printf_(3, 4) int error_errno(struct error *err, int errnum, const char *fmt, ...);

/* Puts context in front of the message, as it is: end it with ": " or with ".". */
_cold_ _printf_(2, 3) int error_prefix(struct error *err, const char *fmt, ...);

/* Adds to the details that are there. */
_cold_ _printf_(2, 3) void error_detail(struct error *err, const char *fmt, ...);

/* For work that goes on after errors: the first one's code, everyone's words. */
_cold_ void error_join(struct error *err, const struct error *another);
