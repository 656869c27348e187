/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "resolv.h"
#include "value/json.h"
#include "value/scope.h"

#define BLANK " \t\r\n"

/* Every word of the line, behind those of that member that are there. */
static void add_words(cJSON *dns, const char *member, char *words)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(dns, member);
	char *word;

	if (!list)
		list = cJSON_AddArrayToObject(dns, member);
	while ((word = strsep(&words, BLANK)))
		if (*word)
			cJSON_AddItemToArray(list, cJSON_CreateString(word));
}

static void set_word(cJSON *dns, const char *member, const char *word)
{
	cJSON_DeleteItemFromObjectCaseSensitive(dns, member);
	cJSON_AddStringToObject(dns, member, word);
}

static void read_line(cJSON *dns, char *line)
{
	char *rest = line + strspn(line, BLANK), *keyword = strsep(&rest, BLANK);

	if (!rest || *keyword == '#' || *keyword == ';' || !rest[strspn(rest, BLANK)])
		return;
	if (!strcmp(keyword, "nameserver")) {
		rest += strspn(rest, BLANK);
		rest[strcspn(rest, BLANK)] = '\0';
		add_words(dns, "nameservers", rest);
	} else if (!strcmp(keyword, "domain")) {
		rest += strspn(rest, BLANK);
		rest[strcspn(rest, BLANK)] = '\0';
		set_word(dns, "domain", rest);
	} else if (!strcmp(keyword, "search")) {
		add_words(dns, "search", rest);
	} else if (!strcmp(keyword, "options")) {
		add_words(dns, "options", rest);
	}
}

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static int refused(const char *path, struct error *err)
{
	error_errno(err, errno, "read ipam.resolvConf %s", path);
	err->code = CNI_IO_FAILURE;
	return -1;
}

int resolv_read(cJSON **dns, const char *path, struct error *err)
{
	__attribute__((__cleanup__(close_file))) FILE *file = fopen(path, "re");
	_json_ cJSON *read = NULL;
	_free_ char *line = NULL;
	size_t room = 0;

	if (!file)
		return refused(path, err);
	read = cJSON_CreateObject();
	while (getline(&line, &room, file) >= 0)
		read_line(read, line);
	if (ferror(file))
		return refused(path, err);
	*dns = take_ptr(read);
	return 0;
}
