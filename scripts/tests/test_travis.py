""".travis.yml: every script it calls exists, nothing that leaves the house runs for a pull request, and it has no secret.

That its keys and values are Travis' own, scripts/check-config sees.
"""

import os
import re
import unittest

from project import ROOT

TRAVIS = re.sub(r"^ *#.*\n", "", (ROOT / ".travis.yml").read_text(), flags=re.M)


class Travis(unittest.TestCase):
    def test_what_leaves_the_house_is_for_pushes_only(self):
        stages = re.findall(r"^  - (?:name: )?(\w+)$(?:\n    if: (.*))?", TRAVIS.split("\njobs:")[0], flags=re.M)
        self.assertEqual([name for name, _ in stages], ["lint", "test", "docker_build", "verify", "release", "deploy", "nightly"])
        self.assertEqual(set(re.findall(r"stage: (\w+)", TRAVIS)), {name for name, _ in stages}, "each has a job")
        for name, condition in stages:
            if name in ("docker_build", "release", "deploy"):
                self.assertRegex(condition, "^type = push")
                self.assertNotIn(" OR ", re.sub(r"\(.*\)", "", condition), "nothing gets round it")
        self.assertEqual(dict(stages)["nightly"], "type = cron")
        night = TRAVIS.split("stage: nightly")[1]
        self.assertIn("scripts/rehearse dockerfile", night)
        self.assertNotRegex(night, r"scripts/(image|release|deploy)")

    def test_every_script_exists_and_every_setting_is_described(self):
        scripts = re.findall(r"scripts/[\w-]+", TRAVIS)
        self.assertGreater(len(scripts), 6)
        for script in scripts:
            self.assertTrue(os.access(ROOT / script, os.X_OK), script)
        described = (ROOT / "CONTRIBUTING.md").read_text()
        for script in ("image", "release", "deploy"):
            for name in re.findall(r"^#   ?(?:…_)?([A-Z][A-Z_]+)", (ROOT / "scripts" / script).read_text(), flags=re.M):
                self.assertIn(name, described)

    def test_it_has_no_secret(self):
        self.assertNotRegex(TRAVIS, r"secure:|(?i:password|token|secret|key)\w*\s*[:=]\s*\S")
