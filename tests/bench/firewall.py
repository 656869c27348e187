# SPDX-License-Identifier: Apache-2.0
"""Times what the firewall costs a pod: ipMasq, and a host port by portmap.

Both families, one tcp host port for each pod, with more and more pods' entries present (made in
one go, in the form of each set of plugins). The first packet of a new flow is timed too.
"""

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time

import timing

DATA = "/run/store"
PAUSE = 0.008  # see pods.py
SANDBOX = """mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link set lo up
exec "$@"
"""
COLUMNS = ("ADD", "ADD, ipMasq", "ADD, host port", "DEL", "DEL, both", "first packet")


def configuration(masquerade):
    return {"cniVersion": "1.0.0", "name": "bench", "type": "bridge", "bridge": "cni0",
            "isGateway": True, "ipMasq": masquerade,
            "ipam": {"type": "host-local", "dataDir": DATA,
                     "ranges": [[{"subnet": "10.244.0.0/16"}], [{"subnet": "fd00:244::/64"}]]}}


def mapping(previous, port, protocol="tcp"):
    return {"cniVersion": "1.0.0", "name": "bench", "type": "portmap", "prevResult": previous,
            "runtimeConfig": {"portMappings": [
                {"hostPort": port, "containerPort": 80, "protocol": protocol}]}}


def others(n):
    """Addresses and ports of pods that are not there."""
    for i in range(n):
        yield (f"10.200.{i // 250}.{i % 250 + 1}", f"fd00:200::{i + 1:x}", 20000 + i, f"other-{i}")


def elements(n):
    """Of podwire: the chain that they lead to is that of its own pods."""
    chain = next(line.split()[1] for line in
                 run("nft", "list", "ruleset").splitlines() if "chain masq-" in line)
    for v4, v6, port, name in others(n):
        sign = f'comment "bench/{name}/eth0"'
        yield f"add element inet podwire masq4 {{ {v4} {sign} : jump {chain} }}"
        yield f"add element inet podwire masq6 {{ {v6} {sign} : jump {chain} }}"
        yield f"add element inet podwire hostport4 {{ tcp . {port} {sign} : {v4} . 80 }}"
        yield f"add element inet podwire hostport6 {{ tcp . {port} {sign} : {v6} . 80 }}"
        yield f"add element inet podwire hairpin4 {{ {v4} . {v4} {sign} }}"
        yield f"add element inet podwire hairpin6 {{ {v6} . {v6} {sign} }}"


def chains(n, family):
    """Of the reference: what its bridge and its portmap make of a pod, in iptables."""
    multicast = "224.0.0.0/4" if family == 4 else "ff00::/8"
    yield "*nat"
    for v4, v6, port, name in others(n):
        ip = v4 if family == 4 else v6
        masq, dnat = f"CNI-{hash24(name)}", f"CNI-DN-{hash24(name)[:21]}"
        note = f'-m comment --comment "name: \\"bench\\" id: \\"{name}\\""'
        yield f":{masq} - [0:0]"
        yield f":{dnat} - [0:0]"
        yield f"-A POSTROUTING -s {ip} {note} -j {masq}"
        yield f"-A {masq} -d {ip}/{16 if family == 4 else 64} {note} -j ACCEPT"
        yield f"-A {masq} ! -d {multicast} {note} -j MASQUERADE"
        yield (f"-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment \"dnat {name}\" "
               f"-m multiport --dports {port} -j {dnat}")
        yield f"-A {dnat} -s {ip} -p tcp -m tcp --dport {port} -j CNI-HOSTPORT-SETMARK"
        to = f"{ip}:80" if family == 4 else f"[{ip}]:80"
        yield f"-A {dnat} -p tcp -m tcp --dport {port} -j DNAT --to-destination {to}"
    yield "COMMIT"


def hash24(name):
    return f"{random.Random(name).getrandbits(96):024x}"


