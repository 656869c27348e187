#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

bats_require_minimum_version 1.5.0

load lib
load compare/compare

@test "bridges and ports" { compare "bridges and ports"; }
@test "gateways" { compare "gateways"; }
@test "addresses" { compare "addresses"; }
@test "routes" { compare "routes"; }
@test "name servers" { compare "name servers"; }
@test "versions" { compare "versions"; }
@test "MAC addresses" { compare "MAC addresses"; }
@test "layer 2" { compare "layer 2"; }
@test "chains and other IPAM plugins" { compare "chains and other IPAM plugins"; }
@test "host-local and loopback by themselves" { compare "host-local and loopback by themselves"; }
@test "what is refused" { compare "what is refused"; }
