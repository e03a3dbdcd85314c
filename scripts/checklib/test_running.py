"""The rules of running.py notice what breaks them."""

from .broken import RuleTest
from .deployment import seconds
from .running import is_pinned, size


class Images(RuleTest):
    rule = "images"

    def test_a_version_is_exact(self):
        for image in ("caddy:2.11.7-alpine", "prom/prometheus:v3.14.0", "a/b@sha256:" + "0" * 64, "host:5000/a/b:1.2"):
            self.assertTrue(is_pinned(image), image)
        for image in ("caddy", "caddy:latest", "caddy:2", "caddy:2-alpine", "caddy:alpine", "host:5000/a", "a@sha256:0", ""):
            self.assertFalse(is_pinned(image), image)

    def test_a_tag_that_moves(self):
        self.service("loki")["image"] = "grafana/loki:latest"
        self.assert_complains("compose: loki: grafana/loki:latest is no exact version")

    def test_no_image(self):
        del self.service("postgres", "swarm")["image"]
        self.assert_complains("swarm: postgres: no image is no exact version")

    def test_two_versions(self):
        self.service("postgres", "swarm")["image"] = "postgres:16.4-bookworm"
        self.assert_complains("swarm: postgres: postgres:16.4-bookworm here, postgres:17")

    def test_our_own_is_built_once(self):
        build = self.service("migrate").pop("build")
        self.assert_complains("compose: [] build: one service has to")
        self.service("migrate")["build"] = self.service("backup")["build"] = build
        self.assert_complains("compose: ['backup', 'migrate'] build")
        del self.service("minitwit-1")["depends_on"]
        self.assert_complains("minitwit-1: does not wait for our own image")


class Health(RuleTest):
    rule = "health"

    def test_none(self):
        del self.service("grafana")["healthcheck"]
        self.service("loki", "swarm")["healthcheck"] = {"disable": True}
        self.service("alloy")["healthcheck"]["test"] = ["NONE"]
        self.assert_complains("compose: grafana: no health check", "swarm: loki: no health check", "alloy: no health check")

    def test_by_chance(self):
        for key in ("interval", "timeout", "retries"):
            del self.service("proxy")["healthcheck"][key]
            self.assert_complains(f"proxy: the health check has no {key}")

    def test_a_job_with_one(self):
        del self.service("migrate", "swarm")["healthcheck"]
        self.assert_complains("swarm: migrate: a job has to switch")


class Restarts(RuleTest):
    rule = "restarts"

    def test_none(self):
        del self.service("minitwit-2")["restart"]
        del self.service("minitwit", "swarm")["deploy"]["restart_policy"]
        self.assert_complains("compose: minitwit-2: no restart", "swarm: minitwit: no restart")

    def test_a_job_without_an_end(self):
        self.service("migrate", "swarm")["deploy"]["restart_policy"]["condition"] = "any"
        self.assert_complains("swarm: migrate: no restart policy, or the wrong one")


class Limits(RuleTest):
    rule = "limits"

    def test_sizes(self):
        self.assertEqual(size("64M"), 64 * 1024 * 1024)
        self.assertEqual([size("64"), size(None), size("lots")], [0, 0, 0])

    def test_none(self):
        del self.service("prometheus")["deploy"]
        self.service("loki", "swarm")["deploy"]["resources"]["limits"] = {"cpus": "1.0"}
        self.assert_complains("compose: prometheus: no limit of memory", "swarm: loki: no limit of processes")

    def test_nothing_reserved(self):
        del self.service("grafana", "swarm")["deploy"]["resources"]["reservations"]
        self.service("minitwit", "swarm")["deploy"]["resources"]["reservations"]["memory"] = "1G"
        self.assert_complains("swarm: grafana: reserves no memory", "swarm: minitwit: reserves no memory, or more")


class Logs(RuleTest):
    rule = "logs"

    def change(self, stack, name, **options):
        logging = self.service(name, stack)["logging"]
        self.service(name, stack)["logging"] = logging | {"options": logging["options"] | options}

    def test_no_rotation(self):
        del self.service("proxy")["logging"]
        self.change("compose", "loki", **{"max-size": None})
        self.change("swarm", "postgres", **{"max-file": "0"})
        self.assert_complains("compose: proxy: its log", "loki: its log does not rotate", "swarm: postgres: its log does not rotate")

    def test_blocking(self):
        self.change("compose", "minitwit-1", mode="blocking")
        self.assert_complains("minitwit-1: it waits for its log")

    def test_anonymous(self):
        self.change("swarm", "minitwit", labels="com.docker.compose.service")
        self.change("compose", "backup", tag="{{.ID}}")
        self.assert_complains("swarm: minitwit: Alloy cannot tell", "compose: backup: Alloy cannot tell")


class Stopping(RuleTest):
    rule = "stopping"

    def test_durations(self):
        self.assertEqual([seconds("40s"), seconds("1m30s"), seconds("1h")], [40, 90, 3600])
        self.assertEqual([seconds(None), seconds("soon"), seconds("")], [None, None, None])

    def test_killed_while_it_drains(self):
        self.service("minitwit-1")["stop_grace_period"] = "30s"
        del self.service("minitwit", "swarm")["stop_grace_period"]
        self.assert_complains("compose: minitwit-1: stop_grace_period is 30 s", "swarm: minitwit: stop_grace_period is 10 s")

    def test_nobody_says_how_long(self):
        self.service("minitwit", "swarm")["environment"].pop("MINITWIT__SERVER__DRAIN_DELAY")
        self.assert_complains("2 services say how long they drain")


class Rolling(RuleTest):
    rule = "rolling"

    def deploy(self, name):
        return self.service(name, "swarm")["deploy"]

    def test_a_gap_in_the_roll_out(self):
        self.deploy("minitwit")["update_config"]["order"] = "stop-first"
        self.assert_complains("minitwit: is not updated start-first")

    def test_two_on_one_disk(self):
        self.deploy("postgres")["update_config"] = self.deploy("minitwit")["update_config"]
        self.assert_complains("postgres: is not updated stop-first", "postgres: a failed update does not end")

    def test_no_way_back(self):
        self.deploy("minitwit")["update_config"]["failure_action"] = "continue"
        del self.deploy("proxy")["rollback_config"]
        self.assert_complains("minitwit: a failed update does not end", "proxy: is not updated")

    def test_all_at_once(self):
        self.deploy("minitwit")["update_config"]["parallelism"] = 0
        self.assert_complains("minitwit: its update is not one after the other")

    def test_away_from_its_disk(self):
        del self.deploy("postgres")["placement"]
        self.deploy("postgres-exporter")["placement"] = {"constraints": ["node.role == manager"]}
        self.service("blackbox-exporter", "swarm")["volumes"] = ["some_data:/data"]
        self.assert_complains("postgres: is not on", "postgres-exporter: is not on", "blackbox-exporter: is not on")

    def test_a_preference(self):
        self.deploy("minitwit")["placement"] = {"preferences": [{"spread": "node.id"}]}
        self.assert_complains("minitwit: Swarm ignores a preference")

    def test_a_virtual_address(self):
        self.deploy("postgres")["endpoint_mode"] = "vip"
        self.assert_complains("postgres: a virtual address")
