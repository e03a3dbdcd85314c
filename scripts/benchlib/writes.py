"""Posting: its rate against a bare INSERT, and the tail of the answers while others register and sign in."""

import functools

from .load import HERE, count, pgbench, wrk
from .rows import at_least, below
from .world import BACKENDS, CREDENTIALS, POSTGRES

POST = "POST /api/msgs/{user} with latest, 32 connections"
FULL = "POST /api/msgs/{user}, database.synchronous = full, 32 connections"
P99 = "p99 of {} while 8 clients register and log in"
SLOWEST = "slowest {} while 8 clients register and log in"
TEXT = "From hour to hour yesterday I saw my white face of it, and so on, until the tea was cold."
# What 32 clients of pgbench repeat: the insert alone, no name looked up, nothing else stored.
INSERT = (
    "\\set author random(106, :users)\n"
    "INSERT INTO messages (author_id, text, published_at) "
    "VALUES (:author, :text, extract(epoch FROM now())::bigint);\n"
)


def measure(world, table):
    for backend in BACKENDS:
        database = world.seeded(backend)
        table.add(POST, backend, "/s", *against_an_insert(world, table, backend, database))
        if backend != POSTGRES:
            in_full(world, table, backend, database)
        beside_newcomers(world, table, backend, database)


def post(world, database, minitwit, seconds):
    """Posts in the names of a hundred users."""
    names = world.folder / "names.txt"
    names.write_text("\n".join(database.authors) + "\n", encoding="utf-8")
    arguments = [names, CREDENTIALS["Authorization"], TEXT]
    return wrk(minitwit.port, "/", 32, seconds, script=HERE / "post.lua", arguments=arguments)


def against_an_insert(world, table, backend, database):
    """Beside Postgres' own rate for the insert; SQLite has no such client to hold it against."""
    script = world.folder / "insert.sql"
    script.write_text(INSERT, encoding="utf-8")

    def sample():
        with world.serve(database) as minitwit:
            rate = lambda seconds: post(world, database, minitwit, seconds).rate
            if backend != POSTGRES:
                return [(rate(table.seconds), None) for _ in range(table.pairs)]
            variables = {"users": world.sizes["big"].users, "text": TEXT}
            bare = lambda seconds: pgbench(world.postgres, database.name, script, variables, 32, seconds)
            return table.alternate(rate, bare)()

    return (at_least(0.45), sample, "pgbench, the INSERT alone") if backend == POSTGRES else (None, sample)


def in_full(world, table, backend, database):
    """Waiting for the disk at each commit, beside waiting at checkpoints; what it costs is the disk's to say."""

    def rate(synchronous):
        def sample(seconds):
            with world.serve(database, MINITWIT__DATABASE__SYNCHRONOUS=synchronous) as minitwit:
                return post(world, database, minitwit, seconds).rate

        return sample

    table.add(FULL, backend, "/s", None, table.alternate(rate("full"), rate("normal")), "normal")


def beside_newcomers(world, table, backend, database):
    """The limits on sign-ins and registrations of one address are off: eight clients come from one."""
    unlimited = {f"MINITWIT__LIMITS__{name}_BURST": "0" for name in ("LOGIN", "ADDRESS", "REGISTER")}
    with world.serve(database, **unlimited) as minitwit:
        for target, load in (
            ("/public", lambda seconds: wrk(minitwit.port, "/public", 32, seconds)),
            ("POST /api/msgs", lambda seconds: post(world, database, minitwit, seconds)),
        ):
            storms = []

            def crowded(seconds):
                with world.storm("newcomers", 8, minitwit) as storm:
                    storms.append(storm)
                    return load(seconds)

            # Both rows are of the same samples.
            sample = functools.cache(table.alternate(crowded, load))
            p99 = lambda: [(one.p99, other.p99) for one, other in sample()]
            slowest = lambda: [(one.slowest, other.slowest) for one, other in sample()]
            table.add(P99.format(target), backend, "ms", below(50, "ms"), p99, "without them")
            table.add(SLOWEST.format(target), backend, "ms", below(300, "ms"), slowest, "without them")
            if storms and all(storms):
                # What is done is answered with a way to go.
                done = sum(count(storm, "302") for storm in storms)
                failed = sum(count(storm, *storm["answers"]) for storm in storms) - done
                rate = done / sum(storm["seconds"] for storm in storms)
                text = f"{rate:.1f} registrations and sign-ins a second were done, {failed} failed"
                table.note(f"Beside {target}, {backend}: {text}.")
