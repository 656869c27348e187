/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The floor: what the kernel itself needs for an ADD and a DEL
 *
 * Called as the plugin bridge, it does what no plugin can leave out, with raw
 * netlink and nothing else: no JSON, no second process, nothing looked up that
 * is known, nothing checked but that the kernel obeyed. Nobody can be much
 * faster. It is no plugin: it knows only the configuration that pods.py sends.
 *
 * The container ID ends in -N; the pod gets address N + 2 of its network. From
 * stdin come the store's directory ("dataDir") and whether IPv6 is wanted too.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BRIDGE "cni0"
#define NET4 "10.244."
#define NET6 "fd00:10:244::"

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *what, ...)
{
	int errnum = errno;
	va_list args;

	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	printf(": %s\n", strerror(errnum));
	exit(EXIT_FAILURE);
}

static int must(int r, const char *what)
{
	if (r < 0)
		fail("%s", what);
	return r;
}

/* Netlink */

struct message {
	struct nlmsghdr head;
	char body[1024];
};

static void *put(struct message *m, const void *data, size_t len)
{
	void *to = (char *)m + NLMSG_ALIGN(m->head.nlmsg_len);

	if (len)
		memcpy(to, data, len);
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + (unsigned)len;
	return to;
}

static void begin(struct message *m, int type, int flags, const void *data, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->head.nlmsg_len = NLMSG_HDRLEN;
	m->head.nlmsg_type = (unsigned short)type;
	m->head.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags);
	put(m, data, len);
}

static struct rtattr *attr(struct message *m, int type, const void *data, size_t len)
{
	const struct rtattr head = { .rta_type = (unsigned short)type,
				     .rta_len = (unsigned short)RTA_LENGTH(len) };
	struct rtattr *a = put(m, &head, sizeof(head));

	put(m, data, len);
	return a;
}

static void attr_str(struct message *m, int type, const char *text)
{
	attr(m, type, text, strlen(text) + 1);
}

static void end(const struct message *m, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((const char *)m + m->head.nlmsg_len - (char *)nest);
}

static int open_netlink(void)
{
	return must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket");
}

static void talk(int sock, const struct message *m, const char *what)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[2048];
	} answer;

	must((int)send(sock, m, m->head.nlmsg_len, 0), what);
	must((int)recv(sock, &answer, sizeof(answer), 0), what);
	errno = answer.head.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EPROTO;
	if (errno)
		fail("%s", what);
}

/* What the pod is given */

struct call {
	const char *netns;
	char host_end[IFNAMSIZ], store[256];
	struct in_addr ip4;
	struct in6_addr ip6;
	bool with6;
};

static const char *env(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		fail("%s", name);
	return value;
}

/* No parser: pods.py writes it like that. */
static void read_stdin(struct call *c)
{
	static const char key[] = "\"dataDir\": \"";
	static char text[65536];
	const char *at;

	must((int)read(STDIN_FILENO, text, sizeof(text) - 1), "stdin");
	c->with6 = strstr(text, NET6);
	at = strstr(text, key);
	if (!at)
		fail("dataDir");
	at += strlen(key);
	snprintf(c->store, sizeof(c->store), "%.*s", (int)strcspn(at, "\""), at);
}

static void read_call(struct call *c)
{
	const char *id = env("CNI_CONTAINERID"), *dash = strrchr(id, '-');
	int n = dash ? atoi(dash + 1) + 2 : 2;
	char text[64];

	c->netns = env("CNI_NETNS");
	snprintf(c->host_end, sizeof(c->host_end), "v%.14s", id);
	snprintf(text, sizeof(text), NET4 "%d.%d", n / 256, n % 256);
	inet_pton(AF_INET, text, &c->ip4);
	snprintf(text, sizeof(text), NET6 "%x", (unsigned)n);
	inet_pton(AF_INET6, text, &c->ip6);
	read_stdin(c);
}

/* The store: a file for each address, under a lock, as in host-local's. */

static int lock_store(const struct call *c)
{
	int store, lock;

	if (mkdir(c->store, 0755) < 0 && errno != EEXIST)
		fail("mkdir %s", c->store);
	store = must(open(c->store, O_DIRECTORY | O_CLOEXEC), c->store);
	lock = must(openat(store, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600), "lock");
	must(flock(lock, LOCK_EX), "lock");
	return store; /* the lock is held until the end */
}

static void reserve_one(int store, int family, const void *ip)
{
	char name[INET6_ADDRSTRLEN];
	const char *id = env("CNI_CONTAINERID");
	int fd;

	inet_ntop(family, ip, name, sizeof(name));
	fd = must(openat(store, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), name);
	must((int)write(fd, id, strlen(id)), name);
}

static void release_one(int store, int family, const void *ip)
{
	char name[INET6_ADDRSTRLEN];

	inet_ntop(family, ip, name, sizeof(name));
	must(unlinkat(store, name, 0), name);
}

/* Links, addresses, routes */

static void set_sysctl(const char *path)
{
	int fd = must(open(path, O_WRONLY | O_CLOEXEC), path);

	must((int)write(fd, "1", 1), path);
	close(fd);
}

static void add_address(int sock, unsigned link, int family, const void *ip)
{
	const struct ifaddrmsg ifa = { .ifa_family = (unsigned char)family,
				       .ifa_prefixlen = family == AF_INET ? 16 : 64,
				       .ifa_flags = IFA_F_NODAD,
				       .ifa_index = link };
	size_t len = family == AF_INET ? 4 : 16;
	struct message m;

	begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof(ifa));
	attr(&m, IFA_LOCAL, ip, len);
	attr(&m, IFA_ADDRESS, ip, len);
	talk(sock, &m, "address");
}

