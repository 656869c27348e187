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
#include "store.h"
#include "value/scope.h"

#define LINE_MAX_LEN 4096 /* of a reservation's file; what is longer is none */

static int io_error(struct error *err, const char *what, const char *path)
{
	int errnum = errno;

	error_errno(err, errnum, "%s %s", what, path);
	if (err->code != CNI_TRY_AGAIN)
		err->code = CNI_IO_FAILURE;
	return -1;
}

static int make_parents(const char *path)
{
	char parent[512];

	snprintf(parent, sizeof(parent), "%s", path);
	for (char *slash = strchr(parent + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(parent, 0755) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -1 : 0;
}

static int open_directories(struct store *store, const char *data_dir, const char *network,
			    struct error *err)
{
	store->parent = open(data_dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (store->parent >= 0)
		store->dir = openat(store->parent, network, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (store->dir >= 0)
		return 0;
	if (errno == ENOENT)
		return 1;
	return io_error(err, "open the address store", store->path);
}

static int take_lock(struct store *store, struct error *err)
{
	store->lock = openat(store->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (store->lock < 0)
		return io_error(err, "open the lock of the address store", store->path);
	return lock_take(store->lock, LOCK_ALONE, store->path, err);
}

static int name_store(struct store *store, const char *data_dir, const char *network,
		      struct error *err)
{
	int n = snprintf(store->path, sizeof(store->path), "%s/%s", data_dir, network);
	int m = snprintf(store->fresh, sizeof(store->fresh), ".%s.new", network);

	if (n < 0 || (size_t)n >= sizeof(store->path) || m < 0 || (size_t)m >= sizeof(store->fresh))
		return error_set(err, CNI_INVALID_CONFIG, "the path %s/%s is too long", data_dir,
				 network);
	return 0;
}

int store_open_existing(struct store *store, const char *data_dir, const char *network,
			struct error *err)
{
	int r;

	if (name_store(store, data_dir, network, err) < 0)
		return -1;
	r = open_directories(store, data_dir, network, err);
	return r ? r : take_lock(store, err);
}

int store_open(struct store *store, const char *data_dir, const char *network, struct error *err)
{
	int r = store_open_existing(store, data_dir, network, err);

	if (r <= 0)
		return r;
	store_close(store);
	if (name_store(store, data_dir, network, err) < 0)
		return -1;
	if (make_parents(store->path) < 0)
		return io_error(err, "make the address store", store->path);
	r = store_open_existing(store, data_dir, network, err);
	return r > 0 ? io_error(err, "open the address store", store->path) : r;
}

static void drop(struct reservation *held)
{
	free(held->container);
	held->container = NULL;
}

void store_close(struct store *store)
{
	for (size_t i = 0; i < store->n; i++)
		drop(&store->held[i]);
	free(store->held);
	scope_close(&store->lock);
	scope_close(&store->dir);
	scope_close(&store->parent);
	*store = STORE_NONE;
}

/* Files */

/* 0: *text is its content, the caller frees it. 1: it is gone. */
static int read_file(const struct store *store, const char *name, char **text, struct error *err)
{
	_close_ int fd = openat(store->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char buf[LINE_MAX_LEN];
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 1;
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (n < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
		n = 0; /* no file of ours, and nobody's in particular */
	if (n < 0)
		return io_error(err, "read a reservation of", store->path);
	buf[n] = '\0';
	*text = strdup(buf);
	return *text ? 0 : error_set(err, CNI_INTERNAL, "out of memory for a reservation");
}

/* The content of the new file, beside the directory, where no reader looks. */
static int write_fresh(const struct store *store, const char *text, struct error *err)
{
	size_t len = strlen(text);
	_close_ int fd = openat(store->parent, store->fresh,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, text, len);

	if (n == (ssize_t)len)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	io_error(err, "write to the address store", store->path);
	unlinkat(store->parent, store->fresh, 0);
	return -1;
}

static int publish(const struct store *store, const char *name, const char *text, struct error *err)
{
	if (write_fresh(store, text, err) < 0)
		return -1;
	if (renameat(store->parent, store->fresh, store->dir, name) == 0)
		return 0;
	io_error(err, "write to the address store", store->path);
	unlinkat(store->parent, store->fresh, 0);
	return -1;
}

int store_probe(const struct store *store, struct error *err)
{
	if (write_fresh(store, "probe", err) < 0)
		return -1;
	unlinkat(store->parent, store->fresh, 0);
	if (faccessat(store->dir, ".", W_OK, 0) < 0)
		return io_error(err, "write to the address store", store->path);
	return 0;
}

/* Reservations */

static int by_ip(const void *a, const void *b)
{
	const struct reservation *one = a, *other = b;

	return ip_cmp(&one->ip, &other->ip);
}

const struct reservation *store_find(const struct store *store, const struct ip *ip)
{
	const struct reservation key = { .ip = *ip };

	return store->n ? bsearch(&key, store->held, store->n, sizeof(key), by_ip) : NULL;
}

long long store_since(const struct store *store, const struct reservation *held)
{
	char name[IP_STRLEN];
	struct stat st;

	if (fstatat(store->dir, ip_str(&held->ip, name), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_mtim.tv_sec;
}

bool store_holds(const struct reservation *held, const struct attachment *attachment)
{
	return !strcmp(held->container, attachment->container) &&
	       (!held->ifname || !strcmp(held->ifname, attachment->ifname));
}

static int keep(struct store *store, const struct reservation *one, struct error *err)
{
	struct reservation *more;

	if (store->n == store->room) {
		more = realloc(store->held, (2 * store->room + 64) * sizeof(*more));
		if (!more)
			return error_set(err, CNI_INTERNAL, "out of memory for %zu reservations",
					 store->n);
		store->held = more;
		store->room = 2 * store->room + 64;
	}
	store->held[store->n++] = *one;
	return 0;
}

/* White space around it counts for nothing, as in the reference. */
static void parse(struct reservation *one, char *text)
{
	char *end;

	one->container = text;
	text += strspn(text, " \t\r\n");
	for (end = text + strlen(text); end > text && strchr(" \t\r\n", end[-1]);)
		*--end = '\0';
	memmove(one->container, text, (size_t)(end - text) + 1);
	one->ifname = strstr(one->container, "\r\n");
	if (one->ifname) {
		*one->ifname = '\0';
		one->ifname += 2;
	}
}

static int read_entry(struct store *store, const char *name, struct error *err)
{
	struct reservation one = { 0 };
	char *text = NULL;
	int r;

	if (!ip_parse(&one.ip, name))
		return 0;
	r = read_file(store, name, &text, err);
	if (r)
		return r < 0 ? r : 0;
	parse(&one, text);
	r = keep(store, &one, err);
	if (r < 0)
		drop(&one);
	return r;
}

static void close_directory(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

int store_read(struct store *store, struct error *err)
{
	_close_ int fd = openat(store->dir, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	__attribute__((__cleanup__(close_directory))) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return io_error(err, "list the address store", store->path);
	fd = -1;
	while (errno = 0, (entry = readdir(dir)))
		if (read_entry(store, entry->d_name, err) < 0)
			return -1;
	if (errno)
		return io_error(err, "list the address store", store->path);
	if (store->n)
		qsort(store->held, store->n, sizeof(*store->held), by_ip);
	return 0;
}

static int take_note(struct store *store, const struct ip *ip, const struct attachment *attachment,
		     struct error *err)
{
	struct reservation one = { .ip = *ip };
	char *text;

	if (asprintf(&text, "%s\r\n%s", attachment->container, attachment->ifname) < 0)
		return error_set(err, CNI_INTERNAL, "out of memory for a reservation");
	parse(&one, text);
	if (keep(store, &one, err) < 0) {
		drop(&one);
		return -1;
	}
	qsort(store->held, store->n, sizeof(*store->held), by_ip);
	return 0;
}

int store_reserve(struct store *store, const struct ip *ip, const struct attachment *attachment,
		  struct error *err)
{
	char name[IP_STRLEN];
	_free_ char *text = NULL;

	if (asprintf(&text, "%s\r\n%s", attachment->container, attachment->ifname) < 0) {
		text = NULL;
		return error_set(err, CNI_INTERNAL, "out of memory for a reservation");
	}
	if (publish(store, ip_str(ip, name), text, err) < 0)
		return -1;
	if (take_note(store, ip, attachment, err) == 0)
		return 0;
	unlinkat(store->dir, name, 0);
	return -1;
}

int store_release(struct store *store, const struct ip *ip, struct error *err)
{
	char name[IP_STRLEN];

	if (unlinkat(store->dir, ip_str(ip, name), 0) < 0 && errno != ENOENT)
		return io_error(err, "free an address of", store->path);
	for (size_t i = 0; i < store->n; i++) {
		if (!ip_equal(&store->held[i].ip, ip))
			continue;
		drop(&store->held[i]);
		memmove(&store->held[i], &store->held[i + 1],
			(--store->n - i) * sizeof(*store->held));
		break;
	}
	return 0;
}

/* Round robin */

static const char *last_name(int set, char name[static 40])
{
	snprintf(name, 40, "last_reserved_ip.%d", set);
	return name;
}

int store_last(const struct store *store, int set, struct ip *ip, struct error *err)
{
	_free_ char *text = NULL;
	char name[40];
	int r = read_file(store, last_name(set, name), &text, err);

	if (r)
		return r;
	text[strcspn(text, " \t\r\n")] = '\0';
	return ip_parse(ip, text) ? 0 : 1;
}

int store_set_last(struct store *store, int set, const struct ip *ip, struct error *err)
{
	char name[40], text[IP_STRLEN];

	return publish(store, last_name(set, name), ip_str(ip, text), err);
}
