"""Pages under load: the public ones against fixed bytes, one's own against the plain query."""

import urllib.parse

from .load import wrk
from .processes import BenchError
from .rows import at_least
from .world import BACKENDS, CREDENTIALS, POSTGRES, UNCACHED, busiest_author, sign_in

PUBLIC = "signed-out GET /public, {} connections"
PROFILE = "signed-out GET /{username}, 32 connections"
MESSAGES = "GET /api/msgs?no=100, 32 connections"
HOME = "signed-in home page, 100 followees, 32 connections"


def measure(world, table):
    for backend in BACKENDS:
        pages = [(PUBLIC.format(count), count, at_least(0.6, reach=0.8)) for count in (32, 128)]
        wanted = [what for what, _, _ in pages] + [PROFILE, MESSAGES, HOME]
        if not any(table.wants(what, backend) for what in wanted):
            continue
        database = world.seeded(backend)
        # One reader stands for 32: a single account has two of its home pages worked on at a time.
        with world.serve(database, MINITWIT__LIMITS__HOME_PAGES_AT_ONCE="0") as minitwit:
            for what, connections, goal in pages:
                against_fixed_bytes(world, table, minitwit, what, backend, "/public", connections, goal)
            path = "/" + urllib.parse.quote(busiest_author(database)[1])
            against_fixed_bytes(world, table, minitwit, PROFILE, backend, path, 32, at_least(0.5))
            path = "/api/msgs?no=100"
            against_fixed_bytes(world, table, minitwit, MESSAGES, backend, path, 32, at_least(0.5), CREDENTIALS)
            if table.wants(HOME, backend):
                home_page(table, minitwit, backend)


def against_fixed_bytes(world, table, minitwit, what, backend, path, connections, goal, headers=None):
    """A page that is the same for all, against a server that has nothing to find out about it."""
    if not table.wants(what, backend):
        return
    headers = headers or {}
    size = len(minitwit.get(path, headers))
    with world.yardstick(size) as yardstick:
        rate = lambda port: lambda seconds: wrk(port, path, connections, seconds, headers.items()).rate
        sample = table.alternate(rate(minitwit.port), rate(yardstick.port))
        table.add(what, backend, "/s", goal, sample, f"{size:,} fixed bytes")


def home_page(table, minitwit, backend):
    """Session, timeline and page, against the public timeline's query and page without cache or session."""
    cookie = sign_in(minitwit, "reader-of-100")
    if b"My Timeline" not in minitwit.get("/", cookie):
        raise BenchError("the home page is not the reader's")
    home = lambda seconds: wrk(minitwit.port, "/", 32, seconds, cookie.items()).rate
    public = lambda seconds: wrk(minitwit.port, "/public" + UNCACHED, 32, seconds).rate
    # Asked of Postgres only; SQLite's figure is for whoever wonders.
    goal = at_least(0.3, reach=0.5) if backend == POSTGRES else None
    table.add(HOME, backend, "/s", goal, table.alternate(home, public), "/public, uncached")
