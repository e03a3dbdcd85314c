"""What Minitwit takes: memory under many connections, time to start."""

from .load import wrk
from .rows import below
from .world import BACKENDS

MEMORY = "memory under 128 connections"
START = "start to /readyz, existing database"


def measure(world, table):
    for backend in BACKENDS:
        database = world.seeded(backend)
        table.add(MEMORY, backend, "MiB", below(40, "MiB"), lambda: memory(world, table, database))
        table.add(START, backend, "ms", below(150, "ms"), lambda: start(world, table, database))


def memory(world, table, database):
    """The most that it had when 128 connections had asked for /public, and then for a reader's home page."""
    with world.serve(database) as minitwit:
        cookie = world.sign_in(minitwit, "reader-of-100")
        for path, headers in (("/public", {}), ("/", cookie)):
            wrk(minitwit.port, path, 128, table.seconds, headers.items())
        return [(minitwit.memory_mb("VmHWM"), None)]


def start(world, table, database):
    """From before the process is made to the first 200; the kernel has the files in memory."""
    times = []
    for _ in range(2 * table.pairs):
        with world.serve(database) as minitwit:
            times.append((1e3 * minitwit.start_seconds, None))
    return times
