/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Random addresses of both families, for tests. */

#include "value/ip.h"

/* Bytes of 0 and of 255 are frequent: that is where carries and compressed zeros are. */
struct ip random_ip(void);

/* With any prefix, host bits and all. */
struct ip random_net(void);

/* In every bit, the prefix too. */
bool ip_identical(const struct ip *a, const struct ip *b);

/* For messages; four of them can be shown at once. */
const char *ip_show(const struct ip *ip);
