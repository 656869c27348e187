/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Attachments: the verbs of every plugin that plans
 *
 * The only room that knows the whole picture:
 *
 *   ADD     the plan with nothing known proves the configuration before
 *           anything is touched; it is made; the lease is asked for; the plan
 *           is written again with the lease known, and worked on from where it
 *           stood; the result is reported. On any failure everything that this
 *           run made is unmade, backwards, and the lease released.
 *   DEL     the plan with nothing known is unmade, backwards; then the lease is
 *           released: an address is free only when nothing answers to it any
 *           more. Errors are gathered and stop nothing.
 *   CHECK   the plan is written from prevResult and each want asked; then the
 *           delegate's CHECK.
 *   STATUS  each want is asked whether it could be made; then the delegate.
 *   GC      each kind is swept; then the delegate's GC.
 */

#include "verb/plugin.h"

extern const struct verbs attach_verbs;
