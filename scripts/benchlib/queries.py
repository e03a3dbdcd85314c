"""One client: what a timeline's query costs, by reader, by the database's size, by the page's depth.

Two clocks. On Postgres pgbench runs the statements of the page alone; they are read off Postgres' own log while
Minitwit serves the page, so that nothing is timed here that Minitwit does not ask. On both databases the server's
histogram of database work says what the query costs through driver and pool ("in process").
"""

import dataclasses
import functools
import re
import time

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
    """A timeline as the site or the API shows it."""

    name: str
    # Its name in the metrics.
    query: str
    # What is asked for, `{author}` being the busiest; pages are turned where it is the site's.
    paths: tuple = ("/" + UNCACHED,)
    # Who asks.
    reader: str = ""
    headers: dict = None


TIMELINES = [
    Timeline("/public", "public_timeline", ("/public" + UNCACHED,)),
    Timeline("/{username}", "profile", ("/{author}" + UNCACHED,)),
    *(Timeline(f"home, {kind}", "home_timeline", reader=reader) for kind, reader in READERS.items()),
    # Kept by the number of messages: asked for by turns, most have to be loaded.
    Timeline("/api/msgs", "newest_messages", [f"/api/msgs?no={no}" for no in range(80, 121)], headers=CREDENTIALS),
    Timeline("/api/msgs/{username}", "newest_messages_of", ("/api/msgs/{author}?no=100",), headers=CREDENTIALS),
]
# The place in the link to the page below.
OLDER = re.compile(rb'\?before=([\d-]+)" rel="next"')


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
            paths = [path.format(author=big.authors[0]) for path in timeline.paths]
            sign_in = lambda server: world.sign_in(server, timeline.reader) if timeline.reader else timeline.headers
            headers = {server: sign_in(server) for server in (in_big, in_small)}

            def sampler(server, paths):
                return lambda seconds: time_of_query(server, timeline.query, paths, seconds / 4, headers[server])

            # A page that is full in one of them only is another question, not a slower answer.
            messages = {shown(server, paths[0], headers[server]) for server in headers}
            if timeline.name == "/public" and messages != {PAGE}:
                raise BenchError(f"/public shows {messages} messages")
            goal = at_most(1.3) if len(messages) == 1 else None
            top = sampler(in_big, paths)
            yardstick = f"{world.sizes['small'].messages:,} messages"
            table.add(by_size, backend, "ms", goal, table.alternate(top, sampler(in_small, paths)), yardstick)
            pages = full_pages(in_big, paths[0], headers[in_big]) if table.wants(by_depth, backend) else []
            if len(pages) > 2:
                sample = table.alternate(sampler(in_big, pages[-1:]), top)
                table.add(by_depth, backend, "ms", at_most(1.3), sample, f"of pages 1 and {len(pages):,}")


def full_pages(minitwit, first, headers):
    """The pages that have one below them, at most a thousand, by their links."""
    pages = [first]
    while len(pages) <= 1000 and (older := OLDER.search(minitwit.get(pages[-1], headers))):
        pages.append(first.partition("?")[0] + f"?before={older[1].decode()}")
    if len(pages) == 1 and shown(minitwit, first, headers) == PAGE:
        raise BenchError(f"{first} shows a whole page and no way to the next")
    return pages[:-1]


def shown(minitwit, path, headers):
    """How many messages there are on a page or in an answer."""
    return len(re.findall(rb'class="text"|"pub_date"', minitwit.get(path, headers)))
