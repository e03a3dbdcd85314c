"""One client: what a timeline's query costs, by reader, by the database's size, by the page's depth.

Two clocks. On Postgres pgbench runs the statements of the page alone; they are read off Postgres' own log while
Minitwit serves the page, so that nothing is timed here that Minitwit does not ask. On both databases the server's
histogram of database work says what the query costs through driver and pool ("in process").
"""

import dataclasses
import functools
import re
import time
import urllib.parse

from .load import pgbench, time_of_query
from .processes import BenchError
from .rows import at_most
from .world import BACKENDS, CREDENTIALS, POSTGRES, READERS, UNCACHED

BY_PGBENCH = "home timeline query, {} (pgbench)"
IN_PROCESS = "home timeline query, {} (in process)"
# So many times the public timeline's query, whose yardstick it is.
LIMITS = {
    "0 followees": 1,
    "2 followees": 3,
    "100 followees": 12,
    "5,000 followees": 60,
    "100 silent followees": 12,
}
PUBLIC = "/public's query"
PAGE = 30


def measure(world, table):
    by_pgbench(world, table)
    for backend in BACKENDS:
        in_process(world, table, backend)
        by_size_and_depth(world, table, backend)


def by_pgbench(world, table):
    """The statements of the home page against that of /public."""
    database = world.seeded(POSTGRES)
    scripts = functools.cache(lambda: statements(world, database))

    def milliseconds(page):
        return lambda seconds: 1e3 / pgbench(world.postgres, database.name, *scripts()[page], 1, seconds)

    for reader, limit in LIMITS.items():
        sample = table.alternate(milliseconds(reader), milliseconds(PUBLIC))
        table.add(BY_PGBENCH.format(reader), POSTGRES, "ms", at_most(limit), sample, PUBLIC)


def statements(world, database):
    """A pgbench script and its variables for each page: what Minitwit asks of Postgres to show it to that reader,
    but for finding out who asks."""
    scripts = {}
    with world.serve(database, PGOPTIONS="-c log_statement=all") as minitwit:
        pages = {PUBLIC: ("/public" + UNCACHED, None)}
        pages |= {reader: ("/", world.sign_in(minitwit, READERS[reader])) for reader in LIMITS}
        for name, (path, cookie) in pages.items():
            position = settled(world.postgres.log)
            minitwit.get(path, cookie)
            settled(world.postgres.log)
            text = world.postgres.log.read_bytes()[position:].decode()
            asked = [(sql, values) for sql, values in parse_log(text) if "sessions" not in sql]
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
    asked = []
    for entry in re.split(r"^\[", text.replace("\n\t", "\n "), flags=re.M):
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
            cookie = functools.cache(lambda: world.sign_in(minitwit, READERS[reader]))
            home = lambda seconds: time_of_query(minitwit, "home_timeline", ["/"], seconds / 2, cookie())
            sample = table.alternate(home, public)
            table.add(IN_PROCESS.format(reader), backend, "ms", at_most(limit), sample, PUBLIC)


@dataclasses.dataclass
class Timeline:
    """A timeline as the site or the API shows it, and as SQL counts it."""

    name: str
    # Its name in the metrics.
    query: str
    # Whose it is: SQL's condition, from the author's or the reader's id.
    where: str = ""
    # What is asked for, `{name}` being the author; pages are turned where it is the site's.
    paths: tuple = ("/" + UNCACHED,)
    reader: str = ""
    headers: dict = None

    def sampler(self, world, minitwit, paths):
        headers = functools.cache(lambda: world.sign_in(minitwit, self.reader) if self.reader else self.headers)
        return lambda seconds: time_of_query(minitwit, self.query, paths, seconds / 4, headers())


MINE = " AND author_id IN (SELECT followee_id FROM follows WHERE follower_id = {id} UNION ALL SELECT {id})"
THEIRS = " AND author_id = {id}"
TIMELINES = [
    Timeline("/public", "public_timeline", paths=("/public" + UNCACHED,)),
    Timeline("/{username}", "profile", THEIRS, ("/{name}" + UNCACHED,)),
    *(Timeline(f"home, {kind}", "home_timeline", MINE, reader=reader) for kind, reader in READERS.items()),
    # Kept by the number of messages: asked for by turns, most have to be loaded.
    Timeline("/api/msgs", "newest_messages", "", [f"/api/msgs?no={no}" for no in range(80, 121)], headers=CREDENTIALS),
    Timeline("/api/msgs/{username}", "newest_messages_of", THEIRS, ("/api/msgs/{name}?no=100",), headers=CREDENTIALS),
]


def by_size_and_depth(world, table, backend):
    """Each timeline's database work, in process: in the big database against the small one, and far down against the
    top of the big one. The seed is the same, so ids, names and follows are."""
    big, small = world.seeded(backend), world.seeded(backend, "small")
    with world.serve(big) as in_big, world.serve(small) as in_small:
        for timeline in TIMELINES:
            by_size = f"query of {timeline.name}: big against small database"
            by_depth = f"query of {timeline.name}: deep page against page 1"
            if not table.wants(by_size, backend) and not table.wants(by_depth, backend):
                continue
            author, name = big.busiest_author
            where = timeline.where.format(id=big.reader_id(timeline.reader) if timeline.reader else author)
            paths = [path.format(name=urllib.parse.quote(name)) for path in timeline.paths]
            in_both = [length(database, where) for database in (big, small)]
            # A page that is full in one of them only is another question, not a slower answer.
            goal = at_most(1.3) if min(in_both) > PAGE or in_both[0] == in_both[1] else None
            top, elsewhere = (timeline.sampler(world, minitwit, paths) for minitwit in (in_big, in_small))
            yardstick = f"{world.sizes['small'].messages:,} messages"
            table.add(by_size, backend, "ms", goal, table.alternate(top, elsewhere), yardstick)
            page = min(1000, in_both[0] // PAGE)
            if paths[0].endswith(UNCACHED) and page > 2:
                deep = [paths[0].replace(UNCACHED, f"?before={place(big, where, page)}")]
                sample = table.alternate(timeline.sampler(world, in_big, deep), top)
                table.add(by_depth, backend, "ms", at_most(1.3), sample, f"of pages 1 and {page:,}")


def length(database, where):
    return int(database.query(f"SELECT count(*) FROM messages WHERE NOT flagged{where}")[0][0])


def place(database, where, page):
    """Where the page begins, as the link to it says."""
    sql = (
        f"SELECT published_at, id FROM messages WHERE NOT flagged{where} "
        f"ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET {(page - 1) * PAGE - 1}"
    )
    return "-".join(database.query(sql)[0])
