# SPDX-License-Identifier: Apache-2.0
"""edits.py PROGRAM EDITS SEED: random edits of a node list, a sync after each, in this namespace.

After every edit the kernel must have exactly what state.py says that it should. Now and then the list
is broken, the kernel's state is damaged, or the backend changes."""

import json
import os
import random
import subprocess
import sys
import tempfile

import state

OWN = {"name": "own", "podCIDRs": ["10.244.0.0/24", "fd00:244::/64"],
       "addresses": ["192.168.1.1", "fd01:1::1"]}
BROKEN = ("", "[", "[]", '{"items": 3}', '[{"name": "own"}]', '[{"name": "x", "podCIDRs": ["10.0.0.0/33"]}]')
DAMAGES = ("ip link delete podwire.vxlan", "ip route flush proto 201", "ip -6 route flush proto 201",
           "ip neigh flush dev podwire.vxlan nud permanent", "ip link set podwire.vxlan mtu 1300",
           "ip link set podwire.vxlan address 02:00:00:00:00:07", "ip route add 10.99.0.0/24 via 192.168.1.9 proto 201",
           "bridge fdb add 02:00:00:00:00:09 dev podwire.vxlan dst 192.168.9.9",
           "ip neigh replace 10.99.0.0 lladdr 02:00:00:00:00:0a dev podwire.vxlan nud permanent",
           "ip route replace blackhole 10.98.0.0/24 proto 201")


class Edits:
    def __init__(self, program, seed):
        self.program, self.random = program, random.Random(seed)
        self.nodes, self.backend, self.count = [OWN], "auto", 0
        self.here = state.subnets()
        self.file = os.path.join(tempfile.mkdtemp(), "nodes.json")

    def address(self):
        lan = self.random.choice((1, 1, 2, 3))
        host = self.random.randint(2, 250)
        return self.random.choice(([f"192.168.{lan}.{host}"], [f"fd01:{lan}::{host:x}"],
                                   [f"192.168.{lan}.{host}", f"fd01:{lan}::{host:x}"], []))

    def cidrs(self):
        while True:
            i = self.random.randint(1, 90)
            v4, v6 = f"10.244.{i}.0/24", f"fd00:244:{i:x}::/64"
            used = {cidr for node in self.nodes for cidr in node["podCIDRs"]}
            if not {v4, v6} & used:
                return self.random.choice(([v4], [v6], [v4, v6], [v6, v4], []))

    def join(self):
        self.count += 1
        self.nodes.append({"name": f"node-{self.count}", "podCIDRs": self.cidrs(),
                           "addresses": self.address()})

    def edit(self):
        others = [node for node in self.nodes if node is not OWN]
        what = self.random.choice("join join leave address cidrs order".split())
        if what == "join" and len(others) < 40 or not others:
            self.join()
        elif what in ("join", "leave"):
            self.nodes.remove(self.random.choice(others))
        elif what == "address":
            self.random.choice(others)["addresses"] = self.address()
        elif what == "cidrs":
            self.random.choice(others)["podCIDRs"] = self.cidrs()
        else:
            self.random.shuffle(self.nodes)

    def write(self, text):
        with open(self.file + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(self.file + ".new", self.file)

    def text(self):
        if self.random.random() < .5:
            return json.dumps(self.nodes)
        return json.dumps({"kind": "List", "items": [{
            "kind": "Node", "metadata": {"labels": {"name": "no", "items": "[{"}, "name": node["name"]},
            "spec": {"podCIDR": (node["podCIDRs"] or [""])[0], "podCIDRs": node["podCIDRs"]},
            "status": {"addresses": [{"type": "Hostname", "address": "x"}] +
                       [{"type": "InternalIP", "address": a} for a in node["addresses"]]}}
            for node in self.nodes]}, indent=self.random.choice((None, 4)))

    def sync(self):
        return subprocess.run([self.program, "sync", "--nodes", self.file, "--node", "own",
                               "--backend", self.backend], capture_output=True, text=True, check=False)

    def step(self):
        before = state.kernel()
        if self.random.random() < .03:
            self.write(self.random.choice(BROKEN))
            assert self.sync().returncode == 1, "a broken list is an error"
            assert state.kernel() == before, "a broken list changes nothing"
        if self.random.random() < .05:
            self.backend = self.random.choice(("auto", "vxlan"))
        if self.random.random() < .1:
            subprocess.run(self.random.choice(DAMAGES).split(), capture_output=True, check=False)
        self.edit()
        self.write(self.text())
        done = self.sync()
        unreachable = "no way to" in done.stderr
        assert done.returncode == unreachable, done.stderr
        wrong = list(state.differences(self.nodes, "own", self.backend, self.here))
        assert not wrong, "\n".join([*wrong, done.stderr])


def main(program, edits, seed):
    run = Edits(program, seed)
    for number in range(int(edits)):
        try:
            run.step()
        except AssertionError as error:
            sys.exit(f"edit {number} of seed {seed}, backend {run.backend}:\n{error}\n"
                     f"{json.dumps(run.nodes)}")


main(*sys.argv[1:])
