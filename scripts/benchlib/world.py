"""The databases and servers that measurements need, made when they are first asked for."""

import base64
import dataclasses
import http.client
import itertools
import pathlib
import re
import sqlite3
import urllib.parse

from .machine import ROOT, say
from .processes import HOST, BenchError, Minitwit, Postgres, Yardstick, clean_environment, run

POSTGRES, SQLITE = "Postgres", "SQLite"
BACKENDS = (POSTGRES, SQLITE)

# As src/cli/seed has them.
PASSWORD = "only-for-benchmarks"
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


@dataclasses.dataclass
class Sizes:
    """How much there is in a seeded database."""

    users: int
    messages: int
    follows: int


@dataclasses.dataclass
class Database:
    """A database on either backend."""

    backend: str
    name: str
    url: str
    file: pathlib.Path = None
    postgres: Postgres = None

    def query(self, sql):
        """Rows as tuples of texts."""
        if self.backend == POSTGRES:
            argv = [self.postgres.programs / "psql", *self.postgres.connection(), "-XAtF\t", "-c", sql, self.name]
            return [tuple(line.split("\t")) for line in run(argv).splitlines()]
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            return [tuple(str(field) for field in row) for row in connection.execute(sql)]
        finally:
            connection.close()

    def reader_id(self, reader):
        return int(self.query(f"SELECT id FROM users WHERE username = '{reader}'")[0][0])


class World:
    """Everything that exists while the bench runs. `stack` ends it."""

    def __init__(self, stack, folder, programs, binaries, big, small):
        self.stack, self.folder, self.programs = stack, folder, programs
        self.minitwit_binary, self.yardstick_binary = binaries
        self.sizes = {"big": big, "small": small}
        self._postgres, self._seeded, self._numbers = None, {}, itertools.count(1)
        self.seeding = []

    @property
    def postgres(self):
        if self._postgres is None:
            self._postgres = self.stack.enter_context(Postgres(self.programs, self.folder))
        return self._postgres

    def empty(self, backend):
        """A new database without a table."""
        name = f"bench{next(self._numbers)}"
        if backend == SQLITE:
            file = self.folder / f"{name}.db"
            return Database(backend, name, f"sqlite://{file}", file=file)
        run([self.programs / "psql", *self.postgres.connection(), "-Xqc", f"CREATE DATABASE {name}"])
        return Database(backend, name, self.postgres.url(name), postgres=self.postgres)

    def seeded(self, backend, size="big"):
        """The one database of this backend and size."""
        if (backend, size) not in self._seeded:
            database, sizes = self.empty(backend), self.sizes[size]
            say(f"seeding {sizes.messages:,} messages, {backend} ...")
            said = self.command(
                ["seed", "--users", sizes.users, "--messages", sizes.messages, "--follows", sizes.follows],
                DATABASE_URL=database.url,
            )
            took = re.search(r"^time\s+([\d.]+) s", said, re.M)
            self.seeding.append((backend, sizes.messages, float(took[1]) if took else None))
            self._seeded[backend, size] = database
        return self._seeded[backend, size]

    def command(self, arguments, **environment):
        """Runs a subcommand of Minitwit in the bench's own folder; what it prints."""
        return run([self.minitwit_binary, *arguments], cwd=self.folder, env=clean_environment(**environment))

    def report(self, arguments):
        """The same for one whose failures are in what it prints."""
        return run([self.minitwit_binary, *arguments], fine=(0, 1), cwd=self.folder)

    def serve(self, database, **settings):
        """A server; use it in a `with`."""
        return Minitwit(self.minitwit_binary, database.url, self.folder, **settings)

    def yardstick(self, size=0):
        """The bare server, whose answers have `size` bytes; use it in a `with`."""
        return Yardstick(self.yardstick_binary, size)

    def scenario(self, limit=None):
        """Two files: the registrations of the recorded scenario, or a made-up one where it is missing, and the rest."""
        recorded = ROOT.parent / "shared" / "data" / "minitwit_scenario.csv"
        if recorded.exists():
            lines = recorded.read_text(encoding="utf-8").splitlines(keepends=True)
        else:
            lines = self.command(["scenario", "--actions", "25922", "--seed", "1"]).splitlines(keepends=True)
        files = self.folder / "registrations.csv", self.folder / "actions.csv"
        is_registration = [line.split("\t")[3] == "register" for line in lines]
        for file, wanted in zip(files, (True, False)):
            chosen = [line for line, is_one in zip(lines, is_registration) if is_one is wanted]
            file.write_text("".join(chosen if wanted else chosen[:limit]), encoding="utf-8")
        return files


def sign_in(minitwit, username):
    """Signs in over HTTP as a reader; the header to be them."""
    connection = http.client.HTTPConnection(HOST, minitwit.port, timeout=10)
    try:
        form = urllib.parse.urlencode({"username": username, "password": PASSWORD})
        connection.request("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        cookies = [value.split(";")[0] for key, value in answer.getheaders() if key.lower() == "set-cookie"]
        session = [cookie for cookie in cookies if cookie.startswith("minitwit_session=")]
        if answer.status != 302 or not session:
            raise BenchError(f"{username} could not sign in: {answer.status}")
        return {"Cookie": session[0]}
    finally:
        connection.close()


def busiest_author(database):
    """Id and name of the author with the most messages."""
    sql = (
        "SELECT u.id, u.username FROM users u JOIN (SELECT author_id, count(*) AS n FROM messages "
        "WHERE NOT flagged GROUP BY author_id ORDER BY n DESC LIMIT 1) m ON m.author_id = u.id"
    )
    (author, name), = database.query(sql)
    return int(author), name
