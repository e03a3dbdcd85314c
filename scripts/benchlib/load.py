"""Load: wrk for many connections, pgbench for Postgres alone, and a client that asks one thing after the other."""

import collections
import http.client
import itertools
import math
import pathlib
import re
import time

from .processes import HOST, BenchError, ask, run

HERE = pathlib.Path(__file__).parent


# What wrk saw: requests a second, and milliseconds.
Load = collections.namedtuple("Load", "rate p50 p99 slowest")


def wrk(port, path, connections, seconds, headers=(), script=HERE / "report.lua", arguments=()):
    """wrk with two threads. An answer of 400 and more, or none, is a BenchError: speed of failing is no speed."""
    argv = ["wrk", "-t2", f"-c{connections}", f"-d{math.ceil(seconds)}s", "--timeout", "10s", "-s", script]
    argv += [word for name, value in headers for word in ("-H", f"{name}: {value}")]
    said = run([*argv, f"http://{HOST}:{port}{path}", "--", *arguments], timeout=seconds + 60)
    found = re.search(r"^BENCH (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", said, re.M)
    if not found:
        raise BenchError(f"wrk said {said!r}")
    requests, duration, p50, p99, slowest, refused, broken = (int(number) for number in found.groups())
    if refused or broken or not requests:
        raise BenchError(f"GET or POST {path}: of {requests} requests {refused} were refused and {broken} broke")
    return Load(requests / (duration / 1e6), p50 / 1e3, p99 / 1e3, slowest / 1e3)


def pgbench(postgres, database, script, variables, clients, seconds):
    """Transactions a second of a script, prepared."""
    options = ["-n", "-M", "prepared", "-f", script, "-c", clients, "-j", min(clients, 2), "-T", math.ceil(seconds)]
    options += [word for name, value in variables.items() for word in ("-D", f"{name}={value}")]
    said = postgres.run("pgbench", *options, database, timeout=seconds + 60)
    found = re.search(r"^tps = ([\d.]+) \((?:without|excluding)", said, re.M)
    if not found or re.search(r"failed transactions: [1-9]", said):
        raise BenchError(f"pgbench said {said!r}")
    return float(found[1])


def work_done(minitwit, query):
    """Calls and seconds of the database work of this name since the start."""
    text = ask(minitwit.ops_port, "GET", "/metrics")[2].decode()
    pattern = rf'^minitwit_db_query_duration_seconds_(count|sum)\{{[^}}]*query="{query}"[^}}]*\}} (\S+)$'
    found = dict(re.findall(pattern, text, re.M))
    return float(found.get("count", 0)), float(found.get("sum", 0))


def time_of_query(minitwit, query, paths, seconds, headers=None):
    """Mean milliseconds of the database work `query` while one client asks for `paths` in turn: connection taken,
    statement made, sent, answered, rows decoded. The server's own histogram says it."""
    connection = http.client.HTTPConnection(HOST, minitwit.port, timeout=30)
    before = work_done(minitwit, query)
    end = time.perf_counter() + seconds
    try:
        for path in itertools.cycle(paths):
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise BenchError(f"GET {path}: {answer.status}")
            if time.perf_counter() > end:
                break
    finally:
        connection.close()
    calls, took = (after - earlier for after, earlier in zip(work_done(minitwit, query), before))
    if not calls:
        raise BenchError(f"GET {paths[0]} did no database work called {query}")
    return 1e3 * took / calls


def count(storm, *statuses):
    """So many of these answers came in a storm."""
    return sum(storm["answers"][status]["count"] for status in statuses if status in storm["answers"])
