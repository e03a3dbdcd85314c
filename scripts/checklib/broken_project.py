"""scripts/check-config itself: in a copy of the project where everything is broken, every check has to fail.

Not called test_*, for the copy runs those, and would copy itself without end.
"""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from .deployment import ROOT

# What is broken for which check, as (file, what stands there, what replaces it).
BREAKAGES = (
    # shellcheck
    ("scripts/lint", "set -eu", "set -eu\ncd $1"),
    # hadolint
    ("Dockerfile", "WORKDIR /data", "WORKDIR data"),
    ("scripts/enginelib/Dockerfile", "WORKDIR /srv", "WORKDIR srv"),
    # yamllint
    ("loki/loki.yml", "auth_enabled: false", "auth_enabled:    false"),
    # schema, compose config, every rule
    ("docker-compose.yml", "services:\n", "services:\n  broken: {imagee: x, healthcheck: {}, networks: [edge]}\n"),
    # stack config
    ("swarm-stack.yml", "services:\n", "services:\n  broken: {imagee: x, healthcheck: {}, networks: [edge]}\n"),
    # schema of .travis.yml
    (".travis.yml", "os: linux", "os: [4]"),
    # secrets
    ("scripts/secrets", "chmod 0700", "chmod 0755"),
    ("scripts/secrets", '[ -s "$folder/$name" ] || make', "make"),
    # promtool and amtool
    ("prometheus/prometheus.yml", "scrape_interval: 15s", "scrape_interval: often"),
    ("prometheus/prometheus-swarm.yml", "scrape_interval: 15s", "scrape_interval: often"),
    ("prometheus/rules/recording.yml", "expr: ", "expr: ) "),
    ("prometheus/alertmanager/alertmanager.yml", "receiver: operators", "receiver: nobody"),
    ("prometheus/blackbox/blackbox.yml", "timeout: 5s", "timeout: soon"),
    # caddy
    ("caddy/Caddyfile", "admin {$MINITWIT_PROXY_ADMIN:off}", "administration off"),
    ("grafana/dashboards/business.json", "{", "{,"),
)


class EverythingBroken(unittest.TestCase):
    def test_every_check_fails(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="minitwit-broken-"))
        self.addCleanup(shutil.rmtree, folder)
        root = folder / "project"
        skip = shutil.ignore_patterns("target", ".git", "secrets", "__pycache__", "screenshots", "*.db*", ".hypothesis")
        # A file named secrets is not skipped.
        shutil.copytree(ROOT, root, ignore=lambda at, names: skip(at, names) - {"secrets"} if at.endswith("scripts") else skip(at, names))
        (root / "target").symlink_to(ROOT / "target")
        for name, was, becomes in BREAKAGES:
            text = (root / name).read_text(encoding="utf-8")
            self.assertIn(was, text, name)
            (root / name).write_text(text.replace(was, becomes, 1), encoding="utf-8")
        # Real ones take minutes.
        for test in (root / "prometheus/tests").glob("*.yml"):
            test.unlink()
        done = subprocess.run(["scripts/check-config"], cwd=root, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        lines = re.findall(r"^(ok  |FAIL) (?!rule )(.*)$", done.stdout, re.MULTILINE)
        # The last is this one, which finds no file to break twice.
        self.assertEqual([name for outcome, name in lines if outcome == "ok  "], [], done.stdout)
        self.assertGreater(len(lines), 20)
        summary = re.search(r"(\d+) checks, (\d+) failed$", done.stdout.strip())
        self.assertEqual(summary[1], summary[2])
