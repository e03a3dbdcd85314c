""".travis.yml: every script it calls exists, nothing that leaves the house runs for a pull request, and it has no secret."""

import os
import re
import unittest

from project import ROOT

TRAVIS = (ROOT / ".travis.yml").read_text()


def block(text, heading):
    """The lines below a heading that are indented more than it."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip().removeprefix("- ") == heading)
    indent = len(lines[start]) - len(lines[start].lstrip())
    body = []
    for line in lines[start + 1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        body.append(line)
    return "\n".join(body)


class Travis(unittest.TestCase):
    def test_the_stages_are_in_order(self):
        stages = re.findall(r"^  - (?:name: )?(\w+)$", block(TRAVIS, "stages:"), flags=re.M)
        self.assertEqual(stages, ["lint", "test", "docker_build", "verify", "release", "deploy", "nightly"])
        self.assertEqual(sorted(set(re.findall(r"stage: (\w+)", TRAVIS))), sorted(stages), "each has a job")

    def test_what_leaves_the_house_is_for_pushes_only(self):
        for stage in ("docker_build", "release", "deploy"):
            condition = re.search(r"if: (.*)", block(TRAVIS, f"name: {stage}"))
            self.assertTrue(condition and condition[1].startswith("type = push"), stage)
            self.assertNotIn(" OR ", re.sub(r"\(.*\)", "", condition[1]), "nothing gets round it")

    def test_the_night_is_for_cron_jobs_only_and_nothing_leaves_the_house_then(self):
        self.assertEqual(re.search(r"if: (.*)", block(TRAVIS, "name: nightly"))[1], "type = cron")
        night = block(TRAVIS, "stage: nightly")
        self.assertIn("scripts/rehearse dockerfile nodes", night)
        self.assertNotRegex(night, r"scripts/(image|release|deploy)")

    def test_every_script_exists(self):
        scripts = re.findall(r"scripts/[\w-]+", re.sub(r"#.*", "", TRAVIS))
        self.assertGreater(len(scripts), 6)
        for script in scripts:
            self.assertTrue(os.access(ROOT / script, os.X_OK), script)

    def test_every_setting_of_the_scripts_is_described(self):
        described = (ROOT / "CONTRIBUTING.md").read_text()
        for script in ("image", "release", "deploy"):
            for name in re.findall(r"^#   ?(?:…_)?([A-Z][A-Z_]+)", (ROOT / "scripts" / script).read_text(), flags=re.M):
                self.assertIn(name, described)

    def test_it_has_no_secret(self):
        self.assertNotRegex(TRAVIS, r"secure:|(?i:password|token|secret|key)\w*\s*[:=]\s*\S")
