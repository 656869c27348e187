#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stops host-local at every one of its system calls in turn, and looks at the store each time.

usage: everywhere.py {kill|EIO|ENOSPC|...} {first|add|add-walking|takeover|del|gc}

kill: SIGKILL before the call. An error: the call answers that, and is not made. Calls of the
program's start, before it reads its standard input, are left out.
"""

import os
import re
import shutil
import sys
import tempfile

from world import Broken, World, demand

# What has to do with files; the others cannot fail that way.
OPEN = {"open", "openat"}
LOOK = {"read", "stat", "newfstatat", "statx", "readlinkat", "getdents64"}
FILES = OPEN | LOOK | {"write", "linkat", "renameat", "symlinkat", "unlinkat", "mkdir", "flock",
                       "utimensat", "fcntl", "faccessat", "faccessat2"}
# Where an error of that kind cannot come from.
NEVER = {"EMFILE": FILES - OPEN, "ENOSPC": LOOK, "EROFS": LOOK}


def prepare(world, scene):
    """Everything is as before the call; p2 is whom it is about."""
    if scene == "first":
        shutil.rmtree(world.dir, ignore_errors=True)
        shutil.rmtree(world.index, ignore_errors=True)
        return
    if not world.of("p1"):
        world.do("ADD", "p1")
        for name, text in {"10.1.0.200": "theirs\r\neth0", "fd00::200": "theirs\r\neth0",
                           "10.1.0.201": "kept for the printer\n"}.items():
            with open(f"{world.dir}/{name}", "w", encoding="ascii", newline="") as file:
                file.write(text)
    world.do("DEL", "p2")
    if scene in ("del", "gc", "takeover"):
        world.do("ADD", "p2", netns="/dev/null")
    if scene == "add-walking":
        os.unlink(f"{world.index}/.boot")


def act(world, scene, under=()):
    verb = {"del": "DEL", "gc": "GC"}.get(scene, "ADD")
    valid = [{"containerID": c, "ifname": "eth0"} for c in ("p1", "theirs")]
    return world.call(verb, "p2", netns="/dev/zero", under=under,
                      more={"cni.dev/valid-attachments": valid} if verb == "GC" else None)


def points(world, scene):
    """(system call, which one of that name) of a run that nothing stops."""
    prepare(world, scene)
    log = f"{world.top}/strace"
    status, _ = act(world, scene, ["strace", "-o", log])
    demand(status == 0, "does not work at all")
    counts, begun = {}, False
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name = re.match(r"(\w+)\(", line)
            if not name:
                continue
            counts[name[1]] = counts.get(name[1], 0) + 1
            begun |= line.startswith("read(0")
            if begun:
                yield name[1], counts[name[1]]


def under(what, call, n):
    order = "signal=KILL" if what == "kill" else f"error={what}"
    return ["strace", "-o", "/dev/null", "-e", f"inject={call}:{order}:when={n}"]


def others(world):
    return {ip: holder for ip, holder in world.reserved().items() if not holder.startswith("p2:")}


def look(world, scene, before, outcome):
    """What must hold right behind the call."""
    status, answer = outcome
    demand(others(world) == before["others"], "others had", before["others"])
    if status == 0 and scene not in ("del", "gc"):
        told = {ip["address"].partition("/")[0] for ip in answer["ips"]}
        demand(told == world.of("p2"), "told", told, "has", world.of("p2"))
        demand(scene != "takeover" or told == before["p2"], "it had", before["p2"])
    elif status == 0:
        demand(not world.of("p2"), "it has", world.of("p2"), "still")
    elif status == 1 and scene not in ("del", "gc"):
        # Who cannot be told from the one who has the address does not get it.
        demand(answer and answer["code"] in (5, 11, *[102] * (scene == "takeover")), answer)
        demand(world.tree() == before["tree"], "the store was", before["tree"])


def go_on(world, before):
    """What must hold after it: the DEL, and the next one's ADD."""
    world.do("DEL", "p2")
    demand(world.reserved() == before["others"], "after DEL others had", before["others"])
    answer = world.do("ADD", "p3")
    told = {ip["address"].partition("/")[0] for ip in answer["ips"]}
    demand(told == world.of("p3") and not told & set(before["others"]), "p3 has", told)
    world.prove_sound()
    world.do("DEL", "p3")
    demand(world.reserved() == before["others"], "at the end others had", before["others"])
    world.prove_sound()


def stop_at(world, scene, what, point):
    prepare(world, scene)
    before = {"others": others(world), "p2": world.of("p2"), "tree": world.tree()}
    outcome = act(world, scene, under(what, *point))
    try:
        look(world, scene, before, outcome)
        go_on(world, before)
    except Broken as why:
        print(f"{scene}, {what} at {point[0]} number {point[1]}, status {outcome[0]}: {why}\n"
              f"  now {world.reserved()}")
        shutil.rmtree(world.dir, ignore_errors=True)
        return False
    return True


def main(what, scene):
    with tempfile.TemporaryDirectory(dir="/var/lib", prefix="everywhere-") as top:
        world = World(top)
        found = [p for p in points(world, scene)
                 if what == "kill" or (p[0] in FILES and p[0] not in NEVER.get(what, ()))]
        kept = sum([stop_at(world, scene, what, point) for point in found])
        print(f"{scene}, {what}: {kept} of {len(found)} system calls")
        # Without any the test would test nothing.
        return 0 if kept == len(found) and len(found) >= 8 - 4 * (what == "EMFILE") else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
