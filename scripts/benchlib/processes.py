"""Processes of our own: Postgres, Minitwit, the yardstick. Each is ended by whoever began it."""

import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

HOST = "127.0.0.1"


class BenchError(Exception):
    """Something could not be measured; says what."""


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def clean_environment(**changes):
    """Ours without whatever configures Minitwit or libpq: defaults are what is measured."""
    ours = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("MINITWIT", "DATABASE_URL", "PG")) and key not in ("PORT", "RUST_LOG")
    }
    return ours | changes


def get(port, path, headers=None):
    """One answer: status, headers, body."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


class Process:
    """A child in a session of its own: Ctrl-C reaches the bench alone, which then stops its children in order."""

    def __init__(self, argv, stop_signal=signal.SIGINT, **options):
        self.began = time.perf_counter()
        self.stop_signal = stop_signal
        self.child = subprocess.Popen(
            [str(word) for word in argv], stdin=subprocess.DEVNULL, start_new_session=True, **options
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(self.stop_signal)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def wait_until(self, is_ready, what, seconds=60):
        """Polls tightly; the time since the start, in seconds."""
        while time.perf_counter() - self.began < seconds:
            if self.child.poll() is not None:
                raise BenchError(f"{what} ended with {self.child.returncode}")
            if is_ready():
                return time.perf_counter() - self.began
            time.sleep(0.0005)
        raise BenchError(f"{what} was not ready after {seconds} s")

    def memory_mb(self):
        """Resident memory, in units of 1024² bytes."""
        for line in pathlib.Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise BenchError("no VmRSS")


class Yardstick(Process):
    """The bare server of examples/yardstick.rs."""

    def __init__(self, binary, size=0):
        self.port = free_port()
        super().__init__([binary, "--port", self.port, "--bytes", size, "--workers", 2], env=clean_environment())
        self.wait_until(lambda: answers(self.port, "/"), "the yardstick")


class Minitwit(Process):
    """The server, 2 workers and otherwise its defaults; its log, JSON as it is no terminal, goes to /dev/null:
    at 60,000 lines a second a disk would be measured that is Postgres' too."""

    def __init__(self, binary, url, folder, **settings):
        self.port, self.ops_port = free_port(), free_port()
        settings = {
            "DATABASE_URL": url,
            "MINITWIT__SERVER__WORKERS": "2",
            "MINITWIT__SERVER__PORT": str(self.port),
            "MINITWIT__OPS__PORT": str(self.ops_port),
        } | settings
        super().__init__(
            [binary, "serve"], env=clean_environment(**settings), cwd=folder, stdout=subprocess.DEVNULL
        )
        try:
            self.start_seconds = self.wait_until(lambda: answers(self.ops_port, "/readyz"), "Minitwit")
        except BaseException:
            self.stop()
            raise

    def get(self, path, headers=None):
        """The body of a page, which must come."""
        status, _, body = get(self.port, path, headers)
        if status != 200:
            raise BenchError(f"GET {path}: {status}")
        return body


def answers(port, path):
    try:
        return get(port, path)[0] == 200
    except OSError:
        return False


class Postgres(Process):
    """A throwaway cluster as `initdb` and the packages leave it: fsync and synchronous_commit are on."""

    def __init__(self, programs, folder):
        self.port, self.programs, self.log = free_port(), programs, folder / "postgres.log"
        # Postgres refuses to run as root.
        owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        home = folder / "postgres"
        home.mkdir()
        if owner:
            shutil.chown(home, "postgres", "postgres")
        run(
            [programs / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
            cwd="/",
            **owner,
        )
        options = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": home,
            # Who says it: `statements` in queries.py reads what one server says.
            "log_line_prefix": "[%a] ",
        }
        argv = [programs / "postgres", "-D", home / "data"]
        for key, value in options.items():
            argv += ["-c", f"{key}={value}"]
        with open(self.log, "wb") as log:
            super().__init__(argv, stdout=log, stderr=log, cwd="/", env=clean_environment(), **owner)
        try:
            self.wait_until(self.is_ready, "Postgres")
        except BaseException:
            self.stop()
            raise

    def is_ready(self):
        argv = [self.programs / "pg_isready", "-q", "-h", HOST, "-p", str(self.port)]
        return subprocess.run(argv, check=False).returncode == 0

    def connection(self):
        """Arguments for psql and pgbench."""
        return ["-h", HOST, "-p", str(self.port), "-U", "postgres"]

    def url(self, database):
        return f"postgres://postgres@{HOST}:{self.port}/{database}"


def run(argv, fine=(0,), **options):
    """Runs to the end; standard output as text. A status that is not fine is a BenchError with what it said."""
    argv = [str(word) for word in argv]
    options = {"env": clean_environment(), "timeout": 900} | options
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    if done.returncode not in fine:
        said = (done.stdout[-1000:] + done.stderr[-2000:]).strip()
        raise BenchError(f"{pathlib.Path(argv[0]).name} failed ({done.returncode}): {said}")
    return done.stdout
