/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims on the host's firewall: masquerade, host ports, the MAC check
 *
 * Three kinds of the attachment's own. They are unmade and swept by the owner's
 * name in the firewall, never by what the configuration says: so a DEL wants
 * all that an ADD with another configuration may have made, and leaves the rest
 * of the claim empty.
 */

#include "firewall/claim.h"
#include "want/plan.h"

/* Packets of the pod leave the host with the host's address, but not to .except. */
#define want_masquerade(plan, ...)                                                                 \
	want_claim(plan, &(struct claim){ .sort = CLAIM_MASQUERADE, __VA_ARGS__ })

/* Ports of the host lead to the pod; .way is looked up when it is made. */
#define want_hostport(plan, ...)                                                                   \
	want_claim(plan, &(struct claim){ .sort = CLAIM_HOSTPORT, __VA_ARGS__ })

/* Frames that come in by .link with another source than .mac are dropped. */
#define want_maccheck(plan, ...)                                                                   \
	want_claim(plan, &(struct claim){ .sort = CLAIM_MACCHECK, __VA_ARGS__ })

void want_claim(struct plan *plan, const struct claim *claim);
