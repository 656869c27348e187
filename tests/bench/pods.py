# SPDX-License-Identifier: Apache-2.0
"""Times ADD, CHECK and DEL of bridge + host-local.

Every set of plugins serves the same pods, in as many rounds, in turn, each time in a host and pods
of its own, which are network namespaces. A call that fails ends the measurement; so does a pod
without its address, an address given twice, and anything left after DEL.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time

import timing

VERBS = "ADD", "CHECK", "DEL"
UNKNOWN = {("floor", "CHECK"), ("floor", "GC"), ("reference", "GC")}
DATA = "/run/store"
# The kernel deletes a link at its timer's ticks, 4 ms apart on most machines. Calls one straight
# after another would keep step with them, and a DEL take a multiple of 4 ms, whoever calls it.
PAUSE = 0.008  # seconds at most, before each call
SANDBOX = """mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link set lo up
exec "$@"
"""


def configuration(v6):
    ranges = [[{"subnet": "10.244.0.0/16"}]]
    routes = [{"dst": "0.0.0.0/0"}]
    if v6:
        ranges.append([{"subnet": "fd00:10:244::/64"}])
        routes.append({"dst": "::/0"})
    return {"cniVersion": "1.0.0", "name": "bench", "type": "bridge", "bridge": "cni0",
            "isGateway": True, "hairpinMode": True,
            "ipam": {"type": "host-local", "dataDir": DATA, "ranges": ranges, "routes": routes}}


def ip(*words):
    """iproute2's answer."""
    out = subprocess.run(["ip", "-j", *words], check=True, capture_output=True, text=True).stdout
    return json.loads(out) if out.strip() else []


def addresses(pod):
    """Those that a pod can use at once."""
    return {f"{a['local']}/{a['prefixlen']}"
            for link in ip("-n", pod, "addr", "show", "dev", "eth0") for a in link["addr_info"]
            if a["scope"] == "global" and not a.get("tentative")}


class Round:
    """In namespaces of its own: one set of plugins and its pods."""

    def __init__(self, path, pods, par, v6):
        self.path, self.par, self.v6 = path, par, v6
        self.pods = [f"pod-{i}" for i in range(pods)]
        self.results = {}
        self.random = random.Random(1)  # the same pauses for every set

    def call(self, verb, pod):
        config = configuration(self.v6)
        if verb == "CHECK":
            config["prevResult"] = self.results[pod]
        if verb == "GC":
            config |= {"cniVersion": "1.1.0", "cni.dev/valid-attachments": []}
        answer, cost = timing.call(f"{self.path}/bridge", {
            "CNI_COMMAND": verb, "CNI_CONTAINERID": pod, "CNI_IFNAME": "eth0",
            "CNI_NETNS": f"/run/netns/{pod}", "CNI_PATH": self.path}, config)
        if verb == "ADD":
            self.results[pod] = answer
        return cost

    def for_all(self, verb):
        """The costs of each call, and the time for all of them, in ms, divided by their number."""
        if self.par > 1:
            return self.crowd(verb)
        begin = time.perf_counter()
        costs = [self.call_by_itself(verb, pod) for pod in self.pods]
        return costs, (time.perf_counter() - begin) * 1e3 / len(self.pods)

    def crowd(self, verb):
        answers, costs, took = timing.crowd(f"{self.path}/bridge", {
            "CNI_COMMAND": verb, "CNI_IFNAME": "eth0", "CNI_PATH": self.path},
            configuration(self.v6), self.pods, self.par)
        if verb == "ADD":
            self.results = answers
        return costs, took / len(self.pods)

    def call_by_itself(self, verb, pod):
        time.sleep(self.random.uniform(0, PAUSE))
        return self.call(verb, pod)

    def prove_added(self):
        seen = set()
        for pod in self.pods:
            told = {i["address"] for i in self.results[pod]["ips"]}
            routes = ip("-n", pod, "route") + ip("-n", pod, "-6", "route") * self.v6
            if len(told) != 1 + self.v6 or told != addresses(pod) or told & seen:
                raise timing.Failed(f"{self.path}: {pod} was given {told}, has {addresses(pod)}")
            if len([r for r in routes if r["dst"] == "default"]) != 1 + self.v6:
                raise timing.Failed(f"{self.path}: {pod} has no default route")
            seen |= told

    def prove_deleted(self):
        links = {link["ifname"] for link in ip("link")} - {"lo", "cni0"}
        files = {name for _, _, names in os.walk(DATA) for name in names}
        reserved = {name for name in files if name.startswith(("10.", "fd00"))}
        if links or reserved:
            raise timing.Failed(f"{self.path}: after DEL there are {links or reserved}")

    def run(self, verbs):
        for pod in self.pods:
            subprocess.run(["ip", "netns", "add", pod], check=True)
        # The kernel takes down the last round's namespaces behind everybody's back.
        time.sleep(1)
        measured = {"ADD": self.for_all("ADD")}
        self.prove_added()
        for verb in verbs[1:]:
            measured[verb] = self.for_all(verb) if verb != "GC" else ([self.call("GC", "")], 0)
        self.prove_deleted()
        return measured


