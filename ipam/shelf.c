/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/lock.h"
#include "shelf.h"
#include "statx.h"
#include "value/scope.h"

#define TEXT_MAX (256 * 1024) /* of a file; what is longer is cut */
#define DRAFT ".new"	      /* no container's name, no address, begins with a dot */

static int refused(const struct shelf *shelf, const char *what, struct error *err)
{
	error_errno(err, errno, "%s the address store %s", what, shelf->path);
	if (err->code != CNI_TRY_AGAIN)
		err->code = CNI_IO_FAILURE;
	return -1;
}

/* Whether it fits. */
static bool name_it(struct shelf *shelf, const char *parent, const char *name)
{
	int n = snprintf(shelf->path, sizeof(shelf->path), "%s/%s", parent, name);
	int m = snprintf(shelf->aside_path, sizeof(shelf->aside_path), "%s/.%s.index", parent,
			 name);

	return n > 0 && (size_t)n < sizeof(shelf->path) && m > 0 &&
	       (size_t)m < sizeof(shelf->aside_path);
}

/* On a file system that is read-only, one may look without a lock: nobody can write. */
static int take_lock(struct shelf *shelf, struct error *err)
{
	shelf->lock = openat(shelf->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (shelf->lock < 0 && (errno == EROFS || errno == EACCES)) {
		shelf->lock = openat(shelf->dir, "lock", O_RDONLY | O_CLOEXEC);
		if (shelf->lock < 0 && errno == ENOENT)
			return 0;
	}
	if (shelf->lock < 0)
		return refused(shelf, "open the lock of", err);
	if (lock_take(shelf->lock, LOCK_ALONE, shelf->path, err) == 0)
		return 0;
	if (err->code != CNI_TRY_AGAIN)
		err->code = CNI_IO_FAILURE;
	return -1;
}

/* Links need one mount: one device is not enough (Linux, do_linkat()). */
static bool one_mount(int a, int b)
{
	struct statx one, other;

	return statx(a, "", AT_EMPTY_PATH, STATX_MNT_ID, &one) == 0 &&
	       statx(b, "", AT_EMPTY_PATH, STATX_MNT_ID, &other) == 0 &&
	       one.stx_mnt_id == other.stx_mnt_id && one.stx_dev_major == other.stx_dev_major &&
	       one.stx_dev_minor == other.stx_dev_minor;
}

/* Where it cannot be, things go without; but one that is there is not passed over. */
static int open_aside(struct shelf *shelf, struct error *err)
{
	shelf->aside = open(shelf->aside_path, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	shelf->apart = shelf->aside < 0 || !one_mount(shelf->aside, shelf->dir);
	if (shelf->aside >= 0 || errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
	    errno == EACCES || errno == ENAMETOOLONG)
		return 0;
	return refused(shelf, "open the index of", err);
}

int shelf_make_aside(struct shelf *shelf, struct error *err)
{
	if (shelf->aside >= 0 || mkdir(shelf->aside_path, 0755) < 0)
		return 0;
	return open_aside(shelf, err);
}

int shelf_look(struct shelf *shelf, const char *parent, const char *name, struct error *err)
{
	/* Where no directory can be, there is none. */
	if (!name_it(shelf, parent, name))
		return 1;
	shelf->dir = open(shelf->path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (shelf->dir < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ?
			       1 :
			       refused(shelf, "open", err);
	return open_aside(shelf, err);
}

int shelf_open(struct shelf *shelf, const char *parent, const char *name, struct error *err)
{
	int r = shelf_look(shelf, parent, name, err);

	return r ? r : take_lock(shelf, err);
}

static int make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -1 : 0;
}

int shelf_make(struct shelf *shelf, const char *parent, const char *name, struct error *err)
{
	char path[sizeof(shelf->path)];
	int r = shelf_open(shelf, parent, name, err);

	if (r <= 0)
		return r;
	if (!name_it(shelf, parent, name))
		return error_set(err, CNI_INVALID_CONFIG, "too long: the path %s/%s", parent, name);
	memcpy(path, shelf->path, sizeof(path));
	if (make_directories(path) < 0)
		return refused(shelf, "make", err);
	r = shelf_open(shelf, parent, name, err);
	return r > 0 ? refused(shelf, "open", err) : r;
}

void shelf_close(struct shelf *shelf)
{
	scope_close(&shelf->aside);
	scope_close(&shelf->lock);
	scope_close(&shelf->dir);
	*shelf = SHELF_NONE;
}

/* An environment variable, and so a container's ID, may be as long as that. */
static ssize_t read_text(int fd, char **text)
{
	static char buf[TEXT_MAX];
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	if (n < 0)
		return -1;
	*text = strndup(buf, (size_t)n);
	return *text ? n : -1;
}

int shelf_read(const struct shelf *shelf, const char *name, char **text, struct error *err)
{
	_close_ int fd = openat(shelf->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd >= 0 && read_text(fd, text) >= 0)
		return 0;
	if (errno != ELOOP && errno != EISDIR && errno != ENXIO && errno != EAGAIN)
		return refused(shelf, "read a file of", err);
	*text = strdup("");
	return *text ? 0 : error_set(err, CNI_INTERNAL, "out of memory for the address store");
}

static int drafts(const struct shelf *shelf)
{
	return shelf->apart ? shelf->dir : shelf->aside;
}

/*
 * Never an older draft again: killed between link() and unlink(), somebody may
 * have left one that is a file of the shelf as well.
 */
static int open_draft(const struct shelf *shelf)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(drafts(shelf), DRAFT, flags, 0600);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	shelf_discard(shelf);
	return openat(drafts(shelf), DRAFT, flags, 0600);
}

static int fill(const struct shelf *shelf, int fd, const char *text, struct error *err)
{
	size_t len = strlen(text);
	ssize_t n = fd < 0 ? -1 : write(fd, text, len);

	if (n == (ssize_t)len)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	return refused(shelf, "write to", err);
}

int shelf_draft(const struct shelf *shelf, const char *text, struct error *err)
{
	_close_ int fd = open_draft(shelf);
	int r = fill(shelf, fd, text, err);

	if (r < 0)
		shelf_discard(shelf);
	return r;
}

int shelf_refill(const struct shelf *shelf, const char *name, const char *text, struct error *err)
{
	_close_ int fd =
		openat(shelf->dir, name, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fill(shelf, fd, text, err);
}

void shelf_discard(const struct shelf *shelf)
{
	unlinkat(drafts(shelf), DRAFT, 0);
}

int shelf_place(const struct shelf *shelf, const char *name, struct error *err)
{
	if (linkat(drafts(shelf), DRAFT, shelf->dir, name, 0) == 0)
		return 0;
	return errno == EEXIST ? 1 : refused(shelf, "write to", err);
}

int shelf_write(const struct shelf *shelf, const char *name, const char *text, struct error *err)
{
	if (shelf_draft(shelf, text, err) < 0)
		return -1;
	if (renameat(drafts(shelf), DRAFT, shelf->dir, name) == 0)
		return 0;
	refused(shelf, "write to", err);
	shelf_discard(shelf);
	return -1;
}

int shelf_remove(const struct shelf *shelf, const char *name, struct error *err)
{
	if (unlinkat(shelf->dir, name, 0) < 0 && errno != ENOENT)
		return refused(shelf, "free an address of", err);
	return 0;
}

int shelf_probe(const struct shelf *shelf, struct error *err)
{
	if (shelf_draft(shelf, "probe", err) < 0)
		return -1;
	shelf_discard(shelf);
	return faccessat(shelf->dir, ".", W_OK, 0) < 0 ? refused(shelf, "write to", err) : 0;
}

static void close_directory(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
#define _dir_ __attribute__((__cleanup__(close_directory)))

static int list(const struct shelf *shelf, int at, const struct shelf_visit *visit,
		struct error *err)
{
	_close_ int fd = openat(at, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	_dir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return refused(shelf, "list", err);
	fd = -1; /* dir's now */
	while (!r && (errno = 0, entry = readdir(dir)))
		r = visit->each(entry->d_name, visit->arg, err);
	return !r && errno ? refused(shelf, "list", err) : r;
}

int shelf_list(const struct shelf *shelf, const struct shelf_visit *visit, struct error *err)
{
	return list(shelf, shelf->dir, visit, err);
}

int shelf_list_aside(const struct shelf *shelf, const struct shelf_visit *visit, struct error *err)
{
	return shelf->aside < 0 ? 0 : list(shelf, shelf->aside, visit, err);
}

static struct timespec time_of(const struct statx_timestamp *t)
{
	return (struct timespec){ .tv_sec = t->tv_sec, .tv_nsec = t->tv_nsec };
}

int shelf_stat(const struct shelf *shelf, const char *name, struct shelf_facts *facts)
{
	struct statx st;

	if (statx(shelf->dir, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return 1;
	facts->written = time_of(&st.stx_mtime);
	facts->born = st.stx_mask & STATX_BTIME ? time_of(&st.stx_btime) : facts->written;
	facts->regular = S_ISREG(st.stx_mode);
	return 0;
}
