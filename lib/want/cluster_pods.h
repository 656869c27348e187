/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* No masquerade between pods of the cluster: the firewall knows all their networks. */

#include "firewall/cluster.h"
#include "want/plan.h"

/* What it points to lives as long as the plan. */
void want_cluster_pods(struct plan *plan, const struct cluster_pods *pods);
