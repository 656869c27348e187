/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Telling systemd how it goes (sd_notify(3)), without its library
 *
 * Where there is no NOTIFY_SOCKET nobody wants to know.
 */

/* "READY=1", "STATUS=...": one assignment on each line. */
__attribute__((__format__(__printf__, 1, 2))) void notify(const char *fmt, ...);
