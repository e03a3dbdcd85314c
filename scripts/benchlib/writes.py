"""Posting: its rate against a bare INSERT, and the tail of the answers while others register and sign in."""

import functools
import http.client
import itertools
import threading
import time
import urllib.parse

from .load import HERE, pgbench, wrk
from .processes import HOST
from .rows import at_least, below
from .world import BACKENDS, CREDENTIALS, POSTGRES

POST = "POST /api/msgs/{user} with latest, 32 connections"
FULL = "POST /api/msgs/{user}, database.synchronous = full, 32 connections"
P99 = "p99 of {} while 8 clients register and log in"
SLOWEST = "slowest {} while 8 clients register and log in"
TARGETS = ("/public", "POST /api/msgs")
TEXT = "From hour to hour yesterday I saw my white face of it, and so on, until the tea was cold."
# What 32 clients of pgbench repeat: the insert alone, no name looked up, nothing else stored.
INSERT = (
    "\\set author random(106, :users)\n"
    "INSERT INTO messages (author_id, text, published_at) "
    "VALUES (:author, :text, extract(epoch FROM now())::bigint);\n"
)


def measure(world, table):
    for backend in BACKENDS:
        names = [name.format(target) for name in (P99, SLOWEST) for target in TARGETS]
        if table.wants(POST, backend):
            post(world, table, backend)
        if backend != POSTGRES and table.wants(FULL, backend):
            post_in_full(world, table, backend)
        if any(table.wants(name, backend) for name in names):
            beside_newcomers(world, table, backend)


def poster(world, database):
    """A function of a port and seconds that posts in the names of a hundred users."""
    names = world.folder / "names.txt"
    rows = database.query("SELECT username FROM users WHERE id > 105 ORDER BY id LIMIT 100")
    names.write_text("".join(urllib.parse.quote(name, safe="") + "\n" for name, in rows), encoding="utf-8")
    arguments = [names, CREDENTIALS["Authorization"], TEXT]
    return lambda port, seconds: wrk(port, "/", 32, seconds, script=HERE / "post.lua", arguments=arguments)


def post(world, table, backend):
    """Beside Postgres' own rate for the insert; SQLite has no such client to hold it against."""
    database = world.seeded(backend)
    load = poster(world, database)
    with world.serve(database) as minitwit:
        rate = lambda seconds: load(minitwit.port, seconds).rate
        if backend != POSTGRES:
            sample = lambda: [(rate(table.seconds), None) for _ in range(table.pairs)]
            table.add(POST, backend, "/s", None, sample)
            return
        script = world.folder / "insert.sql"
        script.write_text(INSERT, encoding="utf-8")
        variables = {"users": world.sizes["big"].users, "text": TEXT}
        bare = lambda seconds: pgbench(world.postgres, database.name, script, variables, 32, seconds)
        table.add(POST, backend, "/s", at_least(0.45), table.alternate(rate, bare), "pgbench, the INSERT alone")


def post_in_full(world, table, backend):
    """Waiting for the disk at each commit, beside waiting at checkpoints; what it costs is the disk's to say."""
    database = world.seeded(backend)
    load = poster(world, database)

    def rate(synchronous):
        def sample(seconds):
            with world.serve(database, MINITWIT__DATABASE__SYNCHRONOUS=synchronous) as minitwit:
                return load(minitwit.port, seconds).rate

        return sample

    table.add(FULL, backend, "/s", None, table.alternate(rate("full"), rate("normal")), "normal")


class Newcomers:
    """Eight people who register, sign in, and begin anew, without pause."""

    numbers = itertools.count(1)

    def __init__(self, port):
        self.port, self.stopping = port, threading.Event()
        self.registered = self.signed_in = self.failed = 0
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(8)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(15)

    def count(self):
        """How many were done, and how many were turned away."""
        return self.registered + self.signed_in, self.failed

    def work(self):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        while not self.stopping.is_set():
            name = f"newcomer-{next(self.numbers)}"
            account = {"username": name, "email": "a@example.org", "password": "secret", "password2": "secret"}
            self.registered += self.send(connection, "/register", account)
            self.signed_in += self.send(connection, "/login", {"username": name, "password": "secret"})
        connection.close()

    def send(self, connection, path, form):
        """Whether it was done: both answer with a way to go."""
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", path, urllib.parse.urlencode(form), headers)
            answer = connection.getresponse()
            answer.read()
            is_done = answer.status == 302
        except (OSError, http.client.HTTPException):
            connection.close()
            is_done = False
        self.failed += not is_done
        return is_done


def beside_newcomers(world, table, backend):
    """The limits on sign-ins and registrations of one address are off: eight clients come from one."""
    database = world.seeded(backend)
    loads = dict(zip(TARGETS, (lambda port, seconds: wrk(port, "/public", 32, seconds), poster(world, database))))
    unlimited = {f"MINITWIT__LIMITS__{name}_BURST": "0" for name in ("LOGIN", "ADDRESS", "REGISTER")}
    with world.serve(database, **unlimited) as minitwit:
        for target, load in loads.items():
            counts = []

            def crowded(seconds):
                began = time.perf_counter()
                with Newcomers(minitwit.port) as newcomers:
                    seen = load(minitwit.port, seconds)
                counts.append((*newcomers.count(), time.perf_counter() - began))
                return seen

            # Both rows are of the same samples.
            sample = functools.cache(table.alternate(crowded, lambda seconds: load(minitwit.port, seconds)))
            p99 = lambda: [(one.p99, other.p99) for one, other in sample()]
            slowest = lambda: [(one.slowest, other.slowest) for one, other in sample()]
            table.add(P99.format(target), backend, "ms", below(50, "ms"), p99, "without them")
            table.add(SLOWEST.format(target), backend, "ms", below(300, "ms"), slowest, "without them")
            if counts:
                done, failed, seconds = (sum(column) for column in zip(*counts))
                text = f"{done / seconds:.1f} registrations and sign-ins a second were done, {failed} failed"
                table.note(f"Beside {target}, {backend}: {text}.")
