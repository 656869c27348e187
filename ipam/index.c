/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index.h"
#include "statx.h"
#include "value/scope.h"
#include "value/text.h"

#define BOOT ".boot"
#define FRESH ".link"
#define YEAR (365 * 86400LL)

struct text {
	char str[PATH_MAX];
	size_t n;
};

_printf_(2, 3) static void append(struct text *to, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(to->str + to->n, sizeof(to->str) - to->n, fmt, args);
	va_end(args);
	to->n += n < 0 ? 0 : (size_t)n;
	if (to->n >= sizeof(to->str))
		to->n = sizeof(to->str) - 1;
}

/* 1: there is none. */
static int read_link(const struct shelf *shelf, const char *name, char text[static PATH_MAX])
{
	ssize_t n;

	if (shelf->aside < 0)
		return 1;
	n = readlinkat(shelf->aside, name, text, PATH_MAX - 1);
	if (n < 0)
		return errno == ENOENT || errno == EINVAL ? 1 : -1;
	text[n] = '\0';
	return 0;
}

/* Killed in between, somebody may have left a fresh one. */
static int replace_link(const struct shelf *shelf, const char *name, const char *text)
{
	int r;

	unlinkat(shelf->aside, FRESH, 0);
	if (symlinkat(text, shelf->aside, FRESH) < 0)
		return -1;
	if (renameat(shelf->aside, FRESH, shelf->aside, name) == 0)
		return 0;
	r = errno;
	unlinkat(shelf->aside, FRESH, 0);
	errno = r;
	return -1;
}

static int write_link(const struct shelf *shelf, const char *name, const char *text)
{
	int r = symlinkat(text, shelf->aside, name);

	return r < 0 && errno == EEXIST ? replace_link(shelf, name, text) : r;
}

static int refused(const struct shelf *shelf, const char *what, struct error *err)
{
	error_errno(err, errno, "%s the index of the address store %s", what, shelf->path);
	err->code = CNI_IO_FAILURE;
	return -1;
}

/* Entries */

/* Whether an entry can have it for its name. What cannot is nobody's that CNI knows, or too long.
 */
static bool name_of(const struct attachment *attachment, char name[static NAME_MAX + 1])
{
	const char *ifname = attachment->ifname ? attachment->ifname : "";
	int n = snprintf(name, NAME_MAX + 1, "%s:%s", attachment->container, ifname);

	return n <= NAME_MAX && text_is_name(attachment->container) &&
	       (!*ifname || text_is_ifname(ifname));
}

static const char *or_none(const char *word)
{
	return *word ? word : "-";
}

static void print_entry(struct text *text, const struct entry *entry)
{
	const struct sandbox *by = &entry->by;
	char ip[IP_STRLEN];

	for (int i = 0; i < entry->n; i++)
		append(text, "%s%s@%lld.%09ld", i ? "," : "", ip_str(&entry->held[i].ip, ip),
		       (long long)entry->held[i].born.tv_sec, entry->held[i].born.tv_nsec);
	if (*by->on.boot || *by->on.id)
		append(text, " %s %s %llu:%llu %s", or_none(by->on.boot), or_none(by->on.id),
		       by->device, by->inode, by->path);
}

/* "10.1.0.5@1700000000.000000001" */
static bool parse_holding(struct holding *held, char *word)
{
	char *at = strchr(word, '@');
	long long seconds;
	long nanoseconds;

	if (!at || sscanf(at, "@%lld.%9ld", &seconds, &nanoseconds) != 2)
		return false;
	*at = '\0';
	held->born = (struct timespec){ .tv_sec = seconds, .tv_nsec = nanoseconds };
	snprintf(held->name, sizeof(held->name), "%s", word);
	return ip_parse(&held->ip, word);
}

static void parse_word(char to[static 40], const char *word)
{
	snprintf(to, 40, "%s", strcmp(word, "-") ? word : "");
}

static void parse_sandbox(struct sandbox *by, char *rest)
{
	const char *boot = strsep(&rest, " "), *id = strsep(&rest, " "), *ns = strsep(&rest, " ");

	if (!ns || sscanf(ns, "%llu:%llu", &by->device, &by->inode) != 2)
		return;
	parse_word(by->on.boot, boot);
	parse_word(by->on.id, id);
	snprintf(by->path, sizeof(by->path), "%s", rest ? rest : "");
}

static bool parse_entry(struct entry *entry, char *text)
{
	char *list = strsep(&text, " "), *word;

	entry->n = 0;
	while ((word = strsep(&list, ","))) {
		if (entry->n == ENTRY_ADDRESSES || !parse_holding(&entry->held[entry->n], word))
			return false;
		entry->n++;
	}
	entry->by = SANDBOX_UNKNOWN;
	parse_sandbox(&entry->by, text);
	return true;
}

