# SPDX-License-Identifier: Apache-2.0
"""What the kernel should have of podwire's, said a second time and in another language.

    state.py LIST OWN [BACKEND]   in the node's namespace: prints what differs; exits 1 if anything

Imported by edits.py, which has the lists in memory."""

import ipaddress
import json
import subprocess
import sys
import uuid

DEVICE = "podwire.vxlan"
NAMESPACE = uuid.UUID("ba4e2a0e-6a5c-4f0e-9d42-7c1f8f3b6d10")


def mac(name):
    raw = bytearray(uuid.uuid5(NAMESPACE, "node/" + name).bytes[:6])
    raw[0] = raw[0] & 0xfe | 2
    return ":".join(f"{byte:02x}" for byte in raw)


def ask(*words):
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout or "[]")


def network(text):
    """As ip shows it: single addresses without their length."""
    net = ipaddress.ip_network(text)
    return str(net.network_address) if net.prefixlen == net.max_prefixlen else str(net)


def subnets():
    """Of every link but the tunnel: (interface, link's name)."""
    return [(ipaddress.ip_interface(f"{a['local']}/{a['prefixlen']}"), link["ifname"])
            for link in ask("ip", "-j", "addr") for a in link["addr_info"]
            if link["ifname"] not in ("lo", DEVICE) and a["scope"] == "global"]


def direct(address, here):
    """The link toward a neighbour; None: it is behind a router."""
    fits = [(i.network.prefixlen, link) for i, link in here
            if ipaddress.ip_address(address) in i.network]
    return max(fits, key=lambda fit: fit[0])[1] if fits else None


def of_family(addresses, version):
    return [a for a in addresses if ipaddress.ip_address(a).version == version]


def wanted(nodes, own, backend, here):
    """Routes, neighbours and tunnel ends, as sets of text."""
    routes, neighs, ends = set(), set(), set()
    mine = {str(i.ip) for i, _ in here}
    me = next(n for n in nodes if n["name"] == own)
    outer = next((v for v in (4, 6) if mine & set(of_family(me["addresses"], v))), None)
    for node in nodes:
        for cidr in node["podCIDRs"]:
            net = ipaddress.ip_network(cidr)
            if node["name"] == own:
                routes.add(f"{network(cidr)} blackhole 4294967295")
                continue
            if not node["addresses"]:
                continue
            ways = [(a, direct(a, here)) for a in of_family(node["addresses"], net.version)]
            way = next((w for w in ways if w[1]), None) if backend != "vxlan" else None
            metric = 1024 if net.version == 6 else 0
            ends_of = of_family(node["addresses"], outer)
            if way:
                routes.add(f"{network(cidr)} via {way[0]} dev {way[1]} metric {metric}")
            elif backend != "host-gw" and ends_of:
                inner = str(net.network_address)
                routes.add(f"{network(cidr)} via {inner} dev {DEVICE} metric {metric} onlink")
                neighs.add(f"{inner} {mac(node['name'])}")
                ends.add(f"{mac(node['name'])} {ends_of[0]}")
    return routes, neighs, ends


def kernel():
    routes, neighs, ends = set(), set(), set()
    for family in ("-4", "-6"):
        for r in ask("ip", family, "-j", "route", "show", "proto", "201"):
            if r.get("type") == "blackhole":
                routes.add(f"{r['dst']} blackhole {r['metric']}")
            else:
                routes.add(f"{r['dst']} via {r['gateway']} dev {r['dev']} metric {r.get('metric', 0)}" +
                           (" onlink" if "onlink" in r["flags"] else ""))
    links = {link["ifname"]: link for link in ask("ip", "-j", "link")}
    if DEVICE in links:
        neighs = {f"{n['dst']} {n['lladdr']}" for n in ask("ip", "-j", "neigh", "show", "dev", DEVICE)
                  if "PERMANENT" in n["state"]}
        ends = {f"{e['mac']} {e['dst']}" for e in ask("bridge", "-j", "fdb", "show", "dev", DEVICE)}
    return routes, neighs, ends, DEVICE in links


def differences(nodes, own, backend, here):
    must, (*have, device) = wanted(nodes, own, backend, here), kernel()
    for must_be, is_there in zip(must, have):
        for text in must_be - is_there:
            yield f"missing: {text}"
        for text in is_there - must_be:
            yield f"stale: {text}"
    if device != bool(must[2]):
        yield f"device: {device}"


def main(path, own, backend="auto"):
    with open(path, encoding="ascii") as file:
        nodes = json.load(file)
    found = list(differences(nodes, own, backend, subnets()))
    print("\n".join(found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
