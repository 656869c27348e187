/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "kernel/events.h"
#include "notify.h"
#include "sync.h"
#include "value/scope.h"
#include "want/node_routes.h"
#include "watch.h"

#define QUIET 50      /* milliseconds without news, after which we look */
#define PATIENCE 300  /* milliseconds of news, after which we look all the same */
#define FIRST_RETRY 1 /* seconds after a failure; doubles up to the interval */
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE)

enum { EVENTS, FILES, SIGNALS, SOURCES };

struct watching {
	const struct routes_conf *conf;
	struct cluster cluster;
	struct layout layout;
	struct events events;
	struct pollfd source[SOURCES];
	bool ready, failed, ended;
	unsigned retry; /* seconds */
};

/* The kernel's side */

static bool is_wanted_link(const struct layout *l, const char *name)
{
	if (l->tunnelled && (!strcmp(name, l->tunnel.name.str) || !strcmp(name, l->tunnel.uplink)))
		return true;
	for (size_t i = 0; i < l->routes.n; i++)
		if (l->routes.entry[i].link && !strcmp(name, l->routes.entry[i].link))
			return true;
	return false;
}

static bool link_matters(struct nlmsghdr *hdr, const struct layout *l)
{
	const struct ifinfomsg *ifi = nlmsg_data(hdr);
	struct nlattr *name = nlmsg_find_attr(hdr, sizeof(*ifi), IFLA_IFNAME);

	return ifi->ifi_family == AF_UNSPEC && name && is_wanted_link(l, nla_get_string(name));
}

/* Ours that went, or another's in the place of ours. */
static bool route_matters(struct nlmsghdr *hdr, const struct watching *w)
{
	const struct rtmsg *rtm = nlmsg_data(hdr);
	struct nlattr *to = nlmsg_find_attr(hdr, sizeof(*rtm), RTA_DST);
	struct entry key = { .to = { .family = rtm->rtm_family, .prefix = rtm->rtm_dst_len } };
	bool ours = rtm->rtm_protocol == NODE_ROUTES_PROTOCOL;

	if (hdr->nlmsg_type == RTM_DELROUTE)
		return ours || w->failed;
	if (ours || !to)
		return false;
	nla_memcpy(key.to.byte, to, sizeof(key.to.byte));
	return table_find(&w->layout.routes, &key) != NULL;
}

static bool neigh_matters(struct nlmsghdr *hdr, const struct layout *l)
{
	const struct ndmsg *ndm = nlmsg_data(hdr);

	return l->neighs.n && (unsigned)ndm->ndm_ifindex == l->neighs.entry[0].index;
}

static bool matters(struct nlmsghdr *hdr, const void *arg)
{
	const struct watching *w = arg;

	switch (hdr->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return w->failed || link_matters(hdr, &w->layout);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return route_matters(hdr, w);
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return neigh_matters(hdr, &w->layout);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return true;
	default:
		return false;
	}
}

/* The file's side: the directories that it and what it may point to are in. */

static int watch_directory(int fd, const char *path, struct error *err)
{
	_free_ char *copy = strdup(path);

	if (copy && inotify_add_watch(fd, dirname(copy), CHANGES | IN_ONLYDIR) >= 0)
		return 0;
	return error_errno(err, errno, "watch the directory of %s", path);
}

static int watch_files(int fd, const char *path, struct error *err)
{
	_free_ char *real = realpath(path, NULL);
	struct error ignored;

	if (real)
		watch_directory(fd, real, &ignored);
	return watch_directory(fd, path, err);
}

static void drain(int fd)
{
	char buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

/* Looking */

static void count(const struct watching *w, char text[static 96])
{
	snprintf(text, 96, "%zu nodes, %zu routes, %zu through the tunnel", w->cluster.nodes.n,
		 w->layout.routes.n, w->layout.neighs.n);
}

static void tell(struct watching *w, const struct error *err)
{
	char text[96];

	count(w, text);
	if (err)
		fprintf(stderr, "node-routes: %s%s%s\n", err->msg, err->details[0] ? ": " : "",
			err->details);
	else if (w->failed || !w->ready)
		fprintf(stderr, "node-routes: %s\n", text);
	if (err)
		notify("STATUS=%s", err->msg);
	else
		notify("READY=1\nSTATUS=%s", text);
	w->ready |= !err;
	w->failed = err != NULL;
}

static int look(struct watching *w, struct error *err)
{
	struct layout next;

	/* It borrows from what is looked at anew. */
	layout_close(&w->layout);
	layout_clear(&w->layout);
	if (cluster_look(&w->cluster, w->conf, err) < 0 || layout_make(&next, &w->cluster, err) < 0)
		return -1;
	w->layout = next;
	return routes_sync(&w->layout, err);
}

static void sync_now(struct watching *w)
{
	struct error err = { 0 };
	int r;

	watch_files(w->source[FILES].fd, w->conf->nodes, &err);
	r = look(w, &err);
	tell(w, r < 0 ? &err : NULL);
	w->retry = r == 0 ? FIRST_RETRY : w->retry * 2;
	if (w->retry > w->conf->interval)
		w->retry = w->conf->interval;
}

/* Waiting */

static void on_signal(struct watching *w)
{
	struct signalfd_siginfo info;

	if (read(w->source[SIGNALS].fd, &info, sizeof(info)) == sizeof(info))
		w->ended |= info.ssi_signo != SIGHUP;
}

/* True: something came that we should look for. */
static bool wait_for(struct watching *w, int milliseconds)
{
	const struct events_filter filter = { matters, w };
	bool news = false;

	if (poll(w->source, SOURCES, milliseconds) <= 0)
		return false;
	if (w->source[EVENTS].revents)
		news |= events_read(&w->events, &filter);
	if (w->source[FILES].revents) {
		drain(w->source[FILES].fd);
		news = true;
	}
	if (w->source[SIGNALS].revents) {
		on_signal(w);
		news = true;
	}
	return news;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Until there is news, and no more of it, or until it is time to look anyway. */
static void wait_for_news(struct watching *w)
{
	long long end = now_ms() + 1000LL * (w->failed ? w->retry : w->conf->interval), left;

	do {
		left = end - now_ms();
		if (left <= 0)
			return;
	} while (!wait_for(w, (int)left));
	end = now_ms() + PATIENCE;
	while (!w->ended && now_ms() < end && wait_for(w, QUIET))
		;
}

static int open_sources(struct watching *w, struct error *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	for (int i = 0; i < SOURCES; i++)
		w->source[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (events_open(&w->events, &w->source[EVENTS].fd, err) < 0)
		return -1;
	w->source[SIGNALS].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	w->source[FILES].fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->source[SIGNALS].fd < 0 || w->source[FILES].fd < 0)
		return error_errno(err, errno, "wait for signals and changes of files");
	return watch_files(w->source[FILES].fd, w->conf->nodes, err);
}

static void close_all(struct watching *w)
{
	layout_close(&w->layout);
	cluster_close(&w->cluster);
	events_close(&w->events);
	scope_close(&w->source[SIGNALS].fd);
	scope_close(&w->source[FILES].fd);
}

int routes_watch(const struct routes_conf *conf, struct error *err)
{
	struct watching w = { .conf = conf, .retry = FIRST_RETRY };
	int r = open_sources(&w, err);

	layout_clear(&w.layout);
	while (r == 0 && !w.ended) {
		sync_now(&w);
		wait_for_news(&w);
	}
	if (r == 0)
		notify("STOPPING=1");
	close_all(&w);
	return r;
}
