# SPDX-License-Identifier: Apache-2.0
"""A store of host-local's as a test sees it: calls, what lies on disk, whether that is sound."""

import json
import os
import subprocess

CALL = ["CNI_COMMAND", "CNI_CONTAINERID", "CNI_IFNAME", "CNI_NETNS", "CNI_PATH"]


class Broken(Exception):
    """A promise was not kept."""


def demand(condition, *what):
    if not condition:
        raise Broken(" ".join(map(str, what)))


class World:
    def __init__(self, top, sets=("10.1.0.0/24", "fd00::/64")):
        self.top = top
        self.plugin = os.environ["BIN"] + "/host-local"
        self.dir = f"{top}/net"
        self.index = f"{top}/.net.index"
        self.config = {"cniVersion": "1.1.0", "name": "net", "type": "bridge",
                       "ipam": {"type": "host-local", "dataDir": top,
                                "ranges": [[{"subnet": s}] for s in sets]}}

    def environment(self, verb, pod, netns):
        values = [verb, pod, "eth0", netns, os.path.dirname(self.plugin)]
        return {**os.environ, **dict(zip(CALL, values)), "ASAN_OPTIONS": "detect_leaks=0"}

    def call(self, verb, pod, netns="/run/netns/none", under=(), more=None):
        """(status, what it answered or None)"""
        done = subprocess.run([*under, self.plugin], env=self.environment(verb, pod, netns),
                              input=json.dumps({**self.config, **(more or {})}).encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        try:
            answer = json.loads(done.stdout) if done.stdout else None
        except ValueError:
            answer = None
        demand(b"Sanitizer" not in done.stderr, done.stderr.decode())
        return done.returncode, answer

    def do(self, verb, pod, **how):
        status, answer = self.call(verb, pod, **how)
        demand(status == 0, verb, pod, "failed:", status, answer)
        return answer

    def tree(self):
        """Every name of the network's directory and what is in it."""
        found = {}
        for name in sorted(os.listdir(self.dir)) if os.path.isdir(self.dir) else []:
            with open(f"{self.dir}/{name}", "rb") as file:
                found[name] = file.read()
        found.pop("lock", None)
        return found

    def reserved(self):
        return {name: text.decode().replace("\r\n", ":") for name, text in self.tree().items()
                if not name.startswith("last_reserved_ip")}

    def of(self, pod):
        return {ip for ip, holder in self.reserved().items() if holder.split(":")[0] == pod}

    def entries(self):
        """What the index says: {holder: addresses}"""
        return {name: {word.partition("@")[0] for word in
                       os.readlink(f"{self.index}/{name}").split()[0].split(",")}
                for name in os.listdir(self.index) if not name.startswith(".")}

    def prove_sound(self):
        """No file is left over, and the index says what the files say."""
        by_holder = {}
        for ip, holder in self.reserved().items():
            if " " not in holder:
                by_holder.setdefault(holder if ":" in holder else holder + ":", set()).add(ip)
        demand(self.entries() == by_holder, "the index:", self.entries(), "the files:", by_holder)
        strange = [n for n in os.listdir(self.index) if n.startswith(".") and n != ".boot"]
        demand(not strange, "left over:", strange)
        demand(os.stat(self.index).st_mtime_ns == os.stat(self.dir).st_mtime_ns, "no stamp")
