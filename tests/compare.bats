#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

bats_require_minimum_version 1.5.0

load lib
load compare/compare

@test "links" { compare links; }
