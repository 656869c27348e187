/* SPDX-License-Identifier: Apache-2.0 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firewall/journal.h"
#include "firewall/owner.h"
#include "value/scope.h"

#define RULES "rules"
#define PODS "pods"
#define NAME_LEN 256

static void scope_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
#define _dir_ _cleanup_(scope_dir)

int journal_lock_if_there(struct journal *journal, enum lock_mode mode, struct error *err)
{
	if (journal->dir < 0)
		journal->dir = open(JOURNAL_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (journal->dir < 0 && errno == ENOENT)
		return 1;
	if (journal->dir < 0)
		return error_errno(err, errno, "open %s", JOURNAL_ROOT);
	if (journal->stuck)
		return error_set(err, CNI_TRY_AGAIN, "lock %s: still held", JOURNAL_ROOT);
	if (lock_take(journal->dir, mode, JOURNAL_ROOT, err) == 0)
		return 0;
	journal->stuck = err->code == CNI_TRY_AGAIN;
	return -1;
}

int journal_lock(struct journal *journal, enum lock_mode mode, struct error *err)
{
	int r = journal_lock_if_there(journal, mode, err);

	if (r <= 0)
		return r;
	if (mkdir(JOURNAL_ROOT, 0755) < 0 && errno != EEXIST)
		return error_errno(err, errno, "create %s", JOURNAL_ROOT);
	return journal_lock_if_there(journal, mode, err);
}

void journal_unlock(struct journal *journal)
{
	if (journal->dir >= 0)
		flock(journal->dir, LOCK_UN);
}

void journal_close(struct journal *journal)
{
	scope_close(&journal->dir);
	*journal = JOURNAL_NONE;
}

/* Where a text is, below the root. */
struct spot {
	char dir[NAME_LEN + 8], file[2 * NAME_LEN];
};

static void spot(struct spot *place, const char *network, const char *sub, const char *name)
{
	snprintf(place->dir, sizeof(place->dir), "%.255s/%s", network, sub);
	snprintf(place->file, sizeof(place->file), "%s/%.230s", place->dir, name);
}

/* The name within pods/; a long container ID is cut and hashed, as in a comment. */
static void pod_name(const struct journal_pod *pod, char name[static NAME_LEN])
{
	char owner[OWNER_STRLEN], *id;

	owner_str(pod->owner, owner);
	id = strchr(owner, '/') + 1;
	*strchr(id, '/') = ':';
	snprintf(name, NAME_LEN, "%s.%s.%s", id, pod->sort, pod->backend);
}

static void spot_of_pod(const struct journal_pod *pod, struct spot *at)
{
	char name[NAME_LEN];

	pod_name(pod, name);
	spot(at, pod->owner->network, PODS, name);
}

static int make_dirs(const struct journal *journal, const struct spot *at, struct error *err)
{
	char network[NAME_LEN];

	snprintf(network, sizeof(network), "%.*s", (int)(strrchr(at->dir, '/') - at->dir), at->dir);
	if ((mkdirat(journal->dir, network, 0755) < 0 && errno != EEXIST) ||
	    (mkdirat(journal->dir, at->dir, 0755) < 0 && errno != EEXIST))
		return error_errno(err, errno, "create %s/%s", JOURNAL_ROOT, at->dir);
	return 0;
}

static int refused(const struct spot *at, struct error *err)
{
	return error_errno(err, errno, "write %s/%s", JOURNAL_ROOT, at->file);
}

/* Readers see the whole text or none: the file gets its name when it is complete. */
static int write_text(const struct journal *journal, const struct spot *at, const char *text,
		      struct error *err)
{
	size_t len = strlen(text);
	char temporary[sizeof(at->file) + 16];
	_close_ int fd = -1;

	snprintf(temporary, sizeof(temporary), "%s/.%d", at->dir, (int)getpid());
	fd = openat(journal->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 && errno == ENOENT) {
		if (make_dirs(journal, at, err) < 0)
			return -1;
		fd = openat(journal->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			    0644);
	}
	if (fd < 0)
		return refused(at, err);
	if (write(fd, text, len) == (ssize_t)len &&
	    renameat(journal->dir, temporary, journal->dir, at->file) == 0)
		return 0;
	refused(at, err);
	unlinkat(journal->dir, temporary, 0);
	return -1;
}

static int erase(const struct journal *journal, const struct spot *at, struct error *err)
{
	if (unlinkat(journal->dir, at->file, 0) == 0 || errno == ENOENT)
		return 0;
	return error_errno(err, errno, "erase %s/%s", JOURNAL_ROOT, at->file);
}

static int has(const struct journal *journal, const struct spot *at, struct error *err)
{
	if (faccessat(journal->dir, at->file, F_OK, 0) == 0)
		return 0;
	return errno == ENOENT ? 1 :
				 error_errno(err, errno, "look for %s/%s", JOURNAL_ROOT, at->file);
}

static void spot_of_rules(const struct journal_rules *rules, struct spot *at)
{
	char name[NAME_LEN];

	snprintf(name, sizeof(name), "%.200s.%s", rules->name, rules->backend);
	spot(at, rules->network, RULES, name);
}

