"""Processes of our own, each ended by whoever began it; and what is said to them."""

import http.client
import os
import pathlib
import signal
import socket
import subprocess
import time

HOST = "127.0.0.1"


class BenchError(Exception):
    """Something could not be measured; says what."""


def forget_settings():
    """Takes whatever configures Minitwit or libpq out of our environment: defaults are what is measured."""
    for key in list(os.environ):
        if key.startswith(("MINITWIT", "DATABASE_URL", "PG")) or key in ("PORT", "RUST_LOG"):
            del os.environ[key]


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def run(argv, is_fine=lambda done: done.returncode == 0, variables=None, **options):
    """Runs to the end; standard output as text. What is not fine is a BenchError with what it said."""
    argv, options = [str(word) for word in argv], {"timeout": 900, "env": os.environ | (variables or {})} | options
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    if not is_fine(done):
        said = (done.stdout[-1000:] + done.stderr[-2000:]).strip()
        raise BenchError(f"{pathlib.Path(argv[0]).name} failed ({done.returncode}): {said}")
    return done.stdout


def ask(port, method, path, form=None, headers=None):
    """One answer: status, headers, body."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(method, path, form, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def answers(port, path):
    try:
        return ask(port, "GET", path)[0] == 200
    except OSError:
        return False


class Lazy:
    """What is begun when something is first asked of it, and stopped at the end of its `with`."""

    def __init__(self, begin):
        self._begin, self._begun = begin, None

    def __getattr__(self, name):
        if self._begun is None:
            self._begun = self._begin()
        return getattr(self._begun, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._begun is not None:
            self._begun.stop()


class Process:
    """A child in a session of its own: Ctrl-C reaches the bench alone, which then stops its children in order."""

    def __init__(self, argv, is_ready=lambda: True, port=None, ops_port=None, variables=None, **options):
        self.port, self.ops_port = port, ops_port
        argv, options = [str(word) for word in argv], {"env": os.environ | (variables or {})} | options
        began = time.perf_counter()
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True, **options)
        try:
            # Polled tightly: the time of a start is a figure.
            while not is_ready():
                if self.child.poll() is not None or time.perf_counter() - began > 60:
                    raise BenchError(f"{pathlib.Path(argv[0]).name} was not ready; its status: {self.child.poll()}")
                time.sleep(0.0005)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.perf_counter() - began

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def memory_mb(self, which="VmRSS"):
        """Resident memory, now or (VmHWM) at its highest, in units of 1024² bytes."""
        lines = pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{which}:"))

    def get(self, path, headers=None):
        """The body of a page, which must come."""
        status, _, body = ask(self.port, "GET", path, headers=headers)
        if status != 200:
            raise BenchError(f"GET {path}: {status}")
        return body