def run(*words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise timing.Failed(f"{' '.join(words)}: {done.stderr}")
    return done.stdout


class Host:
    """In namespaces of its own: a set of plugins, its pods, and what others left in the firewall."""

    def __init__(self, path, present, pods):
        self.path, self.present, self.pods = path, present, pods
        self.random = random.Random(1)

    def call(self, verb, pod, config):
        time.sleep(self.random.uniform(0, PAUSE))
        answer, cost = timing.call(f"{self.path}/{config['type']}", {
            "CNI_COMMAND": verb, "CNI_CONTAINERID": pod, "CNI_IFNAME": "eth0",
            "CNI_NETNS": f"/run/netns/{pod}", "CNI_PATH": self.path}, config)
        return answer, cost.wall

    def fill(self):
        if os.path.exists("/run/podwire"):
            run("nft", "-f", "-", text="\n".join(elements(self.present)) + "\n")
            return
        for family, program in ((4, "iptables-restore"), (6, "ip6tables-restore")):
            run(program, "--noflush", text="\n".join(chains(self.present, family)) + "\n")

    def measure_pod(self, i):
        pod, times = f"pod-{i}", {}
        run("ip", "netns", "add", pod)
        _, times["ADD"] = self.call("ADD", pod, configuration(False))
        _, times["DEL"] = self.call("DEL", pod, configuration(False))
        result, times["ADD, ipMasq"] = self.call("ADD", pod, configuration(True))
        ports = mapping(result, 8000 + i)
        _, times["ADD, host port"] = self.call("ADD", pod, ports)
        _, first = self.call("DEL", pod, ports)
        _, second = self.call("DEL", pod, configuration(True))
        times["DEL, both"] = first + second
        return times

    def first_packet(self):
        """From the host by one of its own addresses; each packet is a flow of its own."""
        run("ip", "netns", "add", "server")
        result, _ = self.call("ADD", "server", configuration(True))
        self.call("ADD", "server", mapping(result, 7999, "udp"))
        server = subprocess.Popen(["nsenter", "--net=/run/netns/server", sys.executable, "-c",
                                   "import socket\ns = socket.socket(type=socket.SOCK_DGRAM)\n"
                                   "s.bind(('', 80))\nwhile True: s.sendto(*s.recvfrom(9))"])
        try:
            return statistics.median(sorted(self.packets("10.244.0.1"))) * 1e3
        finally:
            server.kill()
            server.wait()

    @staticmethod
    def packets(gateway):
        time.sleep(0.3)
        for i in range(120):
            with socket.socket(type=socket.SOCK_DGRAM) as client:
                client.settimeout(2)
                client.connect((gateway, 7999))
                begin = time.perf_counter()
                client.send(b"first")
                client.recv(9)
                if i >= 20:
                    yield (time.perf_counter() - begin) * 1e3

    def run(self):
        for link in ("all", "default"):
            with open(f"/proc/sys/net/ipv6/conf/{link}/disable_ipv6", "w", encoding="ascii") as f:
                f.write("0")
        self.measure_pod(0)  # makes what all share
        self.fill()
        pods = [self.measure_pod(i) for i in range(1, self.pods + 1)]
        return {name: [p[name] for p in pods] for name in pods[0]} | {
            "first packet": [self.first_packet()]}


def run_round(path, present, pods):
    user = ["-Ur"] if os.geteuid() else []
    done = subprocess.run(["unshare", *user, "-nm", "--propagation", "private", "sh", "-ec",
                           SANDBOX, "sh", sys.executable, __file__, "--in-sandbox",
                           json.dumps([path, present, pods])],
                          stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"measuring {path} failed")
    return json.loads(done.stdout)


def rows(measured, sets, present):
    yield ["ms (first packet: µs)", "pods present", *sets, "reference / podwire"]
    for column in COLUMNS:
        for n in present:
            value = [statistics.median(measured[name, n][column]) for name in sets]
            by_name = dict(zip(sets, value))
            yield [column, str(n), *map(timing.number, value),
                   timing.ratio(by_name.get("reference"), by_name["podwire"])]


def main(words):
    if words[:1] == ["--in-sandbox"]:
        try:
            json.dump(Host(*json.loads(words[1])).run(), sys.stdout)
        except timing.Failed as why:
            sys.exit(str(why))
        return
    parser = argparse.ArgumentParser(prog="tests/bench/run firewall", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=20, help="how many are measured (20)")
    parser.add_argument("--present", default="0,100,1000", help="pods present (0,100,1000)")
    options = timing.parse(parser, words)
    sets = {name: path for name, path in options.sets if name not in ("floor", "shared")}
    present = [int(n) for n in options.present.split(",")]
    idleness, measured = timing.Idleness(), {}
    for n in present:
        for name, path in sets.items():
            print(f"{n} pods present: {name}", file=sys.stderr)
            measured[name, n] = run_round(path, n, options.pods)
    timing.print_table(list(rows(measured, list(sets), present)))
    timing.print_machine(f"Medians over {options.pods} pods, IPv4 and IPv6")
    idleness.warn()


if __name__ == "__main__":
    main(sys.argv[1:])
