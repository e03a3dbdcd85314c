"""A small project in a temporary folder, with our scripts, its own git history, and a `docker` that only plays."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPOSITORY = "registry.example/minitwit"

CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- Something for the next one.

## [1.2.3] - 2026-11-21

### Added

- One thing, as `code` and "quoted".

### Fixed

- Another.

## [1.2.2] - 2026-11-20

### Added

- The first.

[Unreleased]: https://example.org/compare/v1.2.3...HEAD
[1.2.3]: https://example.org/releases/v1.2.3
"""


class ProjectTest(unittest.TestCase):
    """Each test gets a project at version 1.2.3, on the branch develop, and a Swarm that has nothing yet."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="minitwit-pipeline-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = self.folder / "project"
        ignore = shutil.ignore_patterns("tests", "benchlib", "__pycache__")
        shutil.copytree(ROOT / "scripts", self.root / "scripts", ignore=ignore)
        self.write("Cargo.toml", '[package]\nname = "minitwit"\nversion = "1.2.3"\n\n[dependencies]\na = { version = "9" }\n')
        self.write("Cargo.lock", '[[package]]\nname = "minitwit"\nversion = "1.2.3"\n')
        self.write("CHANGELOG.md", CHANGELOG)
        self.write("swarm-stack.yml", "services: {}\n")

        self.bin = self.folder / "bin"
        self.bin.mkdir()
        # Dozens of calls a test: without site packages it starts in a third of the time.
        fake = (ROOT / "scripts/tests/fake_docker.py").read_text()
        self.program("docker", fake.replace("#!/usr/bin/env python3", f"#!{sys.executable} -SE", 1))
        self.state_file = self.folder / "docker.json"
        self.set_state({"registry": {}, "local": {}, "services": {}, "plan": {}, "calls": [], "login": None})

        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "FAKE_DOCKER": str(self.state_file),
            "IMAGE_REPOSITORY": REPOSITORY,
            "DEPLOY_POLL": "0.01",
            "DEPLOY_TIMEOUT": "90",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        self.git("init", "--quiet", "--initial-branch", "develop")
        self.commit_all()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def program(self, name, text, folder=None):
        """Puts an executable on PATH, or into a folder of the project."""
        path = (folder or self.bin) / name
        path.write_text(textwrap.dedent(text))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def git(self, *words):
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
        return subprocess.run(
            ["git", *identity, *words], cwd=self.root, env=self.environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit_all(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "all of it")

    def commit_id(self):
        return self.git("rev-parse", "--short=12", "HEAD")

    def image(self):
        return f"{REPOSITORY}:{self.commit_id()}"

    def run_script(self, *words, **variables):
        """Runs one of the project's scripts; what it printed, and its exit status."""
        environment = {**self.environment, **variables}
        done = subprocess.run(
            [f"scripts/{words[0]}", *words[1:]], cwd=self.root, env=environment, capture_output=True, text=True, timeout=300
        )
        self.output = done.stdout + done.stderr
        return done

    def succeeds(self, *words, **variables):
        done = self.run_script(*words, **variables)
        self.assertEqual(done.returncode, 0, self.output)
        return done.stdout

    def fails(self, why, *words, **variables):
        done = self.run_script(*words, **variables)
        self.assertEqual(done.returncode, 1, self.output)
        self.assertIn(why, self.output)

    @property
    def state(self):
        return json.loads(self.state_file.read_text())

    def set_state(self, state):
        self.state_file.write_text(json.dumps(state))

    def change_state(self, **parts):
        self.set_state({**self.state, **parts})

    def calls(self, *beginning):
        """The calls of docker that begin with these words."""
        words = [call["words"] for call in self.state["calls"]]
        return [call for call in words if tuple(call[: len(beginning)]) == beginning]
