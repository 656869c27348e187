# SPDX-License-Identifier: Apache-2.0
"""node-routes: how long a sync takes with more and more nodes in the list, and the memory for it.

The floor is iproute2 doing the same from files: `ip -batch` and `bridge -batch`, nothing looked up
and nothing compared."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import uuid

import timing

NAMESPACE = uuid.UUID("ba4e2a0e-6a5c-4f0e-9d42-7c1f8f3b6d10")
KINDS = ("host-gw", "vxlan")
SETUP = """
ip link set lo up
ip link add eth0 type veth peer name far
ip addr add 172.16.0.1/12 dev eth0
ip link set eth0 up
ip link set far up
"""


class Node:
    def __init__(self, i, moved=False):
        self.name = f"node-{i:05d}"
        self.inner = f"10.{128 + (i >> 8)}.{i & 255}.0"
        self.outer = f"172.{17 if moved else 16}.{i >> 8}.{i & 255}"

    def mac(self):
        raw = bytearray(uuid.uuid5(NAMESPACE, "node/" + self.name).bytes[:6])
        raw[0] = raw[0] & 0xfe | 2
        return raw.hex(":")

    def short(self):
        return {"name": self.name, "podCIDRs": [self.inner + "/24"], "addresses": [self.outer]}

    def kubernetes(self):
        """About as long as a node of a real cluster, which is mostly the images that it has."""
        return {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": self.name, "labels": {f"label.example.com/{k}": "y" * 30 for k in range(20)}},
            "spec": {"podCIDR": self.inner + "/24", "podCIDRs": [self.inner + "/24"]},
            "status": {
                "addresses": [{"type": "InternalIP", "address": self.outer}],
                "conditions": [{"type": t, "status": "False", "message": "kubelet has what it needs"}
                               for t in ("Memory", "Disk", "PID", "Ready")],
                "images": [{"names": [f"registry.example.com/some/image-{k}@sha256:" + "a" * 64],
                            "sizeBytes": 123456789} for k in range(50)]}}


class Bench:
    def __init__(self, program, rounds):
        self.program, self.rounds = program, rounds
        self.dir = tempfile.mkdtemp()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, what):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(what if isinstance(what, str) else json.dumps(what, indent=4))
        # A file that was written just now may change again unseen, and would be read twice.
        os.utime(self.path(name), (1, 1))
        return self.path(name)

    def run(self, *words):
        """One program, by launch: what it cost."""
        report, line = os.pipe()
        with open(self.path("out"), "w", encoding="ascii") as out, \
                subprocess.Popen([os.environ["BENCH_LAUNCH"], *words], stdout=out, stderr=out,
                                 pass_fds=(3,) if line == 3 else (),
                                 preexec_fn=lambda: os.dup2(line, 3), close_fds=False):
            os.close(line)
            with os.fdopen(report) as file:
                status, ns, us, kib = map(int, file.read().split())
        if status:
            with open(self.path("out"), encoding="utf-8") as out:
                sys.exit(f"{words}: status {status}: {out.read()[-500:]}")
        return timing.Cost(ns / 1e6, us / 1e3, kib / 1024)

    def sync(self, kind, nodes):
        return self.run(self.program, "sync", "--node", "node-00001", "--nodes", nodes, "--backend", kind)

    def clean(self):
        self.run(self.program, "clean")

    def expect(self, routes):
        text = subprocess.run(["ip", "route", "show", "proto", "201"], capture_output=True, text=True,
                              check=True).stdout
        if len(text.splitlines()) != routes:
            sys.exit(f"{len(text.splitlines())} routes, not {routes}: nothing was measured")

    def floor(self, kind, peers):
        """The same entries from files. Makes, and takes away again."""
        if kind == "host-gw":
            lines = [f"route add {p.inner}/24 via {p.outer} dev eth0 proto 201" for p in peers]
            cost = self.run("/sbin/ip", "-batch", self.write("ip", "\n".join(lines) + "\n"))
        else:
            subprocess.run("ip link add podwire.vxlan type vxlan id 4096 dstport 4789 local 172.16.0.1 "
                           "dev eth0 nolearning && ip link set podwire.vxlan up", shell=True, check=True)
            ends = [f"fdb append {p.mac()} dev podwire.vxlan dst {p.outer}" for p in peers]
            lines = [f"neigh add {p.inner} lladdr {p.mac()} dev podwire.vxlan nud permanent" for p in peers]
            lines += [f"route add {p.inner}/24 via {p.inner} dev podwire.vxlan onlink proto 201" for p in peers]
            costs = [self.run("/sbin/bridge", "-batch", self.write("bridge", "\n".join(ends) + "\n")),
                     self.run("/sbin/ip", "-batch", self.write("ip", "\n".join(lines) + "\n"))]
            cost = timing.Cost(costs[0].wall + costs[1].wall, costs[0].cpu + costs[1].cpu, costs[1].peak)
        self.expect(len(peers))
        subprocess.run("ip link delete podwire.vxlan 2>/dev/null; ip route flush proto 201", shell=True,
                       check=False)
        return cost

    def size(self, count):
        nodes = [Node(i) for i in range(1, count + 1)]
        changed = [*nodes[:-1], Node(count, moved=True)]
        lists = {name: self.write(name, content) for name, content in (
            ("short", [n.short() for n in nodes]), ("changed", [n.short() for n in changed]),
            ("kubectl", {"kind": "List", "items": [n.kubernetes() for n in nodes]}),
            ("kubectl-changed", {"kind": "List", "items": [n.kubernetes() for n in changed]}))}
        costs = {}
        for kind in KINDS:
            for _ in range(self.rounds):
                for what, measure in (
                        ("floor", lambda kind=kind: self.floor(kind, nodes[1:])),
                        ("first", lambda kind=kind: self.sync(kind, lists["short"])),
                        ("nothing", lambda kind=kind: self.sync(kind, lists["short"])),
                        ("one", lambda kind=kind: self.sync(kind, lists["changed"])),
                        ("kubectl", lambda kind=kind: self.sync(kind, lists["kubectl"]))):
                    costs.setdefault((kind, what), []).append(measure())
                    if what != "floor":
                        self.expect(count)
                self.clean()
                self.expect(0)
        return {key: timing.middle(some) for key, some in costs.items()}


LABELS = {"floor": "floor: ip -batch", "first": "first sync", "nothing": "sync, nothing changed",
          "one": "sync, one node changed", "kubectl": "the same, kubectl's list"}


def rows(sizes, results):
    yield ["", *(f"{size:,} nodes" for size in sizes)]
    for kind in KINDS:
        for what, label in LABELS.items():
            yield [f"{kind}: {label}, ms", *(f"{results[s][kind, what].wall:.1f}" for s in sizes)]
        yield [f"{kind}: first sync / floor", *(timing.ratio(results[s][kind, "first"].wall,
                                                            results[s][kind, "floor"].wall) for s in sizes)]
    yield ["peak MiB", *(f"{max(c.peak for (_, w), c in results[s].items() if w != 'floor'):.1f}"
                         for s in sizes)]


def parse(words):
    parser = argparse.ArgumentParser(prog="tests/bench/run nodes", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", default="100,1000,5000", metavar="N,N...")
    parser.add_argument("--rounds", type=int, default=5)
    return timing.parse(parser, words)


def main(words):
    options = parse(words)
    if "BENCH_SANDBOX" not in os.environ:
        user = [] if os.getuid() == 0 else ["-Ur"]
        os.environ["BENCH_SANDBOX"] = "1"
        os.execvp("unshare", ["unshare", *user, "-nm", sys.executable, __file__, *words])
    subprocess.run(["sh", "-ec", SETUP], check=True)
    idleness = timing.Idleness()
    bench = Bench(os.path.join(dict(options.sets)["podwire"], "node-routes"), options.rounds)
    sizes = [int(n) for n in options.nodes.split(",")]
    results = {size: bench.size(size) for size in sizes}
    timing.print_table(list(rows(sizes, results)))
    length = os.path.getsize(bench.path("kubectl")) / 1e6
    timing.print_machine(f"Medians of {options.rounds}; kubectl's list of {sizes[-1]:,} nodes: {length:.0f} MB")
    idleness.warn()


if __name__ == "__main__":
    main(sys.argv[1:])
