"""The conversation with the table: a line in is a work, a line out what it took.

    time WORK    seconds of the fastest call of a tenth of a second, of three at least: the first
                 find cold caches and a sleeping clock; and how many floating-point operations its
                 matrix products have
    answer WORK  the pairs picked, by their numbers, best first

A work that the peer does not do is answered by an empty line.
"""

import sys
import time

CALLS = 3
TURN = 0.1


def seconds(run):
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def fastest(run):
    began, times = time.perf_counter(), []
    while len(times) < CALLS or time.perf_counter() - began < TURN:
        times.append(seconds(run))
    return min(times)


def serve(name, works):
    """`works` maps the name of a work to (function, operations of its products)."""
    print(name, flush=True)
    for line in sys.stdin:
        command, _, work = line.strip().partition(" ")
        if work not in works:
            print(flush=True)
            continue
        run, operations = works[work]
        if command == "answer":
            print(*run(), flush=True)
            continue
        print(fastest(run), operations, flush=True)
