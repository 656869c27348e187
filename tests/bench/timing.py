# SPDX-License-Identifier: Apache-2.0
"""One plugin call, timed as a runtime makes it, and tables of many."""

import contextlib
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple


# Of a CPU: what may be used by others, such as the kernel's own threads.
OTHERS = 0.25


class Cost(NamedTuple):
    wall: float  # ms
    cpu: float  # ms, user and system, of all its processes
    peak: float  # MiB, of the largest


class Failed(Exception):
    pass


def pipe(stack):
    """Its two ends, closed with the stack if not before."""
    return [stack.enter_context(os.fdopen(fd, mode, buffering=0))
            for fd, mode in zip(os.pipe(), ("rb", "wb"))]


def call(program, environment, config):
    """Runs a plugin with this configuration (an object). Returns its answer and what it cost."""
    verb = environment["CNI_COMMAND"]
    with contextlib.ExitStack() as stack:
        (stdin, to), (out, stdout), (line, report) = (pipe(stack) for _ in range(3))
        # It must be waiting there, whole, before the clock runs; a pipe holds 64 KiB.
        to.write(json.dumps(config).encode())
        to.close()
        launch = os.environ["BENCH_LAUNCH"]
        pid = os.posix_spawn(launch, [launch, program],
                             {"PATH": os.environ["PATH"], **environment},
                             file_actions=[(os.POSIX_SPAWN_DUP2, f.fileno(), to_fd)
                                           for f, to_fd in ((stdin, 0), (stdout, 1), (report, 3))])
        stdout.close()
        report.close()
        answer, numbers = out.readall(), line.readall()
        os.waitpid(pid, 0)
    if not numbers:
        raise Failed(f"{program} cannot be run")
    status, ns, us, kib = map(int, numbers.split())
    if status:
        raise Failed(f"{program}: {verb} of {environment['CNI_CONTAINERID']} ended with "
                     f"status {status}: {answer.decode(errors='replace')}")
    return json.loads(answer) if answer else None, Cost(ns / 1e6, us / 1e3, kib / 1024)


def crowd(program, environment, config, pods, par):
    """Calls it for each of these pods, `par` at a time. Returns the answers, costs, and ms."""
    with tempfile.TemporaryDirectory() as top:
        with open(f"{top}/config", "w", encoding="ascii") as file:
            json.dump(config, file)
        os.mkdir(f"{top}/out")
        command = [os.environ["BENCH_CROWD"], str(par), program, f"{top}/config", f"{top}/out"]
        done = subprocess.run([*command, *pods], check=True, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], **environment})
        answers = {}
        for pod in pods:
            with open(f"{top}/out/{pod}", encoding="utf-8") as file:
                answers[pod] = file.read()
    *calls, took = done.stdout.splitlines()
    calls = [tuple(map(int, line.split())) for line in calls]
    if len(calls) != len(pods) or any(status for status, *_ in calls):
        raise Failed(f"{program}: {environment['CNI_COMMAND']} failed: {answers}")
    return ({pod: json.loads(answer) if answer else None for pod, answer in answers.items()},
            [Cost(ns / 1e6, us / 1e3, kib / 1024) for _, ns, us, kib in calls], int(took) / 1e6)


def middle(costs):
    """Medians; of the memory the highest."""
    return Cost(statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs),
                max(c.peak for c in costs))


def ratio(over, under):
    return f"{over / under:.2f}" if over and under else "–"


def number(value):
    return "–" if value is None else f"{value:.0f}" if value >= 1000 else f"{value:.2f}"


def heading(sets):
    return ["", *(name for name, _ in sets), "reference / podwire", "podwire / floor"]


def row(what, values, sets):
    """With the two ratios, as far as there are both of their sides; None: not measured."""
    of = {name: value for (name, _), value in zip(sets, values)}
    return [what, *map(number, values), ratio(of.get("reference"), of["podwire"]),
            ratio(of["podwire"], of.get("floor"))]


def print_table(rows):
    """Markdown, aligned for those who read it as text; the first row is the heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rows = [rows[0], ["-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)],
            *rows[1:]]
    for row in rows:
        print("| " + " | ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                                for i, (cell, w) in enumerate(zip(row, widths))) + " |")


class Idleness:
    """Whether others worked meanwhile: then only the ratios count, and they roughly."""

    def __init__(self):
        self.begin, self.all, self.own = time.monotonic(), self.cpu_of_all(), self.cpu_of_ours()

    @staticmethod
    def cpu_of_all():
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _, _, irq, softirq, *_ = map(int, file.readline().split()[1:])
        return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def cpu_of_ours():
        used = os.times()
        return used.user + used.system + used.children_user + used.children_system

    def warn(self):
        others = self.cpu_of_all() - self.all - (self.cpu_of_ours() - self.own)
        share = others / (time.monotonic() - self.begin)
        if share > OTHERS:
            print(f"warning: this machine was not idle: others used {share:.0%} of a CPU",
                  file=sys.stderr)


def machine(what):
    """Where and when these numbers were true."""
    name = "containernetworking-plugins"
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name],
                             capture_output=True, text=True, check=False).stdout
    return (f"{what}. Reference: {name} {version or 'not installed'}. "
            f"Linux {platform.release()}, {os.cpu_count()} CPUs, {datetime.date.today()}.")


def print_machine(what):
    print(f"\n{machine(what)}")


def parse(parser, words):
    """With options and sets in any order; the sets as pairs of name and directory."""
    parser.add_argument("sets", nargs="+", metavar="NAME=DIR", help="further plugins to measure")
    options = parser.parse_intermixed_args(words)
    options.sets = list(sets(options.sets))
    return options


def sets(words):
    """NAME=DIR … as pairs; every DIR holds plugins, as CNI_PATH names it."""
    for word in words:
        name, equals, path = word.partition("=")
        if not equals:
            sys.exit(f"{word}: must be NAME=DIR")
        yield name, os.path.abspath(path)
