"""One client: what a timeline's query costs, by reader, by the database's size, by the page's depth.

Two clocks. On Postgres pgbench runs the statements of the page alone; they are read off Postgres' own log while
Minitwit serves the page, so that nothing is timed here that Minitwit does not ask. On both databases the server's
histogram of database work says what the query costs through driver and pool ("in process").
"""

import dataclasses
import re
import time
import urllib.parse

from .load import pgbench, time_of_query
from .processes import BenchError
from .rows import at_most
from .world import BACKENDS, CREDENTIALS, POSTGRES, READERS, UNCACHED, busiest_author, sign_in

BY_PGBENCH = "home timeline query, {} (pgbench)"
IN_PROCESS = "home timeline query, {} (in process)"
LIMITS = {
    "0 followees": 1,
    "2 followees": 3,
    "100 followees": 12,
    "5,000 followees": 60,
    "100 silent followees": 12,
}
PAGE = 30


def measure(world, table):
    if any(table.wants(BY_PGBENCH.format(reader), POSTGRES) for reader in LIMITS):
        by_pgbench(world, table)
    for backend in BACKENDS:
        if any(table.wants(IN_PROCESS.format(reader), backend) for reader in LIMITS):
            in_process(world, table, backend)
        by_size_and_depth(world, table, backend)


def by_pgbench(world, table):
    """The statements of the home page against that of /public."""
    database = world.seeded(POSTGRES)
    pages = {"/public": ("/public" + UNCACHED, None)} | {reader: ("/", READERS[reader]) for reader in LIMITS}
    scripts = statements(world, database, pages)

    def milliseconds(page):
        script, variables = scripts[page]
        return lambda seconds: 1e3 / pgbench(world.postgres, database.name, script, variables, 1, seconds)

    for reader, limit in LIMITS.items():
        sample = table.alternate(milliseconds(reader), milliseconds("/public"))
        table.add(BY_PGBENCH.format(reader), POSTGRES, "ms", at_most(limit), sample, "/public's query")


def statements(world, database, pages):
    """A pgbench script and its variables for each page: what Minitwit asks of Postgres to show it to that reader,
    but for finding out who asks."""
    scripts = {}
    with world.serve(database, PGOPTIONS="-c log_statement=all") as minitwit:
        cookies = {reader: sign_in(minitwit, reader) for _, reader in pages.values() if reader}
        for name, (path, reader) in pages.items():
            position = settled(world.postgres.log)
            minitwit.get(path, cookies.get(reader))
            settled(world.postgres.log)
            with open(world.postgres.log, "rb") as log:
                log.seek(position)
                asked = parse_log(log.read().decode())
            asked = [(sql, values) for sql, values in asked if "sessions" not in sql]
            if not asked:
                raise BenchError(f"Postgres was asked nothing for {path}")
            scripts[name] = write_script(world.folder / f"{len(scripts)}.sql", asked)
    return scripts


def settled(log):
    """The log's length once nothing has been added for a while: background work at start, then the page's own."""
    length, since = log.stat().st_size, time.monotonic()
    while time.monotonic() - since < 0.3:
        time.sleep(0.02)
        if log.stat().st_size != length:
            length, since = log.stat().st_size, time.monotonic()
    return length


def parse_log(text):
    """The statements that Minitwit executed, with the values of their parameters."""
    text = text.replace("\n\t", "\n ")
    entries = re.split(r"^\[", text, flags=re.M)
    asked = []
    for entry in entries:
        executed = re.match(r"minitwit\] LOG:  execute [^:]*: (.*)", entry, re.S)
        values = re.match(r"minitwit\] DETAIL:  [Pp]arameters: (.*)", entry, re.S)
        if executed:
            asked.append((executed[1].strip(), {}))
        elif values and asked:
            found = re.findall(r"\$(\d+) = (?:'((?:[^']|'')*)'|NULL)", values[1])
            asked[-1] = (asked[-1][0], {int(number): value.replace("''", "'") for number, value in found})
    return asked


def write_script(file, asked):
    lines, variables = [], {}
    for at, (sql, values) in enumerate(asked):
        lines.append(re.sub(r"\$(\d+)", rf":v{at}_\1", sql) + ";\n")
        variables |= {f"v{at}_{number}": value for number, value in values.items()}
    file.write_text("".join(lines), encoding="utf-8")
    return file, variables


