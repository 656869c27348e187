/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * GC of the nftables backend
 *
 * First the elements of pods that are gone, then what nothing needs any more:
 * chains of the network, maps of its conditions, links without host ports.
 */

#include "firewall/backend.h"

int nftables_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		   struct error *err);
