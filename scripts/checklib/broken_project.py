"""scripts/check-config itself: in a copy of the project where everything is broken, every check has to fail.

Not called test_*, for the copy runs those, and would copy itself without end.
"""

import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What is broken, as (file, what stands there, what replaces it).
BREAKAGES = (
    ("scripts/lint", "set -eu", "set -eu\ncd $1"),
    ("Dockerfile", "USER 65532:65532", "USER root"),
    ("scripts/enginelib/Dockerfile", "WORKDIR /srv", "WORKDIR srv"),
    ("deploy/loki/loki.yml", "auth_enabled: false", "auth_enabled:    false"),
    ("docker-compose.yml", "services:\n", "services:\n  broken: {imagee: x, healthcheck: {}, networks: [edge]}\n"),
    ("swarm-stack.yml", "services:\n", "services:\n  broken: {imagee: x, healthcheck: {}, networks: [edge]}\n"),
    (".env.example", "MINITWIT_POOL_SIZE=8", "MINITWIT_POOL_SIZE=80"),
    (".travis.yml", "os: linux", "os: [4]"),
    ("scripts/secrets", "chmod 0700", "chmod 0755"),
    ("prometheus/prometheus.yml", "scrape_interval: 15s", "scrape_interval: often"),
    ("prometheus/prometheus-swarm.yml", "scrape_interval: 15s", "scrape_interval: often"),
    ("prometheus/rules/recording.yml", "expr: ", "expr: ) "),
    ("prometheus/alertmanager/alertmanager.yml", "receiver: operators", "receiver: nobody"),
    ("prometheus/blackbox/blackbox.yml", "timeout: 5s", "timeout: soon"),
    ("deploy/caddy/Caddyfile", "admin {$MINITWIT_PROXY_ADMIN:off}", "administration off"),
    ("grafana/dashboards/business.json", "{", "{,"),
    ("docs/OPERATIONS.md", "(#roll-back)", "(#go-back)"),
)


class EverythingBroken(unittest.TestCase):
    def test_every_check_fails(self):
        with tempfile.TemporaryDirectory(prefix="minitwit-broken-") as folder:
            root = pathlib.Path(folder)
            ours = "git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2> /dev/null | xargs cp --parents -t"
            subprocess.run(["sh", "-c", f'{ours} "$0"', root], cwd=ROOT, check=True)
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
        outcomes = re.findall(r"^(ok  |FAIL) (.*)$", done.stdout, re.MULTILINE)
        # The last is this one, which finds no file to break twice.
        self.assertEqual([name for outcome, name in outcomes if outcome != "FAIL"], [], done.stdout)
        self.assertGreater(len(outcomes), 20)
        self.assertIn(f"{len(outcomes)} checks, {len(outcomes)} failed", done.stdout)


if __name__ == "__main__":
    unittest.main()
