"""A small project in a temporary folder, with our scripts and a git history of its own, for what needs no engine.

What the scripts do to a registry and to a Swarm, scripts/rehearse sees on real ones. Here `docker` only notes its calls.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPOSITORY = "registry.example/minitwit"
CHANGELOG = """\
# Changelog

## [Unreleased]

- Something for the next one.

## [1.2.3] - 2026-11-21

### Added

- One thing, as `code` and "quoted".

## [1.2.2] - 2026-11-20

- The first.

[Unreleased]: https://example.org/compare/v1.2.3...HEAD
"""


class ProjectTest(unittest.TestCase):
    """Each test gets a project at version 1.2.3, on the branch develop."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="minitwit-pipeline-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.root, self.bin = self.folder / "project", self.folder / "bin"
        shutil.copytree(ROOT / "scripts", self.root / "scripts", ignore=shutil.ignore_patterns("*lib", "tests", "__pycache__"))
        self.write("Cargo.toml", '[package]\nname = "minitwit"\nversion = "1.2.3"\n\n[dependencies]\na = { version = "9" }\n')
        self.write("Cargo.lock", '[[package]]\nname = "minitwit"\nversion = "1.2.3"\n')
        self.write("CHANGELOG.md", CHANGELOG)
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.folder), "NOTES": str(self.folder / "notes"),
            "IMAGE_REPOSITORY": REPOSITORY, "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        self.program("docker", 'echo "docker $*" >> "$NOTES"')
        self.git("init", "--quiet", "--initial-branch", "develop")
        self.commit()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def program(self, name, text, folder=None):
        """Puts a shell script on PATH, or into a folder of the project."""
        path = (folder or self.bin) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def git(self, *words):
        command = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", *words]
        return subprocess.check_output(command, cwd=self.root, env=self.environment, stderr=subprocess.STDOUT, text=True).strip()

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "all of it")

    def image(self):
        return f"{REPOSITORY}:{self.git('rev-parse', '--short=12', 'HEAD')}"

    def runs(self, *words, **variables):
        """Runs one of the project's scripts; its exit status. What it printed is in `output`."""
        done = subprocess.run([f"scripts/{words[0]}", *words[1:]], cwd=self.root, env=self.environment | variables, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
        self.output = done.stdout
        return done.returncode

    def succeeds(self, *words, **variables):
        self.assertEqual(self.runs(*words, **variables), 0, self.output)
        return self.output

    def fails(self, why, *words, **variables):
        self.assertEqual(self.runs(*words, **variables), 1, self.output)
        self.assertIn(why, self.output)

    def notes(self):
        """What the programs that only play have noted."""
        path = self.folder / "notes"
        return path.read_text().splitlines() if path.exists() else []
