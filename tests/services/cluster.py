# SPDX-License-Identifier: Apache-2.0
"""What kube-proxy knows on a node: where pods are, and the Services. Read from a text like ./services."""

import os
import sys
from typing import NamedTuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../traffic"))
from world import World  # noqa: E402

PROTOCOLS = "tcp", "udp", "sctp"


class Backend(NamedTuple):
    name: str
    address: str
    port: str
    local: bool  # on this node


class Port(NamedTuple):
    """A Service's port of one protocol, as one node and one family sees it."""

    name: str
    protocol: str
    address: str
    port: str
    node_port: str  # None: it has none
    outside_local: bool
    inside_local: bool
    sticky: bool
    backends: list

    @property
    def local(self):
        return [backend for backend in self.backends if backend.local]

    @property
    def inside(self):
        """Those that its own address leads to."""
        return self.local if self.inside_local else self.backends

    @property
    def outside(self):
        """Those that a node port leads to."""
        return self.local if self.outside_local else self.backends


class Services:
    """The text."""

    def __init__(self, path):
        self.cidrs, self.nodes, self.ports = [], {}, []
        with open(path) as lines:
            for line in lines:
                kind, *words = line.split("#")[0].split() or [""]
                if kind == "cluster":
                    self.cidrs = words
                elif kind == "node":
                    self.nodes[words[0]] = words[1], words[2:]
                elif kind == "service":
                    self.ports += ((protocol, *words) for protocol in PROTOCOLS)


class Cluster:
    """What a node sees of it in one family."""

    def __init__(self, world, services, node, family):
        self._world, self._services, self.family = world, services, family
        address, self._local = services.nodes[node]
        self.node_address = self._address(address)
        self.pods = next(cidr for cidr in services.cidrs if (":" in cidr) == (family == 6))
        self.localhost = "127.0.0.0/8" if family == 4 else "::1/128"

    def _address(self, name):
        return self._world[name].address[self.family]

    def _backend(self, text):
        name, _, port = text.partition(":")
        return Backend(name, self._address(name), port, name in self._local)

    def ports(self):
        for protocol, name, port, node_port, outside, inside, *others in self._services.ports:
            yield Port(name, protocol, self._address(name), port,
                       None if node_port == "-" else node_port, outside == "Local", inside == "Local",
                       "sticky" in others, [self._backend(text) for text in others if ":" in text])
