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
#include "value/scope.h"

#define TEXT_MAX (256 * 1024) /* of a file; what is longer is cut */

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
	int m = snprintf(shelf->fresh, sizeof(shelf->fresh), ".%s.new", name);

	return n > 0 && (size_t)n < sizeof(shelf->path) && m > 0 &&
	       (size_t)m < sizeof(shelf->fresh);
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
	return lock_take(shelf->lock, LOCK_ALONE, shelf->path, err);
}

int shelf_open(struct shelf *shelf, const char *parent, const char *name, struct error *err)
{
	/* Where no directory can be, there is none. */
	if (!name_it(shelf, parent, name))
		return 1;
	shelf->parent = open(parent, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (shelf->parent >= 0)
		shelf->dir = openat(shelf->parent, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (shelf->dir >= 0)
		return take_lock(shelf, err);
	return errno == ENOENT || errno == ENAMETOOLONG ? 1 : refused(shelf, "open", err);
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
	shelf_close(shelf);
	r = make_directories(path);
	name_it(shelf, parent, name);
	if (r < 0)
		return refused(shelf, "make", err);
	r = shelf_open(shelf, parent, name, err);
	return r > 0 ? refused(shelf, "open", err) : r;
}

void shelf_close(struct shelf *shelf)
{
	scope_close(&shelf->lock);
	scope_close(&shelf->dir);
	scope_close(&shelf->parent);
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

struct entry {
	const char *name, *text;
};

static int write_fresh(const struct shelf *shelf, int at, const char *text, struct error *err)
{
	_close_ int fd = openat(at, shelf->fresh,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(text);
	ssize_t n = fd < 0 ? -1 : write(fd, text, len);

	if (n == (ssize_t)len)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	refused(shelf, "write to", err);
	unlinkat(at, shelf->fresh, 0);
	return -1;
}

/* 1: `at` is on another file system than the directory. */
static int write_by_way_of(const struct shelf *shelf, int at, const struct entry *entry,
			   struct error *err)
{
	bool elsewhere;

	if (write_fresh(shelf, at, entry->text, err) < 0)
		return -1;
	if (renameat(at, shelf->fresh, shelf->dir, entry->name) == 0)
		return 0;
	elsewhere = errno == EXDEV;
	refused(shelf, "write to", err);
	unlinkat(at, shelf->fresh, 0);
	return elsewhere ? 1 : -1;
}

/* Under the lock nobody sees the new file in the directory either, where it has to be there. */
int shelf_write(const struct shelf *shelf, const char *name, const char *text, struct error *err)
{
	const struct entry entry = { name, text };
	int r = write_by_way_of(shelf, shelf->parent, &entry, err);

	return r > 0 ? write_by_way_of(shelf, shelf->dir, &entry, err) : r;
}

int shelf_remove(const struct shelf *shelf, const char *name, struct error *err)
{
	if (unlinkat(shelf->dir, name, 0) < 0 && errno != ENOENT)
		return refused(shelf, "free an address of", err);
	return 0;
}

int shelf_probe(const struct shelf *shelf, struct error *err)
{
	if (write_fresh(shelf, shelf->parent, "probe", err) < 0)
		return -1;
	unlinkat(shelf->parent, shelf->fresh, 0);
	return faccessat(shelf->dir, ".", W_OK, 0) < 0 ? refused(shelf, "write to", err) : 0;
}

static void close_directory(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
#define _dir_ __attribute__((__cleanup__(close_directory)))

int shelf_list(const struct shelf *shelf, const struct shelf_visit *visit, struct error *err)
{
	_close_ int fd = openat(shelf->dir, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
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

long long shelf_time(const struct shelf *shelf, const char *name)
{
	struct stat st;

	return fstatat(shelf->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_mtim.tv_sec;
}
