/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether every rule of a claim is there, by iptables' own judgement; healing first. */

#include "firewall/backend.h"

int iptables_check(struct firewall *fw, const struct claim *claim, struct error *err);
