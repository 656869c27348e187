/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "cni/attachments.h"
#include "value/json.h"

static const char *text(const cJSON *item, const char *member)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, member));
}

struct entry {
	const char *container, *ifname;
};

static int check_entry(const cJSON *item, struct error *err)
{
	static const struct json_field table[] = {
		{ "containerID", JSON_STRING(struct entry, container), .required = true },
		{ "ifname", JSON_STRING(struct entry, ifname), .required = true },
		{},
	};
	struct entry entry = { 0 };

	return json_read(item, table, &entry, err);
}

int attachments_read(struct attachments *valid, const struct request *req, struct error *err)
{
	static const char *const names[] = { "cni.dev/valid-attachments", "cni.dev/attachments" };
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(req->config, names[0]);
	const char *name = list ? names[0] : names[1];
	const cJSON *item;
	int i = 0;

	if (!list)
		list = cJSON_GetObjectItemCaseSensitive(req->config, names[1]);
	if (!list || cJSON_IsNull(list))
		return 1;
	if (!cJSON_IsArray(list))
		return error_set(err, CNI_BAD_CONTENT, "%s must be a list", name);
	/* One entry that cannot be read could be one that lives: then nothing is swept. */
	cJSON_ArrayForEach(item, list) {
		if (check_entry(item, err) < 0)
			return json_error_at(err, "%s[%d]", name, i);
		i++;
	}
	*valid = (struct attachments){ req->attachment.network, list };
	return 0;
}

bool attachments_have(const struct attachments *valid, const char *container, const char *ifname)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, valid->list)
		if (!strcmp(text(item, "containerID"), container) &&
		    (!ifname || !strcmp(text(item, "ifname"), ifname)))
			return true;
	return false;
}

void attachments_each(const struct attachments *valid,
		      void (*each)(const struct attachment *, void *arg), void *arg)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, valid->list)
		each(&(struct attachment){ .network = valid->network,
					   .container = text(item, "containerID"),
					   .ifname = text(item, "ifname") },
		     arg);
}
