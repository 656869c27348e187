#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many processes at once add and delete on one store; who holds what is checked at every step.

usage: contend.py [--seconds 60] [--processes 64] [--subnet 10.1.0.0/24]

As a command by itself it needs BIN, the directory of the plugins, and it works in a directory of
its own. Each process holds up to three addresses. An address that somebody holds is a file in a
directory of the living, made with O_EXCL: given twice, it is there already. At the end nobody
holds anything, and neither may the store. Prints the rate, and the longest that anyone waited.
"""

import argparse
import os
import random
import sys
import tempfile
import time

from world import Broken, World, demand


class Worker:
    def __init__(self, world, living, name):
        self.world, self.living, self.name = world, living, name
        self.random = random.Random(name)
        self.holds, self.calls, self.worst = {}, 0, 0.0

    def timed(self, verb, pod):
        begin = time.monotonic()
        answer = self.world.do(verb, pod)
        self.worst = max(self.worst, time.monotonic() - begin)
        self.calls += 1
        return answer

    def add(self):
        pod = f"{self.name}-{self.calls}"
        ip = self.timed("ADD", pod)["ips"][0]["address"].partition("/")[0]
        try:
            os.close(os.open(f"{self.living}/{ip}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            raise Broken(f"{ip} given to {pod}, and somebody holds it") from None
        self.holds[pod] = ip

    def delete(self):
        pod = self.random.choice(list(self.holds))
        os.unlink(f"{self.living}/{self.holds.pop(pod)}")
        self.timed("DEL", pod)

    def work(self, until):
        while time.monotonic() < until:
            grow = not self.holds or len(self.holds) < 3 and self.random.random() < 0.5
            self.add() if grow else self.delete()
        while self.holds:
            self.delete()


def fork_worker(world, living, number, until):
    """(pid, where its report comes from)"""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    worker, status = Worker(world, living, f"w{number}"), 1
    try:
        worker.work(until)
        status = 0
        os.write(writer, f"{worker.calls} {worker.worst}".encode())
    except Broken as why:
        print(why, file=sys.stderr)
    finally:
        os._exit(status)


def contend(options, top):
    world = World(top, [options.subnet])
    living = f"{top}/living"
    os.mkdir(living)
    until = time.monotonic() + options.seconds
    workers = [fork_worker(world, living, n, until) for n in range(options.processes)]
    failed, calls, worst = 0, [], []
    for pid, reader in workers:
        failed += os.waitpid(pid, 0)[1] != 0
        report = os.read(reader, 100).split()
        if report:
            calls.append(int(report[0]))
            worst.append(float(report[1]))
    demand(not failed, failed, "processes failed")
    demand(not world.reserved(), "leaked:", world.reserved())
    world.prove_sound()
    print(f"{options.subnet}: {options.processes} processes, {sum(calls)} calls, "
          f"{sum(calls) / options.seconds:.0f} a second; of one process {min(calls)} to "
          f"{max(calls)}; the longest took {max(worst) * 1e3:.0f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--processes", type=int, default=64)
    parser.add_argument("--subnet", default="10.1.0.0/24")
    with tempfile.TemporaryDirectory(prefix="contend-") as top:
        try:
            contend(parser.parse_args(), top)
        except Broken as why:
            sys.exit(str(why))


if __name__ == "__main__":
    main()
