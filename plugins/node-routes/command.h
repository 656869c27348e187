/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The commands of node-routes, for people and for systemd
 *
 *     node-routes sync [--nodes FILE|-] [--node NAME] [--backend B] ...
 *
 * Options are the members of the plugin's configuration; --config FILE takes them
 * from a network configuration list first.
 */

#include <stdbool.h>

bool routes_is_command(const char *word);

/* argv[1] is one. Answers the exit status. */
int routes_command(int argc, char **argv);
