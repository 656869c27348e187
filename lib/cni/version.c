/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "cni/version.h"

const char *const version_names[VERSIONS] = {
	[VERSION_0_1_0] = "0.1.0", [VERSION_0_2_0] = "0.2.0", [VERSION_0_3_0] = "0.3.0",
	[VERSION_0_3_1] = "0.3.1", [VERSION_0_4_0] = "0.4.0", [VERSION_1_0_0] = "1.0.0",
	[VERSION_1_1_0] = "1.1.0",
};

bool version_parse(enum version *version, const char *text)
{
	for (int v = 0; v < VERSIONS; v++) {
		if (!strcmp(version_names[v], text)) {
			*version = (enum version)v;
			return true;
		}
	}
	return false;
}