int journal_keep(struct journal *journal, const struct journal_rules *rules, const char *text,
		 struct error *err)
{
	struct spot at;
	int r;

	spot_of_rules(rules, &at);
	r = has(journal, &at, err);
	return r > 0 ? write_text(journal, &at, text, err) : r;
}

int journal_drop(struct journal *journal, const struct journal_rules *rules, struct error *err)
{
	struct spot at;

	spot_of_rules(rules, &at);
	if (unlinkat(journal->dir, at.file, 0) == 0)
		return 0;
	return errno == ENOENT ? 1 : error_errno(err, errno, "erase %s/%s", JOURNAL_ROOT, at.file);
}

int journal_write(struct journal *journal, const struct journal_pod *pod, const char *text,
		  struct error *err)
{
	struct spot at;

	spot_of_pod(pod, &at);
	return write_text(journal, &at, text, err);
}

int journal_has(struct journal *journal, const struct journal_pod *pod, struct error *err)
{
	struct spot at;

	spot_of_pod(pod, &at);
	return has(journal, &at, err);
}

int journal_erase(struct journal *journal, const struct journal_pod *pod, struct error *err)
{
	struct spot at;

	spot_of_pod(pod, &at);
	return erase(journal, &at, err);
}

/* NULL: there is none, or it cannot be read. */
static DIR *open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* The next name that is no temporary file's and neither "." nor ".."; NULL: there are no more. */
static const char *next_name(DIR *dir)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)) && entry->d_name[0] == '.')
		;
	return entry ? entry->d_name : NULL;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && !strcmp(name + len - tail, end) && name[len - tail - 1] == '.';
}

static char *read_text(int dir, const char *name)
{
	_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !(text = malloc((size_t)st.st_size + 1)))
		return NULL;
	n = read(fd, text, (size_t)st.st_size);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

char *journal_read(struct journal *journal, const struct journal_pod *pod)
{
	struct spot at;

	spot_of_pod(pod, &at);
	return read_text(journal->dir, at.file);
}

/* "c1:eth0.masquerade.nft": the word before the last. */
static void read_sort(char sort[static NAME_LEN], const char *name)
{
	const char *end = strrchr(name, '.'), *from = end;

	while (from > name && from[-1] != '.')
		from--;
	snprintf(sort, NAME_LEN, "%.*s", (int)(end - from), from);
}

static void show(DIR *dir, const char *file, struct journal_text *seen,
		 const struct journal_visit *visit)
{
	_free_ char *text = read_text(dirfd(dir), file);
	char sort[NAME_LEN];

	if (!text)
		return;
	read_sort(sort, file);
	if (seen->sort)
		seen->sort = sort;
	seen->file = file;
	seen->text = text;
	visit->seen(seen, visit->arg);
}

static void walk_network(const struct journal *journal, struct journal_text *seen, const char *sub,
			 const struct journal_visit *visit)
{
	struct spot at;
	const char *file;
	_dir_ DIR *dir = NULL;

	spot(&at, seen->network, sub, "");
	dir = open_dir(journal->dir, at.dir);
	while (dir && (file = next_name(dir)))
		if (ends_with(file, visit->backend))
			show(dir, file, seen, visit);
}

int journal_each(struct journal *journal, const struct journal_visit *visit, struct error *err)
{
	static const char *const subs[] = { RULES, PODS };

	for (size_t i = 0; i < COUNT(subs); i++) {
		_dir_ DIR *root = open_dir(journal->dir, ".");
		const char *network;

		if (!root)
			return error_errno(err, errno, "read %s", JOURNAL_ROOT);
		while ((network = next_name(root))) {
			struct journal_text seen = { .network = network, .sort = i ? "" : NULL };

			walk_network(journal, &seen, subs[i], visit);
		}
	}
	return 0;
}

/* "c1:eth0.masquerade.nft" of the network is the owner "network/c1/eth0". */
static bool is_stale(const char *file, const struct attachments *valid)
{
	char owner[OWNER_STRLEN + NAME_LEN], network[OWNER_NETWORK], *at;

	snprintf(owner, sizeof(owner), "%s/%s", owner_network(valid->network, network), file);
	for (int parts = 0; parts < 2; parts++)
		if ((at = strrchr(owner, '.')))
			*at = '\0';
	at = strchr(owner, ':');
	if (at)
		*at = '/';
	return owner_is_stale(owner, valid);
}

int journal_sweep(struct journal *journal, const struct journal_sort *of,
		  const struct attachments *valid, struct error *err)
{
	char end[64];
	struct spot at;
	const char *file;
	_dir_ DIR *dir = NULL;

	snprintf(end, sizeof(end), "%s.%s", of->sort, of->backend);
	spot(&at, valid->network, PODS, "");
	dir = open_dir(journal->dir, at.dir);
	while (dir && (file = next_name(dir)))
		if (ends_with(file, end) && is_stale(file, valid) &&
		    unlinkat(dirfd(dir), file, 0) < 0 && errno != ENOENT)
			return error_errno(err, errno, "erase %s/%s/%s", JOURNAL_ROOT, at.dir,
					   file);
	return 0;
}
