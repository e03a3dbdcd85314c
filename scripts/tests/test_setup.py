"""scripts/setup becomes root only after it has said so, and says what to do where it cannot."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from project import ROOT

SUDO = {"sudo": 'echo "sudo $*"; "$@" >&2', "apt-get": 'echo "apt-get $1 for ${DEBIAN_FRONTEND:-people}" >&2'}


class Setup(unittest.TestCase):
    """On a machine that has nothing, with programs that only say that they were called."""

    def run_as(self, user, programs, status):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            for name in ("ls", "env"):
                (path / name).symlink_to(shutil.which(name))
            for name, does in {"id": f"echo {user}", "python3": "exit 1", **programs}.items():
                (path / name).write_text(f"#!/bin/sh\n{does}\n")
                (path / name).chmod(0o755)
            # One stream, so that the order can be seen; the installing itself is quiet.
            done = subprocess.run([ROOT / "scripts/setup"], env={"PATH": folder}, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        self.assertIn(" shellcheck", done.stdout)
        return done.stdout

    def test_it_says_what_it_installs_before_it_asks_for_a_password(self):
        self.assertRegex(
            self.run_as(1000, SUDO, 0),
            r"(?s)^Installing by sudo apt-get: .*may ask for your password.*\nsudo apt-get update.*apt-get install for noninter",
        )

    def test_root_needs_no_sudo(self):
        said = self.run_as(0, SUDO, 0)
        self.assertIn("Installing by apt-get: ", said)
        self.assertNotIn("sudo", said)

    def test_where_it_cannot_it_lists_what_is_missing(self):
        for programs in ({}, {"sudo": "exit 1"}, {"apt-get": "exit 1"}):
            self.run_as(1000, programs, 1)
