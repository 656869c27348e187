/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "conf.h"
#include "show.h"
#include "store.h"
#include "value/json.h"
#include "value/scope.h"
#include "value/text.h"
#include "walk.h"

struct line {
	const struct reservation *held;
	struct sandbox by;
	enum sandbox_life life;
	long long age; /* seconds */
};

static struct line look_at(const struct store *store, const struct reservation *held)
{
	const struct attachment of = { .container = held->container, .ifname = held->ifname };
	struct line line = { held, SANDBOX_UNKNOWN, SANDBOX_NOBODY_KNOWS, 0 };
	struct entry entry = ENTRY_NONE;
	struct shelf_facts facts;

	index_find(&store->shelf, &of, &entry, &(struct error){ 0 });
	for (int i = 0; i < entry.n; i++)
		if (ip_equal(&entry.held[i].ip, &held->at.ip) &&
		    entry.held[i].born.tv_sec == held->at.born.tv_sec &&
		    entry.held[i].born.tv_nsec == held->at.born.tv_nsec)
			line.by = entry.by;
	line.life = sandbox_life(&line.by, &store->here);
	if (shelf_stat(&store->shelf, held->at.name, &facts) == 0)
		line.age = time(NULL) - facts.written.tv_sec;
	return line;
}

static void print_age(long long age, char text[static 24])
{
	if (age < 120)
		snprintf(text, 24, "%llds", age);
	else if (age < 7200)
		snprintf(text, 24, "%lldm", age / 60);
	else if (age < 172800)
		snprintf(text, 24, "%lldh", age / 3600);
	else
		snprintf(text, 24, "%lldd", age / 86400);
}

/* One word or one note in one line, whatever the file holds. */
static const char *printable(char *text)
{
	text_scrub(text);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return *text ? text : "-";
}

static void print_table(const struct store *store)
{
	static const char *const life[] = { "gone", "alive", "?" };
	static const char row[] = "%-*s  %-*s  %-15s  %-5s  %s\n";
	int ip = 15, container = 9;

	for (size_t i = 0; i < store->n; i++) {
		int a = (int)strlen(store->held[i].at.name);
		int b = (int)strlen(printable(store->held[i].container));

		ip = a > ip ? a : ip;
		container = b > container ? b : container;
	}
	printf(row, ip, "ADDRESS", container, "CONTAINER", "INTERFACE", "NETNS", "AGE");
	for (size_t i = 0; i < store->n; i++) {
		struct line line = look_at(store, &store->held[i]);
		char age[24];

		print_age(line.age, age);
		printf(row, ip, line.held->at.name, container, printable(line.held->container),
		       line.held->ifname ? printable(line.held->ifname) : "-", life[line.life],
		       age);
	}
}

static void add_text(cJSON *object, const char *name, const char *text)
{
	if (text && *text)
		cJSON_AddStringToObject(object, name, text);
	else
		cJSON_AddNullToObject(object, name);
}

static void print_json(const struct store *store)
{
	_json_ cJSON *list = cJSON_CreateArray();
	_free_ char *text = NULL;

	for (size_t i = 0; i < store->n; i++) {
		struct line line = look_at(store, &store->held[i]);
		cJSON *object = cJSON_CreateObject();

		cJSON_AddItemToArray(list, object);
		text_scrub(line.held->container);
		if (line.held->ifname)
			text_scrub(line.held->ifname);
		cJSON_AddStringToObject(object, "address", line.held->at.name);
		add_text(object, "container", line.held->container);
		add_text(object, "interface", line.held->ifname);
		add_text(object, "netns", line.by.path);
		if (line.life == SANDBOX_NOBODY_KNOWS)
			cJSON_AddNullToObject(object, "alive");
		else
			cJSON_AddBoolToObject(object, "alive", line.life == SANDBOX_ALIVE);
		cJSON_AddNumberToObject(object, "age", (double)line.age);
	}
	text = cJSON_Print(list);
	if (text)
		puts(text);
}

/* "/var/lib/cni/networks/net" or "net". */
static int open_named(struct store *store, char *name, struct error *err)
{
	char *slash;
	int r;

	while ((slash = strrchr(name, '/')) && slash > name && !slash[1])
		*slash = '\0';
	if (slash)
		*slash++ = '\0';
	r = shelf_look(&store->shelf, slash ? name : CONF_DATA_DIR, slash ? slash : name, err);
	return r <= 0 ? r :
			error_set(err, CNI_IO_FAILURE, "there is no address store %s",
				  store->shelf.path);
}

static int open_configured(struct store *store, struct error *err)
{
	_request_ struct request req = REQUEST_NONE;
	_conf_ struct conf conf = CONF_NONE;
	int r;

	/* As a DEL, which takes a configuration of any version. */
	setenv("CNI_COMMAND", "DEL", 1);
	setenv("CNI_CONTAINERID", "example", 1);
	setenv("CNI_IFNAME", "eth0", 1);
	if (request_read(&req, err) < 0)
		return -1;
	conf_read_place(&conf, &req);
	r = shelf_look(&store->shelf, conf.data_dir, req.attachment.network, err);
	return r <= 0 ? r :
			error_set(err, CNI_IO_FAILURE, "there is no address store %s",
				  store->shelf.path);
}

int show_run(int argc, char **argv, struct error *err)
{
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	char *name = argc > 1 + json ? argv[1 + json] : NULL;
	_store_ struct store store = STORE_NONE;
	int r;

	if (argc > 2 + json || (name && *name == '-') || (!name && isatty(0))) {
		fputs("host-local show [--json] NETWORK | DIRECTORY | < CONFIGURATION\n", stderr);
		return 2;
	}
	r = name ? open_named(&store, name, err) : open_configured(&store, err);
	if (r < 0 || walk_read(&store, err) < 0)
		return -1;
	machine_read(&store.here);
	if (json)
		print_json(&store);
	else
		print_table(&store);
	return fflush(stdout) == 0 ? 0 : 1;
}
