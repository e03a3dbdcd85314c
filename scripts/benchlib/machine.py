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

from .processes import BenchError, run

ROOT = pathlib.Path(__file__).resolve().parents[2]


def install():
    """Installs wrk and PostgreSQL where they are missing; the folder of the newest PostgreSQL's programs."""
    if subprocess.run([ROOT / "scripts/setup", "bench"], stdout=sys.stderr, check=False).returncode != 0:
        raise BenchError("scripts/setup failed")
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    folders += [pathlib.Path(shutil.which("initdb") or "/usr/bin/initdb").parent]
    needed = ("initdb", "postgres", "createdb", "pgbench", "pg_isready")
    found = [folder for folder in folders if all((folder / name).exists() for name in needed)]
    if not found:
        raise BenchError("PostgreSQL is installed, but its programs are nowhere to be found")
    return found[-1]


def build(folder):
    """Builds release binaries and copies them, lest somebody builds others meanwhile: Minitwit, the tools."""
    say("building ...")
    # What cargo says is for the user.
    if subprocess.run(["cargo", "build", "--release", "--workspace", "--quiet"], cwd=ROOT, check=False).returncode != 0:
        raise BenchError("cargo build failed")
    metadata = json.loads(run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT))
    release = pathlib.Path(metadata["target_directory"]) / "release"
    return [pathlib.Path(shutil.copy2(release / name, folder / name)) for name in ("minitwit", "minitwit-tools")]


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
    found = lambda pattern, path: re.search(pattern, pathlib.Path(path).read_text(errors="replace"), re.M)
    model = found(r"^model name\s*: (.*)$", "/proc/cpuinfo")
    system = found(r'^PRETTY_NAME="?([^"\n]*)', "/etc/os-release")
    commit = ["git", "describe", "--always", "--exclude=*", "--dirty= and changes that are not committed"]
    memory = int(found(r"^MemTotal:\s+(\d+)", "/proc/meminfo")[1]) / 1024 / 1024
    return [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", run(commit, lambda _: True, cwd=ROOT).strip() or "unknown"),
        ("processor", f"{os.cpu_count()} × {model[1] if model else 'unknown'}"),
        ("memory", f"{memory:.0f} GiB"),
        ("system", f"{system[1] if system else 'unknown'}, Linux {os.uname().release}"),
        ("file system", run(["df", "--output=fstype", folder]).split()[-1]),
        ("database", run([programs / "postgres", "--version"]).strip()),
        ("compiler", run(["rustc", "--version"], cwd=ROOT).strip()),
    ]


def say(text):
    """Progress, on standard error: standard output is for the table."""
    print(text, file=sys.stderr, flush=True)