static void add_default_route(int sock, unsigned link, int family, const char *gateway)
{
	const struct rtmsg rtm = { .rtm_family = (unsigned char)family,
				   .rtm_table = RT_TABLE_MAIN,
				   .rtm_protocol = RTPROT_BOOT,
				   .rtm_type = RTN_UNICAST };
	unsigned char via[16];
	struct message m;

	inet_pton(family, gateway, via);
	begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &rtm, sizeof(rtm));
	attr(&m, RTA_GATEWAY, via, family == AF_INET ? 4 : 16);
	attr(&m, RTA_OIF, &link, sizeof(link));
	talk(sock, &m, "route");
}

static void make_bridge(int sock)
{
	const struct ifinfomsg up = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct message m;
	struct rtattr *info;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof(up));
	attr_str(&m, IFLA_IFNAME, BRIDGE);
	info = attr(&m, IFLA_LINKINFO, NULL, 0);
	attr_str(&m, IFLA_INFO_KIND, "bridge");
	end(&m, info);
	talk(sock, &m, "bridge");
}

static unsigned need_bridge(int sock, bool with6)
{
	unsigned index = if_nametoindex(BRIDGE);
	unsigned char gateway[16];

	if (index)
		return index;
	make_bridge(sock);
	index = if_nametoindex(BRIDGE);
	inet_pton(AF_INET, NET4 "0.1", gateway);
	add_address(sock, index, AF_INET, gateway);
	set_sysctl("/proc/sys/net/ipv4/ip_forward");
	if (with6) {
		inet_pton(AF_INET6, NET6 "1", gateway);
		add_address(sock, index, AF_INET6, gateway);
		set_sysctl("/proc/sys/net/ipv6/conf/all/forwarding");
	}
	return index;
}

/* Unasked, the kernel makes more, and takes them away again. */
static void one_queue(struct message *m)
{
	const unsigned one = 1;

	attr(m, IFLA_NUM_TX_QUEUES, &one, sizeof(one));
	attr(m, IFLA_NUM_RX_QUEUES, &one, sizeof(one));
}

static void make_pair(int sock, const struct call *c, int netns)
{
	const struct ifinfomsg up = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP }, down = { 0 };
	unsigned bridge = need_bridge(sock, c->with6);
	struct rtattr *info, *data, *peer;
	struct message m;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof(up));
	attr_str(&m, IFLA_IFNAME, c->host_end);
	one_queue(&m);
	attr(&m, IFLA_MASTER, &bridge, sizeof(bridge));
	info = attr(&m, IFLA_LINKINFO, NULL, 0);
	attr_str(&m, IFLA_INFO_KIND, "veth");
	data = attr(&m, IFLA_INFO_DATA, NULL, 0);
	peer = attr(&m, VETH_INFO_PEER, &down, sizeof(down));
	attr_str(&m, IFLA_IFNAME, env("CNI_IFNAME"));
	one_queue(&m);
	attr(&m, IFLA_NET_NS_FD, &netns, sizeof(netns));
	end(&m, peer);
	end(&m, data);
	end(&m, info);
	talk(sock, &m, "pair");
}

static void set_up(int sock, unsigned link)
{
	const struct ifinfomsg up = { .ifi_index = (int)link,
				      .ifi_flags = IFF_UP,
				      .ifi_change = IFF_UP };
	struct message m;

	begin(&m, RTM_NEWLINK, 0, &up, sizeof(up));
	talk(sock, &m, "up");
}

static void add(const struct call *c)
{
	int netns = must(open(c->netns, O_RDONLY | O_CLOEXEC), c->netns);
	int store = lock_store(c), sock;
	unsigned link;

	reserve_one(store, AF_INET, &c->ip4);
	if (c->with6)
		reserve_one(store, AF_INET6, &c->ip6);
	make_pair(open_netlink(), c, netns);

	must(setns(netns, CLONE_NEWNET), c->netns);
	sock = open_netlink();
	link = if_nametoindex(env("CNI_IFNAME"));
	add_address(sock, link, AF_INET, &c->ip4);
	if (c->with6)
		add_address(sock, link, AF_INET6, &c->ip6);
	set_up(sock, link);
	add_default_route(sock, link, AF_INET, NET4 "0.1");
	if (c->with6)
		add_default_route(sock, link, AF_INET6, NET6 "1");
}

static void del(const struct call *c)
{
	const struct ifinfomsg any = { 0 };
	struct message m;
	int store;

	begin(&m, RTM_DELLINK, 0, &any, sizeof(any));
	attr_str(&m, IFLA_IFNAME, c->host_end);
	talk(open_netlink(), &m, "delete the pair");
	store = lock_store(c);
	release_one(store, AF_INET, &c->ip4);
	if (c->with6)
		release_one(store, AF_INET6, &c->ip6);
}

/* What pods.py looks at. */
static void print_result(const struct call *c)
{
	char ip4[INET_ADDRSTRLEN], ip6[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET, &c->ip4, ip4, sizeof(ip4));
	inet_ntop(AF_INET6, &c->ip6, ip6, sizeof(ip6));
	printf("{\"ips\": [{\"address\": \"%s/16\"}", ip4);
	if (c->with6)
		printf(", {\"address\": \"%s/64\"}", ip6);
	puts("]}");
}

int main(void)
{
	const char *verb = env("CNI_COMMAND");
	struct call c = { 0 };

	read_call(&c);
	if (!strcmp(verb, "DEL")) {
		del(&c);
	} else if (!strcmp(verb, "ADD")) {
		add(&c);
		print_result(&c);
	} else {
		puts("the floor knows ADD and DEL only");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
