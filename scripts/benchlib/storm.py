"""Four simulators at once, alone and beside a storm of failing sign-ins: whether anything takes them 0.3 s."""

import concurrent.futures
import http.client
import itertools
import math
import random
import re
import threading
import time
import urllib.parse

from .processes import HOST, BenchError
from .rows import below
from .world import BACKENDS

SIMULATORS, CONNECTIONS = 4, 60
REGISTERING = f"slowest answer to {SIMULATORS} simulators that register at once"
BESIDE = f"slowest answer to {SIMULATORS} simulators at once beside {CONNECTIONS} connections of failing sign-ins"
SIGN_INS = "p99 of those sign-ins"


def measure(world, table):
    for backend in BACKENDS:
        if table.wants(REGISTERING, backend):
            table.add(REGISTERING, backend, "ms", below(300, "ms"), lambda: alone(world, backend))
        if table.wants(BESIDE, backend) or table.wants(SIGN_INS, backend):
            beside(world, table, backend)


def alone(world, backend):
    registrations, _ = copies(world)
    with world.serve(world.empty(backend)) as minitwit:
        return [(replay(world, minitwit.port, registrations), None)]


def beside(world, table, backend):
    """One life of a server, for both rows. The strangers come from everywhere, so none is throttled."""
    registrations, actions = copies(world, limit=2000 if table.pairs == 1 else None)
    # The storm's strangers write in X-Forwarded-For where they come from.
    believed = {"MINITWIT__SERVER__TRUSTED_PROXIES": f"{HOST}/32"}
    storms = []

    def slowest():
        with world.serve(world.empty(backend), **believed) as minitwit, Storm(minitwit.port) as storm:
            storms.append(storm)
            return [(max(replay(world, minitwit.port, files) for files in (registrations, actions)), None)]

    def p99():
        if not storms:
            slowest()
        storms[0].check()
        return [(storms[0].p99(), None)]

    table.add(BESIDE, backend, "ms", below(300, "ms"), slowest)
    table.add(SIGN_INS, backend, "ms", None, p99)
    for storm in storms:
        table.note(f"Beside {SIMULATORS} simulators, {backend}: {storm.summary()}.")


def copies(world, limit=None):
    """The scenario once for each simulator, in names of its own: files of registrations, and of the rest."""
    both = []
    for file in world.scenario(limit):
        lines = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
        files = []
        for number in range(SIMULATORS):
            own = file.with_name(f"{number}-{file.name}")
            own.write_text("".join("\t".join(renamed(fields, number)) + "\n" for fields in lines), encoding="utf-8")
            files.append(own)
        both.append(files)
    return both


def renamed(fields, number):
    """The same action by the namesake of its user."""
    action, delay, when, command, user, *arguments = fields
    if command in ("follow", "unfollow"):
        arguments = [f"{arguments[0]} {number}"]
    return [action, delay, when, command, f"{user} {number}", *arguments]


def replay(world, port, files):
    """Milliseconds of the slowest answer to simulators that play a file each; every answer must be 204."""
    # Patient, or a slow answer would be none and not be seen.
    arguments = ["simulate", "--keep-alive", "--timeout", "10000"]
    with concurrent.futures.ThreadPoolExecutor(len(files)) as pool:
        running = [pool.submit(world.report, [*arguments, file, f"http://{HOST}:{port}/api"]) for file in files]
        reports = [one.result() for one in running]
    slowest, failed = 0, 0
    for said in reports:
        failures = re.search(r"^\d+ actions in .* (\d+) failed$", said, re.M)
        most = re.search(r"^all +[\d.]+ +[\d.]+ +[\d.]+ +([\d.]+)$", said, re.M)
        if not failures or not most:
            raise BenchError(f"minitwit simulate said {said[-500:]!r}")
        failed, slowest = failed + int(failures[1]), max(slowest, float(most[1]))
    if failed:
        raise BenchError(f"{failed} actions failed; the slowest answer took {slowest:.0f} ms")
    return slowest


class Storm:
    """Connections that try wrong passwords without pause, each time as somebody from somewhere else."""

    numbers = itertools.count(1)

    def __init__(self, port):
        self.port, self.stopping = port, threading.Event()
        # Times in seconds, by status; 0 is no answer.
        self.times, self.began = {}, time.perf_counter()
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(CONNECTIONS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(15)
        self.seconds = time.perf_counter() - self.began

    def work(self):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        own = {}
        while not self.stopping.is_set():
            begun = time.perf_counter()
            status = self.try_one(connection)
            own.setdefault(status, []).append(time.perf_counter() - begun)
        connection.close()
        for status, times in own.items():
            self.times.setdefault(status, []).extend(times)

    def try_one(self, connection):
        """The status: 200 is a form that says that the name or the password is wrong."""
        # RFC 2544's network for benchmarks.
        address = f"198.18.{random.randrange(256)}.{random.randrange(256)}"
        form = urllib.parse.urlencode({"username": f"stranger {next(self.numbers) % 1000}", "password": "a guess"})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": address}
        try:
            connection.request("POST", "/login", form, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0

    def check(self):
        """Sign-ins that are not tried are no storm."""
        strange = {status: len(times) for status, times in self.times.items() if status not in (200, 503)}
        if strange or not self.times.get(200):
            raise BenchError(f"sign-ins were answered {strange}, and {len(self.times.get(200, []))} of them 200")

    def p99(self):
        """Milliseconds, of those whose password was looked at."""
        times = sorted(self.times[200])
        return 1e3 * times[math.ceil(0.99 * len(times)) - 1]

    def summary(self):
        tried, refused = len(self.times.get(200, [])), sorted(self.times.get(503, []))
        text = f"{tried / self.seconds:.1f} sign-ins a second were tried"
        text += f", {len(refused) / self.seconds:.0f} answered 503"
        return text + (f" after {1e3 * refused[len(refused) // 2]:.1f} ms (median)" if refused else "")
