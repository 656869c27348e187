/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Flows that are older than a host port, and go where they always went: see kernel/conntrack.h. */

#include "firewall/claim.h"
#include "value/error.h"

/* Forgets those through the ports of the claim that do not lead to its pod. */
int flows_forget_strays(const struct claim *claim, struct error *err);