int index_find(const struct shelf *shelf, const struct attachment *attachment, struct entry *entry,
	       struct error *err)
{
	char name[NAME_MAX + 1], text[PATH_MAX];
	int r = name_of(attachment, name) ? read_link(shelf, name, text) : 1;

	if (r < 0)
		return refused(shelf, "read", err);
	if (r == 0 && parse_entry(entry, text))
		return 0;
	*entry = ENTRY_NONE;
	return 1;
}

int index_put(const struct shelf *shelf, const struct attachment *attachment,
	      const struct entry *entry, struct error *err)
{
	struct text text = { .n = 0 };
	char name[NAME_MAX + 1];

	print_entry(&text, entry);
	if (shelf->aside < 0 || !name_of(attachment, name) || text.n == sizeof(text.str) - 1)
		return 1;
	if (write_link(shelf, name, text.str) == 0)
		return 0;
	if (errno == ENAMETOOLONG || errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)
		return 1;
	return refused(shelf, "write to", err);
}

int index_drop(const struct shelf *shelf, const struct attachment *attachment, struct error *err)
{
	char name[NAME_MAX + 1];

	if (shelf->aside < 0 || !name_of(attachment, name))
		return 0;
	if (unlinkat(shelf->aside, name, 0) < 0 && errno != ENOENT)
		return refused(shelf, "remove an entry of", err);
	return 0;
}

struct each {
	const struct shelf *shelf;
	const struct index_visit *visit;
};

static int visit_one(const char *name, void *arg, struct error *err)
{
	const struct each *each = arg;
	char container[NAME_MAX + 1], text[PATH_MAX];
	struct attachment attachment = { .container = container };
	struct entry entry = ENTRY_NONE;
	char *colon;

	snprintf(container, sizeof(container), "%s", name);
	colon = strchr(container, ':');
	if (!colon)
		return 0;
	*colon = '\0';
	attachment.ifname = colon[1] ? colon + 1 : NULL;
	if (read_link(each->shelf, name, text) || !parse_entry(&entry, text))
		entry = ENTRY_NONE;
	return each->visit->each(&attachment, &entry, each->visit->arg, err);
}

int index_each(const struct shelf *shelf, const struct index_visit *visit, struct error *err)
{
	struct each each = { shelf, visit };
	const struct shelf_visit names = { visit_one, &each };

	return shelf_list_aside(shelf, &names, err);
}

/* Killed in between, somebody may have left one. */
void index_tidy(const struct shelf *shelf)
{
	if (shelf->aside >= 0)
		unlinkat(shelf->aside, FRESH, 0);
}

/* The stamp */

/* A network file system is asked anew: what it remembers may be of before the lock. */
static bool look(int dir, struct statx *st)
{
	return statx(dir, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, st) == 0;
}

static bool is_at(const struct statx_timestamp *is, long long seconds, unsigned nanoseconds)
{
	return is->tv_sec == seconds && is->tv_nsec == nanoseconds;
}

bool index_is_stamped(const struct shelf *shelf, const char *boot)
{
	char text[PATH_MAX];
	struct statx dir, aside;

	return *boot && read_link(shelf, BOOT, text) == 0 && !strcmp(text, boot) &&
	       look(shelf->dir, &dir) && look(shelf->aside, &aside) &&
	       is_at(&aside.stx_mtime, dir.stx_mtime.tv_sec, dir.stx_mtime.tv_nsec) &&
	       is_at(&aside.stx_atime, dir.stx_ctime.tv_sec + YEAR, dir.stx_ctime.tv_nsec);
}

/* Of an earlier boot it has to be written anew. */
static bool note_boot(const struct shelf *shelf, const char *boot)
{
	char text[PATH_MAX];

	return (read_link(shelf, BOOT, text) == 0 && !strcmp(text, boot)) ||
	       write_link(shelf, BOOT, boot) == 0;
}

void index_stamp(const struct shelf *shelf, const char *boot)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct statx st;

	if (shelf->aside < 0 || !*boot || !note_boot(shelf, boot))
		return;
	clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_nsec |= 1; /* coarser file systems than that would round it off */
	if (futimens(shelf->dir, times) < 0 || !look(shelf->dir, &st) ||
	    !is_at(&st.stx_mtime, times[1].tv_sec, (unsigned)times[1].tv_nsec))
		return;
	times[0].tv_sec = st.stx_ctime.tv_sec + YEAR;
	times[0].tv_nsec = st.stx_ctime.tv_nsec;
	futimens(shelf->aside, times);
}
