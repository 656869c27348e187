/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text: which names are allowed, and what is safe to print
 *
 * Source of the name rules: CNI specification 1.1, "Parameters" (container IDs
 * and network names), and the kernel's dev_valid_name() (interfaces).
 */

#include <stdbool.h>
#include <stddef.h>

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*, the whole string: no path can be made of it. */
bool text_is_name(const char *text);

/* 1 to 15 bytes, not "." or "..", no '/', no ':', no white space; no '%', of which the kernel makes
 * a number. */
bool text_is_ifname(const char *text);

/* A file name that names nothing outside its directory: plugins of any vendor have such. */
bool text_is_filename(const char *text);

/* Replaces, in place, every byte that is not part of well-formed UTF-8 by '?'. */
void text_scrub(char *text);
