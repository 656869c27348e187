/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The seven versions of the protocol, in order, so that they can be compared with < and >=. */

#include <stdbool.h>

enum version {
	VERSION_0_1_0,
	VERSION_0_2_0,
	VERSION_0_3_0,
	VERSION_0_3_1,
	VERSION_0_4_0,
	VERSION_1_0_0,
	VERSION_1_1_0,
	VERSIONS, /* how many there are */
};

#define VERSION_NEWEST VERSION_1_1_0

extern const char *const version_names[VERSIONS];

bool version_parse(enum version *version, const char *text);
