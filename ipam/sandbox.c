/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"
#include "value/scope.h"

/* A word: it goes into a line of words. */
static void read_id(const char *path, char id[static 40])
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, id, 39);

	id[n > 0 ? n : 0] = '\0';
	id[strcspn(id, " \t\r\n")] = '\0';
}

void machine_read(struct machine *here)
{
	read_id("/etc/machine-id", here->id);
	read_id("/proc/sys/kernel/random/boot_id", here->boot);
}

bool machine_booted_after(const struct timespec *time)
{
	struct timespec now, up;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return time->tv_sec < now.tv_sec - up.tv_sec - 1;
}

void sandbox_read(struct sandbox *sandbox, const struct machine *here, const char *netns)
{
	struct stat st;

	*sandbox = (struct sandbox){ .on = *here };
	if (stat(netns, &st) == 0) {
		sandbox->device = st.st_dev;
		sandbox->inode = st.st_ino;
	}
	if (strlen(netns) < sizeof(sandbox->path))
		snprintf(sandbox->path, sizeof(sandbox->path), "%s", netns);
}

static bool is_of_machine(const struct sandbox *sandbox, const struct machine *here)
{
	return *here->id && !strcmp(sandbox->on.id, here->id);
}

/* No two boots anywhere have the same ID. */
static bool is_of_boot(const struct sandbox *sandbox, const struct machine *here)
{
	return *here->boot && !strcmp(sandbox->on.boot, here->boot) &&
	       !strcmp(sandbox->on.id, here->id);
}

bool sandbox_is_dead(const struct sandbox *sandbox, const struct machine *here)
{
	return is_of_machine(sandbox, here) && *here->boot && *sandbox->on.boot &&
	       strcmp(sandbox->on.boot, here->boot) != 0;
}

enum sandbox_life sandbox_life(const struct sandbox *sandbox, const struct machine *here)
{
	struct sandbox now;

	if (sandbox_is_dead(sandbox, here))
		return SANDBOX_GONE;
	if (!is_of_boot(sandbox, here) || !sandbox->inode || !*sandbox->path)
		return SANDBOX_NOBODY_KNOWS;
	sandbox_read(&now, here, sandbox->path);
	return now.device == sandbox->device && now.inode == sandbox->inode ? SANDBOX_ALIVE :
									      SANDBOX_GONE;
}

static bool is_elsewhere(const struct sandbox *then, const struct sandbox *now)
{
	return then->inode && now->inode &&
	       (then->device != now->device || then->inode != now->inode);
}

/* The number of a namespace that is gone comes back soon; its path mostly does not. */
static bool is_reborn(const struct sandbox *then, const struct sandbox *now)
{
	return strcmp(then->path, now->path) != 0 && sandbox_life(then, &now->on) == SANDBOX_GONE;
}

bool sandbox_is_another(const struct sandbox *then, const struct sandbox *now)
{
	if (!is_of_boot(then, &now->on))
		return sandbox_is_dead(then, &now->on);
	return is_elsewhere(then, now) || is_reborn(then, now);
}
