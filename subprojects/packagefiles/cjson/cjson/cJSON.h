/* SPDX-License-Identifier: Apache-2.0 */
/* Where the installed header would be. */
#include "../cJSON.h"
