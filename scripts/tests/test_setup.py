"""scripts/setup becomes root only after it has said so, and says what to do where it cannot."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from project import ROOT


class Setup(unittest.TestCase):
    """On a machine that has nothing, with programs that only say that they were called."""

    def run_as(self, user, programs):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            for name in ["ls", "env"]:
                (path / name).symlink_to(shutil.which(name))
            stubs = {"id": f"echo {user}", "python3": "exit 1", **programs}
            for name, does in stubs.items():
                (path / name).write_text(f"#!/bin/sh\n{does}\n")
                (path / name).chmod(0o755)
            # One stream, so that the order can be seen; the installing itself is quiet.
            return subprocess.run(
                [ROOT / "scripts/setup"], env={"PATH": folder}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, check=False,
            )

    SUDO = {"sudo": 'echo "sudo $*" >&2; "$@"', "apt-get": 'echo "apt-get $1 for ${DEBIAN_FRONTEND:-people}" >&2'}

    def test_it_says_what_it_installs_before_it_asks_for_a_password(self):
        done = self.run_as(1000, self.SUDO)
        self.assertEqual(done.returncode, 0, done.stdout)
        told, called = done.stdout.split("\nsudo apt-get update", 1)
        self.assertIn("Installing by sudo apt-get: ", told)
        self.assertIn(" shellcheck", told)
        self.assertIn("may ask for your password", told)
        self.assertIn("apt-get install for noninteractive", called, "and it asks nothing else")

    def test_root_needs_no_sudo(self):
        done = self.run_as(0, self.SUDO)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("Installing by apt-get: ", done.stdout)
        self.assertNotIn("sudo", done.stdout)

    def test_where_it_cannot_it_lists_what_is_missing(self):
        for programs in [{}, {"sudo": "exit 1"}, {"apt-get": "exit 1"}]:
            done = self.run_as(1000, programs)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(" shellcheck", done.stdout)
