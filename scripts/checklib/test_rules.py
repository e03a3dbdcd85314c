"""Each rule of deploy/policy.yml and of wiring.py notices what breaks it: the real stacks, one thing broken, its complaint.

STACKS is the folder where scripts/check-config has put what Docker's clients make of them: compose.json and swarm.yml.
"""

import copy
import os
import pathlib
import unittest

import jsonschema
import wiring
import yaml

STACKS = {stack: yaml.safe_load((pathlib.Path(os.environ["STACKS"]) / file).read_text(encoding="utf-8"))
          for stack, file in (("compose", "compose.json"), ("swarm", "swarm.yml"))}
POLICY = jsonschema.Draft202012Validator(yaml.safe_load((wiring.ROOT / "deploy/policy.yml").read_text(encoding="utf-8")))
# As a value: the key goes. As a complaint: the one that names the place that was broken.
GONE, THERE = object(), None
LOGGING = STACKS["compose"]["services"]["loki"]["logging"]
OPTIONS = LOGGING["options"]
DISK = [{"type": "volume", "source": "loki_data", "target": "/loki"}]


def mount(source):
    return {"type": "bind", "source": source, "target": "/x", "read_only": True}


# What is broken: the stack, where, what is there then, and what the complaint says.
BROKEN = (
    # Ports.
    ("compose", "services.postgres.ports", [{"target": 5432, "published": "5432"}], THERE),
    ("compose", "services.minitwit-1.ports", [{"target": 9101, "published": "9101", "host_ip": "127.0.0.1"}], THERE),
    ("compose", "services.grafana.ports", [{"target": 3000, "published": "3000"}], "'host_ip' is a required property"),
    ("compose", "services.prometheus.ports.0.host_ip", "0.0.0.0", THERE),
    ("compose", "services.loki.network_mode", "host", THERE),
    ("swarm", "services.grafana.ports", [{"target": 3000, "published": 3000, "mode": "host"}], THERE),
    ("swarm", "services.proxy.ports.0.mode", "ingress", THERE),
    # Networks.
    ("compose", "services.loki.networks.data", None, THERE),
    ("compose", "services.loki.networks.app", None, THERE),
    ("compose", "services.alloy.networks.outbound", None, THERE),
    ("compose", "services.filebeat.networks.observability", None, THERE),
    ("compose", "services.postgres.networks.operators", None, THERE),
    ("compose", "services.proxy.networks.search", None, THERE),
    ("swarm", "services.postgres.networks.edge", None, THERE),
    ("compose", "services.adminer", {"image": "adminer:5.4.1", "networks": {"data": None}}, "adminer.networks.data"),
    ("compose", "services.alloy.networks", {"default": None}, "networks.default"),
    ("swarm", "services.alloy.networks", GONE, "'networks' is a required property"),
    ("compose", "networks.data.internal", GONE, "'internal' is a required property"),
    ("compose", "networks.data.driver_opts", GONE, "'driver_opts' is a required property"),
    ("compose", "networks.new", {}, "'internal' is a required property"),
    ("compose", "networks.operators", {}, "'driver_opts' is a required property"),
    ("swarm", "networks.observability.internal", False, THERE),
    ("swarm", "networks.data.driver_opts", GONE, "'driver_opts' is a required property"),
    ("compose", "networks.app.ipam.config.0.subnet", "10.0.0.0/8", "networks.app.ipam"),
    ("compose", "services.minitwit-1.environment.MINITWIT__SERVER__HOST", "0.0.0.0", THERE),
    ("swarm", "services.minitwit.environment.MINITWIT__SERVER__TRUSTED_PROXIES", "10.0.0.0/8", THERE),
    # Rights.
    ("compose", "services.minitwit-1.cap_drop", GONE, "'cap_drop' is a required property"),
    ("swarm", "services.grafana.cap_add", ["SYS_ADMIN"], THERE),
    ("compose", "services.proxy.cap_add", ["NET_BIND_SERVICE", "NET_ADMIN"], THERE),
    ("compose", "services.alloy.privileged", True, THERE),
    ("compose", "services.node-exporter.pid", "host", THERE),
    ("compose", "services.loki.security_opt", ["apparmor:unconfined"], THERE),
    ("compose", "services.loki.security_opt", GONE, "'security_opt' is a required property"),
    ("swarm", "services.loki.security_opt", ["no-new-privileges:true"], THERE),
    ("compose", "services.proxy.read_only", GONE, "'read_only' is a required property"),
    ("swarm", "services.minitwit.read_only", False, THERE),
    ("compose", "services.alloy.volumes", [mount("/var/run/docker.sock")], "volumes.0.source"),
    ("compose", "services.loki.volumes.1.read_only", GONE, "'read_only' is a required property"),
    ("swarm", "services.node-exporter.volumes.0.read_only", False, THERE),
    ("swarm", "services.alloy.volumes.0.source", "/", THERE),
    ("compose", "services.loki.volumes", [mount("./secrets")], "volumes.0.source"),
    # Secrets.
    ("compose", "services.postgres.environment.POSTGRES_PASSWORD", "hunter2", "'POSTGRES_PASSWORD' should not be valid"),
    ("swarm", "services.grafana.environment.GF_SECURITY_ADMIN_PASSWORD", "admin", "'GF_SECURITY_ADMIN_PASSWORD' should not be"),
    ("compose", "services.minitwit-1.environment.DATABASE_URL", "postgres://x", "'DATABASE_URL' should not be valid"),
    ("compose", "services.postgres-exporter.environment.DATA_SOURCE_NAME", "postgresql://minitwit:secret@postgres/x", THERE),
    ("compose", "services.proxy.secrets", [{"source": "postgres_password"}], THERE),
    ("compose", "services.backup.secrets", [{"source": "simulator_password"}], "secrets.0.source"),
    ("swarm", "services.grafana.secrets.0.source", "postgres_password", THERE),
    ("swarm", "services.grafana.secrets", GONE, "grafana: reads the secret grafana_admin_password"),
    ("compose", "services.minitwit-1.environment.X_FILE", "/run/secrets/elastic_password", "minitwit-1: reads the secret "),
    ("swarm", "secrets.simulator_password.external", GONE, "'external' is a required property"),
    # Images.
    ("compose", "services.loki.image", "grafana/loki:latest", THERE),
    ("compose", "services.loki.image", "host:5000/loki", THERE),
    ("compose", "services.proxy.image", "caddy:2-alpine", THERE),
    ("swarm", "services.postgres.image", GONE, "'image' is a required property"),
    ("compose", "services.migrate.build", GONE, "'build' is a required property"),
    ("compose", "services.backup.build", {"context": "."}, THERE),
    ("compose", "services.minitwit-1.depends_on.migrate", GONE, "'migrate' is a required property"),
    # Health, restarts, limits, logs, stopping.
    ("compose", "services.grafana.healthcheck", GONE, "'healthcheck' is a required property"),
    ("swarm", "services.loki.healthcheck.disable", True, THERE),
    ("compose", "services.alloy.healthcheck.test", ["NONE"], THERE),
    ("compose", "services.proxy.healthcheck.interval", GONE, "'interval' is a required property"),
    ("compose", "services.proxy.healthcheck.retries", GONE, "'retries' is a required property"),
    ("swarm", "services.migrate.healthcheck", {"test": ["CMD", "true"]}, THERE),
    ("compose", "services.minitwit-2.restart", GONE, "'restart' is a required property"),
    ("compose", "services.migrate.restart", "always", THERE),
    ("swarm", "services.minitwit.deploy.restart_policy", GONE, "'restart_policy' is a required property"),
    ("swarm", "services.migrate.deploy.restart_policy.condition", "any", THERE),
    ("compose", "services.prometheus.deploy.resources.limits.memory", GONE, "'memory' is a required property"),
    ("swarm", "services.loki.deploy.resources.limits.pids", GONE, "'pids' is a required property"),
    ("swarm", "services.grafana.deploy.resources.reservations", GONE, "'reservations' is a required property"),
    ("swarm", "services.minitwit.deploy.resources.reservations.memory", str(2**30), "minitwit: reserves more memory"),
    ("compose", "services.proxy.logging", GONE, "'logging' is a required property"),
    ("compose", "services.loki.logging", LOGGING | {"options": OPTIONS | {"max-file": "0"}}, THERE),
    ("swarm", "services.minitwit.logging", LOGGING | {"options": OPTIONS | {"mode": "blocking"}}, THERE),
    ("compose", "services.backup.logging", LOGGING | {"options": OPTIONS | {"tag": "{{.ID}}"}}, THERE),
    ("compose", "services.minitwit-1.stop_grace_period", "30s", THERE),
    ("swarm", "services.minitwit.environment.MINITWIT__SERVER__SHUTDOWN_GRACE", "60", THERE),
    ("swarm", "services.minitwit.environment.MINITWIT__SERVER__DRAIN_DELAY", GONE, "DRAIN_DELAY' is a required property"),
    # Rolling out.
    ("swarm", "services.minitwit.deploy.update_config.order", "stop-first", THERE),
    ("swarm", "services.postgres.deploy.update_config.order", "start-first", THERE),
    ("swarm", "services.postgres.deploy.update_config.failure_action", "rollback", THERE),
    ("swarm", "services.minitwit.deploy.update_config.failure_action", "continue", THERE),
    ("swarm", "services.minitwit.deploy.update_config.parallelism", 0, THERE),
    ("swarm", "services.proxy.deploy.rollback_config", GONE, "'rollback_config' is a required property"),
    ("swarm", "services.postgres.deploy.placement", GONE, "'placement' is a required property"),
    ("swarm", "services.postgres-exporter.deploy.placement", {"constraints": ["node.role == manager"]}, "placement.constraints"),
    ("swarm", "services.blackbox-exporter.volumes", DISK, THERE),
    ("swarm", "services.minitwit.deploy.placement", {"preferences": [{"spread": "node.id"}]}, "placement.preferences: "),
    ("swarm", "services.postgres.deploy.endpoint_mode", "vip", THERE),
    # What belongs together.
    ("swarm", "services.loki", GONE, "loki: is in one of the stacks only"),
    ("compose", "services.redis", STACKS["compose"]["services"]["loki"], "redis: is in one of the stacks only"),
    ("swarm", "services.prometheus.command.5", "--web.enable-admin-api", "prometheus: each stack has a command of its own"),
    ("compose", "services.minitwit-2.user", "0:0", "minitwit-2: each stack has a user of its own"),
    ("compose", "services.loki.healthcheck.test", ["CMD", "true"], "loki: each stack has a health check of its own"),
    ("compose", "services.grafana.environment.GF_AUTH_ANONYMOUS_ENABLED", "true", "grafana: each stack has variables of its own"),
    ("swarm", "services.prometheus.configs.1", GONE, "is at /etc/prometheus/rules/alerts-data.yml under Compose, and not on"),
    ("swarm", "services.proxy.configs.1.target", "/srv/Caddyfile", "proxy: deploy/caddy/Caddyfile is at /etc/caddy"),
    ("compose", "services.loki.volumes.0", mount("./deploy/alloy"), "loki: deploy/alloy/config.alloy is at /x/config.alloy"),
    ("compose", "services.loki.volumes.0", mount("./deploy/no"), "loki: mounts deploy/no, which does not exist"),
    ("swarm", "configs.loki.name", STACKS["swarm"]["configs"]["alloy"]["name"], "config loki: its name is no sum of its file"),
    ("swarm", "configs.prometheus.file", str(wiring.ROOT / "prometheus/prometheus.yml"), "are found by prometheus-swarm.yml"),
)


def complaints(stacks):
    for stack in stacks.values():
        for error in POLICY.iter_errors(stack):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
    yield from wiring.complaints(**stacks)


class Rules(unittest.TestCase):
    def test_the_real_ones_are_in_order(self):
        self.assertEqual(list(complaints(STACKS)), [])

    def test_each_can_be_broken(self):
        for stack, path, value, complaint in BROKEN:
            with self.subTest(stack=stack, path=path):
                broken = copy.deepcopy(STACKS)
                *way, last = (int(key) if key.isdigit() else key for key in path.split("."))
                place = broken[stack]
                for key in way:
                    place = place[key]
                if value is GONE:
                    del place[last]
                elif isinstance(place, list):
                    place[last:last + 1] = [value]
                else:
                    place[last] = copy.deepcopy(value)
                complaint = complaint or f"{path}: "
                self.assertTrue(any(complaint in found for found in self.found(broken)), f"nothing about {complaint}")

    def found(self, broken):
        """The complaints, up to where a stack that lacks what the schema demands has nothing more to read."""
        try:
            for complaint in complaints(broken):
                yield complaint
        except (KeyError, AttributeError):
            return
