"""scripts/deploy and swarm-stack.yml with the real `docker` client, against a manager that plays (engine.py)."""

import os
import re
import shutil
import subprocess

import engine
from project import REPOSITORY, ROOT, ProjectTest


def external_secrets(version):
    """The names of the secrets that swarm-stack.yml expects to be there."""
    return [f"{name}_{version}" for name in re.findall(r'external: true, name: "(\w+)_v\$', (ROOT / "swarm-stack.yml").read_text())]


def real_files(root, *folders):
    """The real swarm-stack.yml, and what it speaks of, into a project."""
    shutil.copy(ROOT / "swarm-stack.yml", root / "swarm-stack.yml")
    for name in folders:
        shutil.copytree(ROOT / name, root / name)


class Secrets(ProjectTest):
    """scripts/secrets on a Swarm that has none."""

    def test_it_puts_in_all_that_the_stack_mounts_and_nothing_else(self):
        real_files(self.root, "prometheus")
        self.succeeds("secrets", "swarm", "2")
        created = {name: file for _, _, name, file in self.calls("secret", "create")}
        self.assertEqual(sorted(created), sorted(external_secrets("v2")))
        self.assertIn("minitwit_probe_targets_v2", created)
        for name, file in created.items():
            # A secret without content, or with another one's, would be found out at night.
            self.assertEqual(f"minitwit_{file.removeprefix('secrets/')}_v2", name)
            self.assertEqual(self.state["secrets"][name], (self.root / file).read_text())
            self.assertTrue(self.state["secrets"][name])

        before = self.state["secrets"]
        self.succeeds("secrets", "swarm", "2")
        self.assertIn("is there already", self.output)
        self.assertEqual((self.state["secrets"], len(self.calls("secret", "create"))), (before, len(created)))
        self.fails("a version is a number", "secrets", "swarm", "v3")


class RealClient(ProjectTest):
    """The project with its real stack file and configurations, on a Swarm whose secrets somebody has made."""

    def setUp(self):
        super().setUp()
        (self.bin / "docker").unlink()
        self.environment["PATH"] += f":{ROOT}/target/tools/bin"
        done = subprocess.run(["docker", "stack", "config", "--help"], env=self.environment, capture_output=True)
        if done.returncode:
            self.assertNotIn("CI", os.environ, "there is no docker client: scripts/tools installs it")
            self.skipTest("NOT TESTED: there is no docker client; scripts/tools installs it")
        real_files(self.root, "caddy", "prometheus", "grafana", "loki", "alloy", "postgres")
        self.smoke("exit 0")
        self.secrets = external_secrets("v1")
        self.assertGreater(len(self.secrets), 5)

    def smoke(self, body):
        self.program("smoke", f"#!/bin/sh\n{body}\n", self.root / "scripts")
        self.commit_all()

    def swarm(self, **how):
        self.engine = engine.Engine(self.secrets, **how)
        self.addCleanup(self.engine.close)
        self.environment |= {"STAGING_HOST": self.engine.host, "STAGING_URL": "https://minitwit.example"}

    def next_commit(self):
        self.write("CHANGELOG.md", (self.root / "CHANGELOG.md").read_text() + "\n")
        self.commit_all()

    def service(self, name="minitwit"):
        return self.engine.find(f"minitwit_{name}")

    def spec(self, name="minitwit"):
        return self.service(name).spec["TaskTemplate"]["ContainerSpec"]

    def test_a_swarm_is_filled_updated_and_keeps_its_scale(self):
        self.swarm()
        self.succeeds("deploy", "staging")
        self.assertEqual(self.service().running.partition("@")[0], self.image())
        self.assertTrue(self.service("migrate").is_job and self.service("migrate").done)
        self.assertIn("MINITWIT__SERVER__ORIGIN=https://minitwit.example", self.spec()["Env"])
        self.assertEqual(self.service().replicas(), 2)

        self.service().spec["Mode"]["Replicated"]["Replicas"] = 3
        self.engine.log.clear()
        self.next_commit()
        self.succeeds("deploy", "staging")
        self.assertEqual(self.service().running.partition("@")[0], self.image())
        self.assertEqual((self.service().status, self.service().replicas()), ("completed", 3))
        self.assertEqual(self.engine.log[:2], [("pull", self.image()), ("update", "minitwit_migrate")], "migrates first")
        # Once before the roll-out, and once more with it: the second time there is nothing to do.
        self.assertEqual(self.service("migrate").iteration, 2)
        self.assertNotIn("rollback", [what for what, _ in self.engine.log])
        self.assertEqual(self.service("postgres").status, None, "what did not change is left alone")

    def test_a_changed_file_changes_only_who_mounts_it(self):
        self.swarm()
        self.succeeds("deploy", "staging")
        before = {service.spec["Name"]: service.spec["TaskTemplate"] for service in self.engine.services}
        configs = {config["Spec"]["Name"] for config in self.engine.configs}
        self.assertGreater(len(configs), 10)

        rules = self.root / "prometheus/rules/alerts-data.yml"
        rules.write_text(rules.read_text() + "# changed\n")
        self.commit_all()
        self.succeeds("deploy", "staging")
        fresh = {config["Spec"]["Name"] for config in self.engine.configs} - configs
        self.assertEqual([re.sub("_[0-9a-f]{12}$", "", name) for name in fresh], ["minitwit_rules_alerts_data"])
        changed = {service.spec["Name"] for service in self.engine.services if service.spec["TaskTemplate"] != before[service.spec["Name"]]}
        # A commit has an image of its own, which those of ours run.
        self.assertEqual(changed, {f"minitwit_{name}" for name in ("prometheus", "minitwit", "backup", "migrate")})

    def test_a_configuration_that_is_missing_rolls_nothing_out(self):
        (self.root / "loki/loki.yml").unlink()
        self.commit_all()
        self.swarm()
        self.fails("nothing before to go back to", "deploy", "staging")
        self.assertIn("loki/loki.yml", self.output)
        self.assertEqual(self.engine.services, [])

    def test_a_failed_smoke_test_brings_the_old_image_back(self):
        self.swarm()
        self.succeeds("deploy", "staging")
        old = self.service().image
        self.smoke('[ -z "${SMOKE_VERSION:-}" ]')
        self.fails(f"rolled back: staging serves {old} again", "deploy", "staging")
        self.assertEqual((self.service().running, self.service().status), (old, "rollback_completed"))
        # The backup service runs the same image.
        self.assertEqual(self.engine.log[-2:], [("rollback", "minitwit_backup"), ("rollback", "minitwit_minitwit")])

    def test_what_swarm_takes_back_itself_stays_back(self):
        self.swarm(breaks=lambda image: image.startswith(f"{REPOSITORY}:") and self.image() in image)
        first = self.commit_id()
        self.engine.breaks, breaks = (lambda image: False), self.engine.breaks
        self.succeeds("deploy", "staging")
        self.engine.breaks = breaks
        self.next_commit()
        self.fails("rolled back: staging serves", "deploy", "staging")
        self.assertIn(first, self.service().running)
        self.assertEqual([name for what, name in self.engine.log if what == "rollback"], [])

    def test_a_secret_that_is_missing_stops_it(self):
        self.secrets.remove("minitwit_simulator_password_v1")
        self.swarm()
        self.fails("secret not found: minitwit_simulator_password_v1", "deploy", "staging")
