/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/link.h"
#include "value/scope.h"
#include "want/stamp.h"

#define DIRECTORY "/run/podwire"
#define TEXT 8192

static bool path_of(const struct stamp *s, const struct netns *host, char path[static PATH_MAX])
{
	struct stat st;

	if (fstat(host->fd, &st) < 0)
		return false;
	snprintf(path, PATH_MAX, DIRECTORY "/%s-%lu", s->name, (unsigned long)st.st_ino);
	return true;
}

/* The text with its link as it is now. False: the link is not there, or not up; or no room. */
static bool text_now(const struct stamp *s, struct netns *host, char text[static TEXT])
{
	struct link link = { 0 };
	struct error ignored;

	if (s->link && (link_get(host, s->link, &link, &ignored) != 0 || !(link.flags & IFF_UP)))
		return false;
	return snprintf(text, TEXT, "%slink %u mtu %u\n", s->text, link.index, link.mtu) < TEXT;
}

bool stamp_fits(const struct stamp *s, struct netns *host)
{
	char path[PATH_MAX], now[TEXT], then[TEXT];
	_close_ int fd = -1;
	ssize_t n;

	if (!path_of(s, host, path) || !text_now(s, host, now))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, then, sizeof(then));
	return n == (ssize_t)strlen(now) && !memcmp(then, now, (size_t)n);
}

static void set(const struct stamp *s, struct netns *host, const char *path)
{
	char text[TEXT], new[PATH_MAX + 16];
	_close_ int fd = -1;
	bool written;

	if (!text_now(s, host, text))
		return;
	mkdir(DIRECTORY, 0755);
	snprintf(new, sizeof(new), "%s.%d", path, (int)getpid());
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (!written || rename(new, path) < 0)
		unlink(new);
}

static int stamp_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct stamp *s = what;
	char path[PATH_MAX];

	(void)err;
	if (!path_of(s, host, path))
		return 0;
	if (!s->text)
		unlink(path);
	else if (!stamp_fits(s, host))
		set(s, host, path);
	return 0;
}

static void stamp_print(const void *what, FILE *out)
{
	const struct stamp *s = what;

	fprintf(out, "host %s for %s", s->text ? "one" : "none", s->name);
}

static const struct want_kind stamp_kind = {
	.name = "stamp",
	.make = stamp_make,
	.print = stamp_print,
};

void want_stamp_(struct plan *plan, const struct stamp *stamp)
{
	plan_want(plan, &stamp_kind, stamp, sizeof(*stamp));
}
