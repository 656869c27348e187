# SPDX-License-Identifier: Apache-2.0
"""Times ADD, CHECK and DEL of host-local against the number of addresses reserved already.

The store is filled with files as the reference plugin writes them. The first ADD, which may take
stock of them, is told by itself. Then the sets take turns, call by call, each with a store of its
own. A call that fails ends the measurement.
"""

import argparse
import ipaddress
import os
import sys
import tempfile

import timing

FIRST = ipaddress.ip_address("10.244.0.2")
SUBNET = "10.244.0.0/14"
VERBS = ["first ADD", "ADD", "CHECK", "DEL"]


def fill(directory, reserved):
    os.makedirs(directory)
    for i in range(reserved):
        with open(f"{directory}/{FIRST + i}", "x", encoding="ascii") as file:
            file.write(f"{i:064x}\r\neth0")
    if reserved:
        with open(f"{directory}/last_reserved_ip.0", "x", encoding="ascii") as file:
            file.write(str(FIRST + reserved - 1))


def call(path, store, verb, pod, result=None):
    config = {"cniVersion": "1.0.0", "name": "bench", "type": "bridge",
              "ipam": {"type": "host-local", "dataDir": store, "ranges": [[{"subnet": SUBNET}]]}}
    if result:
        config["prevResult"] = result
    return timing.call(f"{path}/host-local", {
        "CNI_COMMAND": verb, "CNI_CONTAINERID": pod, "CNI_IFNAME": "eth0",
        "CNI_NETNS": "/run/netns/none", "CNI_PATH": path}, config)


def prove(answer, reserved, i):
    address = answer["ips"][0]["address"].partition("/")[0]
    if address != str(FIRST + reserved + i):
        raise timing.Failed(f"ADD number {i} after {reserved} gave {address}")


def measure(sets, reserved, calls):
    """{(set, what): costs}"""
    costs = {(name, verb): [] for verb in VERBS for name, _ in sets}
    results = {}
    with tempfile.TemporaryDirectory(prefix="podwire-bench-") as top:
        for name, path in sets:
            fill(f"{top}/{name}/bench", reserved)
            answer, cost = call(path, f"{top}/{name}", "ADD", "first")
            prove(answer, reserved, 0)
            costs[name, "first ADD"].append(cost)
        for verb in VERBS[1:]:
            # Not in turn: whoever walks through 100,000 files leaves the next one cold caches.
            for name, path in sets:
                for i in range(1, calls + 1):
                    answer, cost = call(path, f"{top}/{name}", verb, f"new-{i}",
                                        verb == "CHECK" and results[name, i])
                    if verb == "ADD":
                        prove(answer, reserved, i)
                        results[name, i] = answer
                    costs[name, verb].append(cost)
    return costs


def rows(sets, counts, calls):
    names = [name for name, _ in sets]
    none = {}
    yield ["reserved", *names, "reference / podwire", "podwire / podwire with none"]
    for reserved in counts:
        costs = measure(sets, reserved, calls)
        for verb in VERBS:
            for what, unit in (("wall", "wall ms"), ("cpu", "CPU ms"), ("peak", "peak MiB")):
                cells = {n: getattr(timing.middle(costs[n, verb]), what) for n in names}
                none.setdefault((verb, what), cells["podwire"])
                yield [f"{reserved}: {verb}, {unit}", *map(timing.number, cells.values()),
                       timing.ratio(cells.get("reference"), cells["podwire"]),
                       timing.ratio(cells["podwire"], none[verb, what])]


def parse(words):
    parser = argparse.ArgumentParser(prog="tests/bench/run store", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reserved", default="0,250,10000,100000", metavar="N,N...",
                        help="how many are reserved before (0,250,10000,100000)")
    parser.add_argument("--calls", type=int, default=20, help="of each verb and set (20)")
    return timing.parse(parser, words)


def main(words):
    options = parse(words)
    idleness = timing.Idleness()
    sets = [(n, p) for n, p in options.sets if n != "floor"]
    try:
        timing.print_table(list(rows(sets, map(int, options.reserved.split(",")), options.calls)))
    except timing.Failed as why:
        sys.exit(str(why))
    timing.print_machine(f"Medians over {options.calls} calls")
    idleness.warn()


if __name__ == "__main__":
    main(sys.argv[1:])
