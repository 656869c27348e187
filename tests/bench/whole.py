# SPDX-License-Identifier: Apache-2.0
"""The whole table: every verb call by call, many at a time, and GC; --svg FILE draws it too.

The goals are those of the set: how much faster than the reference, how near to the floor.
"""

import argparse
import copy
import statistics

import drawing
import pods
import timing

PAR, MANY, STALE = 16, 100, 500


def options_for(options, **changed):
    task = copy.copy(options)
    for name, value in changed.items():
        setattr(task, name, value)
    return task


def one_by_one(options):
    measured = pods.measure(options.sets, options)
    return list(pods.rows(options.sets, measured, 1))


def many_at_a_time(options):
    task = options_for(options, pods=MANY, par=PAR, verbs=("ADD", "DEL"), rounds=options.many)
    measured = pods.measure(task.sets, task)
    for verb in task.verbs:
        elapsed = [statistics.median(measured[name, verb][1]) * MANY for name, _ in task.sets]
        yield timing.row(f"{MANY} {verb}s, {PAR} at a time, ms", elapsed, task.sets)


def collecting(options):
    sets = [s for s in options.sets if (s[0], "GC") not in pods.UNKNOWN]
    measured = pods.measure(sets, options_for(options, pods=STALE, verbs=("ADD", "GC"), rounds=1))
    took = {name: measured[name, "GC"][0][0].wall for name, _ in sets}
    yield timing.row(f"GC of {STALE} pods, ms", [took.get(name) for name, _ in options.sets],
                     options.sets)


def parse(words):
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--svg", metavar="FILE", help="draw the table into this file")
    parser.add_argument("--rounds", type=int, default=7, help="of 30 pods, call by call (7)")
    parser.add_argument("--many", type=int, default=5,
                        help=f"rounds of {MANY} pods, {PAR} at a time (5)")
    parser.set_defaults(verbs=pods.VERBS, pods=30, par=1, v6=False)
    return timing.parse(parser, words)


def main(words):
    options = parse(words)
    idleness = timing.Idleness()
    table = [*one_by_one(options), *many_at_a_time(options), *collecting(options)]
    timing.print_table(table)
    about = f"Medians over {options.pods} pods × {options.rounds}, IPv4"
    timing.print_machine(about)
    idleness.warn()
    if options.svg:
        with open(options.svg, "x", encoding="utf-8") as file:
            file.write(drawing.svg(table, len(options.sets), timing.machine(about)))


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
