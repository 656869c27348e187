/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "value/error.h"

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list args;

	err->code = code;
	err->details[0] = '\0';
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	return -1;
}

int error_errno(struct error *err, int errnum, const char *fmt, ...)
{
	va_list args;

	err->code = errnum == EAGAIN || errnum == EBUSY ? CNI_TRY_AGAIN : CNI_INTERNAL;
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	snprintf(err->details, sizeof(err->details), "%s", strerror(errnum));
	return -1;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	char inner[sizeof(err->msg)];
	va_list args;
	int n;

	memcpy(inner, err->msg, sizeof(inner));
	va_start(args, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(err->msg))
		snprintf(err->msg + n, sizeof(err->msg) - n, "%s", inner);
	return -1;
}

void error_detail(struct error *err, const char *fmt, ...)
{
	size_t used = strlen(err->details);
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->details + used, sizeof(err->details) - used, fmt, args);
	va_end(args);
}

static void append(char *to, size_t size, const char *text)
{
	size_t used = strlen(to);

	if (*text)
		snprintf(to + used, size - used, "%s%s", used ? "; " : "", text);
}

void error_join(struct error *err, const struct error *another)
{
	if (!err->code) {
		*err = *another;
		return;
	}
	append(err->msg, sizeof(err->msg), another->msg);
	append(err->details, sizeof(err->details), another->details);
}
