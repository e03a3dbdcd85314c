"""The rules of wiring.py notice what breaks them; every rule has such a test; and the real files are in order."""

import unittest

from . import test_guarding, test_running
from .broken import RuleTest
from .deployment import Deployment, interpolate, variables
from .rules import RULES


class Same(RuleTest):
    rule = "same"

    def test_a_service_of_one_file(self):
        del self.it.swarm["services"]["loki"]
        self.it.compose["services"]["redis"] = self.service("loki")
        self.assert_complains("loki is in one of the files only", "redis is in one of the files only")

    def test_run_another_way(self):
        self.service("prometheus", "swarm")["command"].append("--web.enable-admin-api")
        self.service("minitwit-2")["user"] = "0:0"
        self.service("loki")["healthcheck"]["test"] = ["CMD", "true"]
        self.service("grafana")["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] = "true"
        self.assert_complains("prometheus: command is", "minitwit-2: user is", "loki: each file has its own health check",
                              "grafana: GF_AUTH_ANONYMOUS_ENABLED is set in one")

    def test_sizes_may_differ(self):
        self.service("postgres", "swarm")["command"].append("-c")
        self.assert_complains("postgres: command is")
        self.service("postgres", "swarm")["command"].pop()
        self.assertEqual(self.complaints(), "")


class Files(RuleTest):
    rule = "files"

    def test_missing(self):
        self.service("loki")["volumes"].append("./loki/other:/x:ro")
        self.assert_complains("loki: mounts ./loki/other, which does not exist")

    def test_past_the_secrets(self):
        self.service("loki")["volumes"].append("./secrets:/x:ro")
        self.assert_complains("loki: mounts ./secrets past the secrets")

    def test_volumes(self):
        self.service("loki", "swarm")["volumes"] = ["other:/loki"]
        self.assert_complains("swarm: volume other", "swarm: volume loki_data")


class Configurations(RuleTest):
    rule = "configurations"

    def test_missing(self):
        self.it.swarm["configs"]["loki"]["file"] = "./loki/none.yml"
        self.assert_complains("config loki: ./loki/none.yml does not exist", "scripts/config-version sums up other files")

    def test_not_handed_over(self):
        self.service("prometheus", "swarm")["configs"].pop()
        self.assert_complains("is not both defined and used", "prometheus: prometheus/rules/", "under Compose, and not on a Swarm")

    def test_a_new_file_that_compose_alone_mounts(self):
        self.service("loki")["volumes"].append("./alloy:/etc/loki/more:ro")
        self.assert_complains("loki: alloy/config.alloy is at /etc/loki/more/config.alloy under Compose")

    def test_elsewhere(self):
        for config in self.service("proxy", "swarm")["configs"]:
            config["target"] = config["target"].replace("/etc/caddy", "/srv")
        self.assert_complains("proxy: caddy/Caddyfile is at /etc/caddy/Caddyfile")

    def test_without_a_version(self):
        whole = self.it.swarm_text
        # None; one for two configurations, so that a change of one would be a change of both.
        for other in ("minitwit_loki", "minitwit_loki_${ALLOY_VERSION:-1}"):
            self.it.swarm_text = whole.replace('"minitwit_loki_${LOKI_VERSION:-1}"', f'"{other}"')
            self.assertNotEqual(self.it.swarm_text, whole)
            self.assert_complains("config loki: its name has no version of its own: minitwit_loki_${LOKI_VERSION:-1}")

    def test_the_wrong_prometheus(self):
        self.it.swarm["configs"]["prometheus"]["file"] = "./prometheus/prometheus.yml"
        self.assert_complains("are found by prometheus-swarm.yml")


class Settings(RuleTest):
    rule = "settings"

    def test_variables(self):
        text = "# ${NO}\na: ${A:-1}\nb: ${B:?why}\nc: $${C}\nd: ${A:-1}"
        self.assertEqual(variables(text), {"A": "1", "B": None})
        self.assertEqual(interpolate(text), "\na: 1\nb: \nc: ${C}\nd: 1")

    def test_missing_and_left_over(self):
        self.it.env_example = self.it.env_example.replace("MINITWIT_POOL_SIZE", "MINITWIT_POOL")
        self.assert_complains("MINITWIT_POOL_SIZE is not both", "MINITWIT_POOL is not both")

    def test_another_default(self):
        self.it.env_example = self.it.env_example.replace("MINITWIT_POOL_SIZE=8", "MINITWIT_POOL_SIZE=80")
        self.assert_complains("MINITWIT_POOL_SIZE is 80 in .env.example, but 8 by default")

    def test_no_default(self):
        self.it.compose_text = self.it.compose_text.replace("${MINITWIT_POOL_SIZE:-8}", "${MINITWIT_POOL_SIZE:?}")
        self.assert_complains("compose: MINITWIT_POOL_SIZE has no default")


class Image(RuleTest):
    rule = "image"

    def test_each_demand(self):
        whole = self.it.dockerfile
        for was, becomes, complaint in (
            ("rust:1.95.0-bookworm", "rust:1.94.0-bookworm", "and rust-toolchain.toml says"),
            ("rust:1.95.0-bookworm", "rust:latest", "rust:latest is no exact version"),
            ("rust:1.95.0-bookworm", "rust:1.95.0-trixie", "not both Debian 12"),
            (":nonroot@sha256:", ":nonroot@sha1:", "is no exact version"),
            ("USER 65532:65532", "USER root", "does not end as a user without rights"),
            ("USER 65532:65532", "USER 0:0", "does not end as a user without rights"),
            ("HEALTHCHECK", "LABEL x=y\n#", "has no health check"),
            ("EXPOSE 8080", "EXPOSE 8080 9101", "offers the operators' port"),
            ("WORKDIR /data", "RUN true", "runs something"),
            ("image.revision", "image.other", "no label revision"),
            ("ARG MINITWIT_CREATED=", "ARG OTHER=", "takes no MINITWIT_CREATED"),
        ):
            self.assertIn(was, whole)
            self.it.dockerfile = whole.replace(was, becomes)
            self.assert_complains(complaint)


class Everything(unittest.TestCase):
    def test_every_rule_has_a_test_that_breaks_it(self):
        tested = {
            case.rule
            for module in (test_guarding, test_running)
            for case in vars(module).values()
            if isinstance(case, type) and issubclass(case, RuleTest)
        } | {case.rule for case in (Same, Files, Configurations, Settings, Image)}
        self.assertEqual(tested - {""}, RULES.keys())

    def test_nothing_to_complain_about(self):
        found = {name: list(rule(Deployment.read())) for name, rule in RULES.items()}
        self.assertEqual({name: complaints for name, complaints in found.items() if complaints}, {})
