"""Pages under load: the public ones against fixed bytes, one's own against the plain query."""

from .load import wrk
from .processes import BenchError
from .rows import at_least
from .world import BACKENDS, CREDENTIALS, POSTGRES, UNCACHED

PUBLIC = "signed-out GET /public, {} connections"
PROFILE = "signed-out GET /{username}, 32 connections"
MESSAGES = "GET /api/msgs?no=100, 32 connections"
HOME = "signed-in home page, 100 followees, 32 connections"


def measure(world, table):
    for backend in BACKENDS:
        database = world.seeded(backend)
        # One reader stands for 32: a single account has two of its home pages worked on at a time.
        with world.serve(database, MINITWIT__LIMITS__HOME_PAGES_AT_ONCE="0") as minitwit:
            for what, path, connections, goal, headers in (
                (PUBLIC.format(32), lambda: "/public", 32, at_least(0.6, reach=0.8), {}),
                (PUBLIC.format(128), lambda: "/public", 128, at_least(0.6, reach=0.8), {}),
                (PROFILE, lambda: "/" + database.authors[0], 32, at_least(0.5), {}),
                (MESSAGES, lambda: "/api/msgs?no=100", 32, at_least(0.5), CREDENTIALS),
            ):
                if table.wants(what, backend):
                    against_fixed_bytes(world, table, minitwit, (what, backend, goal), path(), connections, headers)
            # Asked of Postgres only; SQLite's figure is for whoever wonders.
            goal = at_least(0.3, reach=0.5) if backend == POSTGRES else None
            table.add(HOME, backend, "/s", goal, lambda: home_page(world, table, minitwit), "/public, uncached")


def against_fixed_bytes(world, table, minitwit, row, path, connections, headers):
    """A page that is the same for all, against a server that has nothing to find out about it."""
    what, backend, goal = row
    size = len(minitwit.get(path, headers))
    with world.yardstick(size) as yardstick:
        rate = lambda server: lambda seconds: wrk(server.port, path, connections, seconds, headers.items()).rate
        table.add(what, backend, "/s", goal, table.alternate(rate(minitwit), rate(yardstick)), f"{size:,} fixed bytes")


def home_page(world, table, minitwit):
    """Session, timeline and page, against the public timeline's query and page without cache or session."""
    cookie = world.sign_in(minitwit, "reader-of-100")
    if b"My Timeline" not in minitwit.get("/", cookie):
        raise BenchError("the home page is not the reader's")
    home = lambda seconds: wrk(minitwit.port, "/", 32, seconds, cookie.items()).rate
    return table.alternate(home, lambda seconds: wrk(minitwit.port, "/public" + UNCACHED, 32, seconds).rate)()
