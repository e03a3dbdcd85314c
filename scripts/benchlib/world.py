"""The databases, servers and tools that measurements need, made when they are first asked for."""

import base64
import collections
import contextlib
import dataclasses
import functools
import itertools
import json
import os
import secrets
import shutil
import subprocess
import urllib.parse

from .machine import ROOT, say
from .processes import HOST, BenchError, Lazy, Process, answers, ask, free_port, run

POSTGRES, SQLITE = "Postgres", "SQLite"
BACKENDS = (POSTGRES, SQLITE)

# As `minitwit-tools seed` calls them.
READERS = {
    "0 followees": "reader-of-nobody",
    "2 followees": "reader-of-2",
    "100 followees": "reader-of-100",
    "5,000 followees": "reader-of-5000",
    "100 silent followees": "reader-of-the-silent",
}
# The defaults of the settings: everybody knows them.
CREDENTIALS = {"Authorization": "Basic " + base64.b64encode(b"simulator:super_safe!").decode()}

# Newer than any message, and yet no first page, which would be kept: the plain query, the same rows.
UNCACHED = "?before=9223372036854775806-1"

# How much there is in a seeded database.
Sizes = collections.namedtuple("Sizes", "users messages follows")


class Postgres(Process):
    """A throwaway cluster as `initdb` and the packages leave it: fsync and synchronous_commit are on."""

    def __init__(self, programs, folder):
        port, home, self.programs, self.log = free_port(), folder / "postgres", programs, folder / "postgres.log"
        # Postgres refuses to run as root.
        owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        home.mkdir()
        if owner:
            shutil.chown(home, "postgres", "postgres")
        making = [programs / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        run(making, cwd="/", **owner)
        argv = [programs / "postgres", "-D", home / "data", "-h", HOST, "-p", port, "-k", home]
        # Who says it: `statements` in queries.py reads what one server says.
        argv += ["-c", "log_line_prefix=[%a] "]
        is_ready = [programs / "pg_isready", "-q", "-h", HOST, "-p", str(port)]
        with open(self.log, "wb") as log:
            options = {"port": port, "stdout": log, "stderr": log, "cwd": "/"} | owner
            super().__init__(argv, lambda: subprocess.run(is_ready, check=False).returncode == 0, **options)

    def run(self, program, *arguments, **options):
        """What one of its programs says, connected to it."""
        return run([self.programs / program, "-h", HOST, "-p", self.port, "-U", "postgres", *arguments], **options)


@dataclasses.dataclass
class Database:
    """A database on either backend."""

    url: str
    name: str
    # In a seeded one, the hundred who write most, the busiest first: their names as they stand in paths.
    authors: list = None


class World:
    """Everything that exists while the bench runs. `stack` ends it."""

    def __init__(self, stack, folder, programs, binaries, big, small):
        self.folder, self.sizes = folder, {"big": big, "small": small}
        self.minitwit_binary, self.tools_binary = binaries
        self.postgres = stack.enter_context(Lazy(lambda: Postgres(programs, folder)))
        self.seeding, self._numbers, self._password = [], itertools.count(1), secrets.token_urlsafe()
        (folder / "password").write_text(self._password)

    def empty(self, backend):
        """A new database without a table."""
        name = f"bench{next(self._numbers)}"
        if backend == SQLITE:
            return Database(f"sqlite://{self.folder / name}.db", name)
        self.postgres.run("createdb", name)
        return Database(f"postgres://postgres@{HOST}:{self.postgres.port}/{name}", name)

    @functools.cache
    def seeded(self, backend, size="big"):
        """The one database of this backend and size, filled when it is first looked at."""
        return Lazy(lambda: self._seed(backend, self.sizes[size]))

    def _seed(self, backend, sizes):
        database = self.empty(backend)
        say(f"seeding {sizes.messages:,} messages, {backend} ...")
        numbers = ["--users", sizes.users, "--messages", sizes.messages, "--follows", sizes.follows]
        filled = self._tool("seed", *numbers, "--password-file", "password", DATABASE_URL=database.url)
        self.seeding.append((backend, sizes.messages, filled["seconds"]))
        database.authors = [urllib.parse.quote(name, safe="") for name in filled["authors"]]
        return database

    def _tool(self, *arguments, **variables):
        """What a subcommand of minitwit-tools reports: if it does, its exit status is in there."""
        argv = [self.tools_binary, *arguments, "--json"]
        return json.loads(run(argv, lambda done: done.stdout.startswith("{"), variables, cwd=self.folder))

    def serve(self, database, **settings):
        """Minitwit, 2 workers and otherwise its defaults; use it in a `with`. Its log, JSON as it is no terminal, goes
        to /dev/null: at 60,000 lines a second a disk would be measured that is Postgres' too."""

        def begin():
            port, ops_port = free_port(), free_port()
            variables = {"DATABASE_URL": database.url, "MINITWIT__SERVER__WORKERS": "2"} | settings
            variables |= {"MINITWIT__SERVER__PORT": str(port), "MINITWIT__OPS__PORT": str(ops_port)}
            options = {"variables": variables, "cwd": self.folder, "stdout": subprocess.DEVNULL}
            return Process([self.minitwit_binary], lambda: answers(ops_port, "/readyz"), port, ops_port, **options)

        return Lazy(begin)

    def yardstick(self, size=0):
        """The bare server, whose answers have `size` bytes; use it in a `with`."""

        def begin():
            port = free_port()
            argv = [self.tools_binary, "yardstick", "--port", port, "--bytes", size, "--workers", 2]
            return Process(argv, lambda: answers(port, "/"), port)

        return Lazy(begin)

    @contextlib.contextmanager
    def storm(self, kind, connections, minitwit):
        """Load beside what is done in the `with`; after it, the dictionary that it gives has what was reported."""
        target = [f"http://{HOST}:{minitwit.port}", "--connections", connections, "--seconds", 900, "--json"]
        process, report = Process([self.tools_binary, "storm", kind, *target], stdout=subprocess.PIPE), {}
        try:
            yield report
        finally:
            process.stop()
            report |= json.load(process.child.stdout)

    def replay(self, server, *options):
        """What `minitwit-tools simulate` says of the recorded scenario; every answer must be 204. It is patient, or a
        slow answer would be none and not be seen."""
        url = f"http://{HOST}:{server.port}/api"
        report = self._tool("simulate", self._scenario, url, "--keep-alive", "--timeout", 10_000, *options)
        if report["failed"]:
            raise BenchError(f"{report['failed']} actions failed; the slowest took {report['all']['max_ms']:.0f} ms")
        return report

    @functools.cached_property
    def _scenario(self):
        """The recorded one, or a made-up one where it is missing."""
        recorded, invented = ROOT.parent / "shared/data/minitwit_scenario.csv", self.folder / "scenario.csv"
        if recorded.exists():
            return recorded
        invented.write_text(run([self.tools_binary, "scenario", "--actions", 25_922, "--seed", 1]), encoding="utf-8")
        return invented

    def sign_in(self, minitwit, username):
        """Signs in over HTTP as a reader; the header to be them."""
        form = urllib.parse.urlencode({"username": username, "password": self._password})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, answered, _ = ask(minitwit.port, "POST", "/login", form, headers)
        session = [cookie for cookie in answered.get_all("set-cookie", []) if cookie.startswith("minitwit_session=")]
        if status != 302 or not session:
            raise BenchError(f"{username} could not sign in: {status}")
        return {"Cookie": session[0].split(";")[0]}