def in_process(world, table, backend):
    """The home timeline's database work against the public timeline's."""
    with world.serve(world.seeded(backend)) as minitwit:
        public = lambda seconds: time_of_query(minitwit, "public_timeline", ["/public" + UNCACHED], seconds / 2)
        for reader, limit in LIMITS.items():
            if table.wants(IN_PROCESS.format(reader), backend):
                cookie = sign_in(minitwit, READERS[reader])
                home = lambda seconds: time_of_query(minitwit, "home_timeline", ["/"], seconds / 2, cookie)
                sample = table.alternate(home, public)
                table.add(IN_PROCESS.format(reader), backend, "ms", at_most(limit), sample, "/public's query")


@dataclasses.dataclass
class Timeline:
    """A timeline as the site or the API shows it, and as SQL counts it."""

    name: str
    # Its name in the metrics.
    query: str
    # Whose it is: SQL's condition, from the author's or the reader's id.
    where: str = ""
    # What is asked for, `{name}` being the author.
    paths: tuple = ()
    # Where one can turn pages.
    path: str = ""
    reader: str = ""
    headers: dict = None

    @property
    def by_size(self):
        return f"query of {self.name}: big against small database"

    @property
    def by_depth(self):
        return f"query of {self.name}: deep page against page 1"

    def sampler(self, minitwit, paths):
        headers = sign_in(minitwit, self.reader) if self.reader else self.headers
        return lambda seconds: time_of_query(minitwit, self.query, paths, seconds / 4, headers)


MINE = " AND author_id IN (SELECT followee_id FROM follows WHERE follower_id = {id} UNION ALL SELECT {id})"
THEIRS = " AND author_id = {id}"
TIMELINES = [
    Timeline("/public", "public_timeline", path="/public"),
    Timeline("/{username}", "profile", THEIRS, path="/{name}"),
    *(
        Timeline(f"home, {kind}", "home_timeline", MINE, path="/", reader=reader)
        for kind, reader in READERS.items()
    ),
    # Kept by the number of messages: asked for by turns, most have to be loaded.
    Timeline("/api/msgs", "newest_messages", paths=[f"/api/msgs?no={no}" for no in range(80, 121)], headers=CREDENTIALS),
    Timeline("/api/msgs/{username}", "newest_messages_of", THEIRS, ["/api/msgs/{name}?no=100"], headers=CREDENTIALS),
]


def by_size_and_depth(world, table, backend):
    """Each timeline's database work, in process: in the big database against the small one, and far down against the
    top of the big one. The seed is the same, so ids, names and follows are."""
    names = [name for timeline in TIMELINES for name in (timeline.by_size, timeline.by_depth)]
    if not any(table.wants(name, backend) for name in names):
        return
    big, small = world.seeded(backend), world.seeded(backend, "small")
    author, author_name = busiest_author(big)
    with world.serve(big) as in_big, world.serve(small) as in_small:
        for timeline in TIMELINES:
            where = timeline.where.format(id=big.reader_id(timeline.reader) if timeline.reader else author)
            path = timeline.path.format(name=urllib.parse.quote(author_name))
            paths = [path.format(name=urllib.parse.quote(author_name)) for path in timeline.paths]
            paths = paths or [path + UNCACHED]
            in_both = [length(database, where) for database in (big, small)]
            if table.wants(timeline.by_size, backend):
                # A page that is full in one of them only is another question, not a slower answer.
                goal = at_most(1.3) if min(in_both) > PAGE or in_both[0] == in_both[1] else None
                samples = [timeline.sampler(minitwit, paths) for minitwit in (in_big, in_small)]
                name = f"{world.sizes['small'].messages:,} messages"
                table.add(timeline.by_size, backend, "ms", goal, table.alternate(*samples), name)
            page = min(1000, in_both[0] // PAGE)
            if timeline.path and page > 2 and table.wants(timeline.by_depth, backend):
                deep = timeline.sampler(in_big, [f"{path}?before={place(big, where, page)}"])
                top = timeline.sampler(in_big, paths)
                sample = table.alternate(deep, top)
                table.add(timeline.by_depth, backend, "ms", at_most(1.3), sample, f"of pages 1 and {page:,}")


def length(database, where):
    return int(database.query(f"SELECT count(*) FROM messages WHERE NOT flagged{where}")[0][0])


def place(database, where, page):
    """Where the page begins, as the link to it says."""
    sql = (
        f"SELECT published_at, id FROM messages WHERE NOT flagged{where} "
        f"ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET {(page - 1) * PAGE - 1}"
    )
    return "-".join(database.query(sql)[0])
