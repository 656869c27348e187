# SPDX-License-Identifier: Apache-2.0
"""The table of traffic: what each packet is to meet, as text.

A row is "what it shows | from | to | answer | exceptions". From: a name of the world, and
perhaps :PORT; without an address of its own it leaves the choice to the kernel. To: NAME:PORT.
Answer: one of
    SERVER as CLIENT    the namespace SERVER answers, and saw the client with CLIENT's address
    SERVER as CLIENT, unanswered    its answer never came back
    ... or ...          one of these
    refused             at once (SCTP, which has nobody to say so: silence)
    silence             nobody got it
    fails               no answer, however
Exceptions: clauses "CONDITION... : ANSWER", with ";" between them, of which the first that
holds counts; "-" as answer: no such row. Conditions: tcp udp sctp ipv4 ipv6, and the words that the
caller gives; "no-" before one turns it round. A row stands for all protocols and families that
both ends have.
"""

import itertools


class Row:
    def __init__(self, line):
        cells = [cell.strip() for cell in line.split("|")]
        self.what, self.origin, self.target, self.answer = cells[:4]
        self.exceptions = [tuple(part.strip() for part in clause.split(":"))
                           for clause in (cells[4:] or [""])[0].split(";") if clause.strip()]

    def expected(self, conditions):
        for clause, answer in self.exceptions:
            if all((word[3:] not in conditions) if word.startswith("no-") else word in conditions
                   for word in clause.split()):
                return answer
        return self.answer


def read(lines):
    return [Row(line) for line in lines if line.strip() and line[0] != "#"]


def cases(rows, world, conditions):
    """(row, protocol, family, expected answer) of all that apply."""
    for row, protocol, family in itertools.product(rows, ("tcp", "udp", "sctp"), (4, 6)):
        origin, target = world[row.origin.split(":")[0]], world[row.target.split(":")[0]]
        if family not in target.address or origin.address and family not in origin.address:
            continue
        answer = row.expected(conditions | {protocol, f"ipv{family}"})
        if answer != "-":
            yield row, protocol, family, answer
