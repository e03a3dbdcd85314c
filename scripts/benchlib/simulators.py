"""The recorded scenario: alone, against a server that answers 204 at once; and four simulators at once, alone and
beside a storm of failing sign-ins, whether anything takes them 0.3 s."""

import functools

from .load import count
from .processes import HOST, BenchError
from .rows import at_most, below
from .world import BACKENDS, POSTGRES

REPLAY = "recorded scenario, sequential, keep-alive, without the registrations"
SLOWEST = "slowest answer of the scenario, the registrations too"
MEMORY = "memory after the scenario"

SIMULATORS, CONNECTIONS = 4, 60
REGISTERING = f"slowest answer to {SIMULATORS} simulators that register at once"
BESIDE = f"slowest answer to {SIMULATORS} simulators at once beside {CONNECTIONS} connections of failing sign-ins"
SIGN_INS = "p99 of those sign-ins"

REGISTRATIONS = ("--only", "register")


def measure(world, table):
    for backend in BACKENDS:
        one(world, table, backend)
    for backend in BACKENDS:
        four(world, table, backend)


def actions(table):
    """All but the registrations."""
    return ("--only", "tweet,follow,unfollow", *(("--limit", 2000) if table.pairs == 1 else ()))


def one(world, table, backend):
    lives = []

    def live(_seconds):
        """A whole life on an empty database: registrations first, then the rest, which is what is timed."""
        with world.serve(world.empty(backend)) as minitwit:
            reports = [world.replay(minitwit, *options) for options in (REGISTRATIONS, actions(table))]
            lives.append((max(report["all"]["max_ms"] for report in reports), minitwit.memory_mb()))
        return reports[1]["seconds"]

    with world.yardstick() as yardstick:
        bare = lambda _seconds: world.replay(yardstick, *actions(table))["seconds"]
        sample = functools.cache(table.alternate(live, bare, warm_up=False))
        # Samples first, which live them.
        of_lives = lambda at: lambda: [(life[at], None) for _ in (sample(),) for life in lives]
        goal = at_most(8 if backend == POSTGRES else 3.5)
        table.add(REPLAY, backend, "s", goal, sample, "answered 204 at once")
        table.add(SLOWEST, backend, "ms", below(300, "ms"), of_lives(0))
        table.add(MEMORY, backend, "MiB", below(40, "MiB"), of_lives(1))


def four(world, table, backend):
    storms = []

    def slowest(minitwit, *parts):
        reports = [world.replay(minitwit, "--simulators", SIMULATORS, *options) for options in parts]
        return [(max(report["all"]["max_ms"] for report in reports), None)]

    def alone():
        with world.serve(world.empty(backend)) as minitwit:
            return slowest(minitwit, REGISTRATIONS)

    def beside():
        """The strangers write in X-Forwarded-For that they come from everywhere, so none is throttled."""
        with world.serve(world.empty(backend), MINITWIT__SERVER__TRUSTED_PROXIES=f"{HOST}/32") as minitwit:
            with world.storm("sign-ins", CONNECTIONS, minitwit) as storm:
                storms.append(storm)
                return slowest(minitwit, REGISTRATIONS, actions(table))

    def p99():
        """Of the same storm; sign-ins that are not tried are none."""
        if not storms:
            beside()
        answers = storms[0].get("answers", {})
        if "200" not in answers or not set(answers) <= {"200", "503"}:
            raise BenchError(f"sign-ins were answered {answers}")
        return [(answers["200"]["p99_ms"], None)]

    table.add(REGISTERING, backend, "ms", below(300, "ms"), alone)
    table.add(BESIDE, backend, "ms", below(300, "ms"), beside)
    table.add(SIGN_INS, backend, "ms", None, p99)
    for storm in filter(None, storms):
        tried, refused = (count(storm, status) / storm["seconds"] for status in ("200", "503"))
        text = f"{tried:.1f} sign-ins a second were tried, {refused:.0f} answered 503"
        text += f" after {storm['answers']['503']['p50_ms']:.1f} ms (median)" if refused else ""
        table.note(f"Beside {SIMULATORS} simulators, {backend}: {text}.")
