"""The machine: what has to be on it, what has to be built, how it is described."""

import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from .processes import BenchError, clean_environment, run

ROOT = pathlib.Path(__file__).resolve().parents[2]


def install():
    """Installs wrk and PostgreSQL with pgbench where they are missing; the folder of Postgres' programs."""
    missing = []
    if not shutil.which("wrk"):
        missing.append("wrk")
    if not postgres_programs():
        missing.append("postgresql")
    if not missing:
        return postgres_programs()
    if not shutil.which("apt-get"):
        raise BenchError(f"install these, as Debian calls them: {' '.join(missing)}")
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    say(f"installing {' '.join(missing)} ...")
    run([*as_root, "apt-get", "update", "-qq"])
    environment = clean_environment(DEBIAN_FRONTEND="noninteractive")
    run([*as_root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], env=environment)
    return postgres_programs() or _no_postgres()


def _no_postgres():
    raise BenchError("PostgreSQL is installed but initdb is nowhere to be found")


def postgres_programs():
    """The newest PostgreSQL's folder of programs, or None."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    initdb = shutil.which("initdb")
    folders += [pathlib.Path(initdb).parent] if initdb else []
    for folder in reversed(folders):
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql", "pgbench", "pg_isready")):
            return folder
    return None


def build(folder):
    """Builds release binaries and copies them, lest somebody builds others meanwhile: Minitwit, the yardstick."""
    say("building ...")
    command = ["cargo", "build", "--release", "--quiet", "--bin", "minitwit", "--example", "yardstick"]
    # Cargo's own environment and what it says are the user's.
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise BenchError("cargo build failed")
    metadata = json.loads(run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT, env=None))
    release = pathlib.Path(metadata["target_directory"]) / "release"
    copies = []
    for built in (release / "minitwit", release / "examples" / "yardstick"):
        copies.append(pathlib.Path(shutil.copy2(built, folder / built.name)))
    return copies


class Clock:
    """The processors' time between two looks, in percent: idle, and stolen by the hypervisor."""

    def __init__(self):
        self.total, self.idle, self.stolen = self._read()

    @staticmethod
    def _read():
        ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        return sum(ticks[:8]), ticks[3] + ticks[4], ticks[7]

    def percent(self):
        total, idle, stolen = self._read()
        share = 100 / max(1, total - self.total)
        return share * (idle - self.idle), share * (stolen - self.stolen)


def busy_percent(seconds):
    """How busy the machine is while we wait: other people's work, which makes every figure low and some ratios
    wrong."""
    clock = Clock()
    time.sleep(seconds)
    return 100 - clock.percent()[0]


def describe(programs, folder):
    """Lines about where the figures come from: (what, value)."""
    read = lambda path: pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    model = re.search(r"^model name\s*: (.*)$", read("/proc/cpuinfo"), re.M)
    memory = int(re.search(r"^MemTotal:\s+(\d+)", read("/proc/meminfo"), re.M)[1]) / 1024 / 1024
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', read("/etc/os-release"), re.M)
    return [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", _commit()),
        ("processor", f"{os.cpu_count()} × {model[1] if model else 'unknown'}"),
        ("memory", f"{memory:.0f} GiB"),
        ("system", f"{system[1] if system else 'unknown'}, Linux {os.uname().release}"),
        ("file system", run(["df", "--output=fstype", folder]).split()[-1]),
        ("database", run([programs / "postgres", "--version"]).strip()),
        ("compiler", run(["rustc", "--version"], cwd=ROOT, env=None).strip()),
    ]


def _commit():
    try:
        commit = run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT).strip()
        changed = run(["git", "status", "--porcelain", "--untracked-files=no"], cwd=ROOT).strip()
    except (BenchError, OSError):
        return "unknown"
    return f"{commit} and changes that are not committed" if changed else commit


def say(text):
    """Progress, on standard error: standard output is for the table."""
    print(text, file=sys.stderr, flush=True)
