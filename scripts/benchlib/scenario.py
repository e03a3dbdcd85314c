"""The recorded scenario in sequence over one connection, without the registrations, against a server that answers 204
at once; and what the server that lived through it weighs."""

import functools
import re

from .processes import HOST, BenchError
from .rows import at_most, below
from .world import BACKENDS, POSTGRES

REPLAY = "recorded scenario, sequential, keep-alive, without the registrations"
SLOWEST = "slowest answer of the scenario, the registrations too"
MEMORY = "memory after the scenario"


def measure(world, table):
    for backend in BACKENDS:
        if any(table.wants(what, backend) for what in (REPLAY, SLOWEST, MEMORY)):
            replays(world, table, backend)


def replays(world, table, backend):
    registrations, actions = world.scenario(limit=2000 if table.pairs == 1 else None)
    lives = []

    def live(_seconds):
        """A whole life on an empty database: registrations first, then the rest, which is what is timed."""
        with world.serve(world.empty(backend)) as minitwit:
            _, slowest_registration = replay(world, minitwit.port, registrations)
            seconds, slowest = replay(world, minitwit.port, actions)
            lives.append((max(slowest, slowest_registration), minitwit.memory_mb()))
        return seconds

    with world.yardstick() as yardstick:
        bare = lambda _seconds: replay(world, yardstick.port, actions)[0]
        sample = functools.cache(table.alternate(live, bare, warm_up=False))

        def of_lives(at):
            def measured():
                sample()
                return [(life[at], None) for life in lives]

            return measured

        goal = at_most(8 if backend == POSTGRES else 3.5)
        table.add(REPLAY, backend, "s", goal, sample, "answered 204 at once")
        table.add(SLOWEST, backend, "ms", below(300, "ms"), of_lives(0))
        table.add(MEMORY, backend, "MiB", below(40, "MiB"), of_lives(1))


def replay(world, port, file):
    """Seconds in all, and milliseconds of the slowest answer; every answer must be 204."""
    # Patient, or a slow answer would be none and not be seen.
    said = world.command(["simulate", "--keep-alive", "--timeout", "10000", file, f"http://{HOST}:{port}/api"])
    total = re.search(r"^\d+ actions in ([\d.]+) s: .* 0 failed$", said, re.M)
    slowest = re.search(r"^all +[\d.]+ +[\d.]+ +[\d.]+ +([\d.]+)$", said, re.M)
    if not total or not slowest:
        raise BenchError(f"minitwit simulate said {said[-500:]!r}")
    return float(total[1]), float(slowest[1])