def run_round(name, path, options):
    """In a process that has its own namespaces, and loses them when it ends."""
    verbs = [v for v in options.verbs if (name, v) not in UNKNOWN]
    task = {"path": path, "verbs": verbs, "pods": options.pods, "par": options.par,
            "v6": options.v6}
    user = ["-Ur"] if os.geteuid() else []
    done = subprocess.run(["unshare", *user, "-nm", "--propagation", "private", "sh", "-ec",
                           SANDBOX, "sh", sys.executable, __file__, "--in-sandbox",
                           json.dumps(task)], stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"measuring {name} failed")
    return json.loads(done.stdout)


def in_sandbox(task):
    verbs = task.pop("verbs")
    try:
        json.dump(Round(**task).run(verbs), sys.stdout)
    except timing.Failed as why:
        sys.exit(str(why))


def measure(sets, options):
    """{(set, verb): (costs, elapsed ms per pod of each round)}, over all rounds."""
    measured = {(name, verb): ([], []) for name, _ in sets for verb in options.verbs}
    order = random.Random(1)  # for nobody always to come behind the same one, and pay for it
    for i in range(options.rounds):
        for name, path in order.sample(sets, len(sets)):
            print(f"round {i + 1} of {options.rounds}: {name}", file=sys.stderr)
            for verb, (costs, elapsed) in run_round(name, path, options).items():
                measured[name, verb][0].extend(timing.Cost(*c) for c in costs)
                measured[name, verb][1].append(elapsed)
    return measured


def rows(sets, measured, par):
    """One for each verb and each thing measured of it."""
    yield timing.heading(sets)
    for verb in [v for v in VERBS if (sets[0][0], v) in measured]:
        value = {n: timing.middle(costs)._asdict() | {"elapsed": statistics.median(elapsed)}
                 for n, (costs, elapsed) in ((n, measured[n, verb]) for n, _ in sets) if costs}
        for what, unit in (("wall", "wall ms"), ("cpu", "CPU ms"), ("peak", "peak MiB"),
                           *((("elapsed", "elapsed ms / pods"),) if par > 1 else ())):
            yield timing.row(f"{verb}, {unit}", [value.get(n, {}).get(what) for n, _ in sets], sets)


def parse(words):
    parser = argparse.ArgumentParser(prog="tests/bench/run pods", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=30, help="how many a round has (30)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each set's turn comes (5)")
    parser.add_argument("--par", type=int, default=1, help="calls at a time (1)")
    parser.add_argument("--v6", action="store_true", help="IPv6 beside IPv4")
    parser.set_defaults(verbs=VERBS)
    return timing.parse(parser, words)


def main(words):
    if words[:1] == ["--in-sandbox"]:
        return in_sandbox(json.loads(words[1]))
    options = parse(words)
    if options.par > 1:  # all calls of a crowd are given the same; CHECK wants each its own result
        options.verbs = "ADD", "DEL"
    idleness = timing.Idleness()
    measured = measure(options.sets, options)
    timing.print_table(list(rows(options.sets, measured, options.par)))
    timing.print_machine(f"Medians over {options.pods} pods × {options.rounds}, "
                         f"calls at a time: {options.par}, "
                         f"{'IPv4 and IPv6' if options.v6 else 'IPv4'}")
    idleness.warn()
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
