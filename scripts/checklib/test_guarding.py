"""The rules of guarding.py notice what breaks them."""

from .broken import RuleTest


class Ports(RuleTest):
    rule = "ports"

    def test_to_the_public(self):
        self.service("postgres")["ports"] = ["5432:5432"]
        self.service("grafana")["ports"] = ["3000:3000"]
        self.service("prometheus")["ports"] = ["0.0.0.0:9090:9090"]
        self.service("minitwit-1")["ports"] = ["127.0.0.1:9101:9101"]
        self.assert_complains("postgres: publishes 5432", "grafana: publishes", "prometheus: publishes", "minitwit-1: publishes")

    def test_in_other_words(self):
        self.service("grafana")["ports"] = [{"target": 3000, "published": "3000"}]
        self.service("loki")["network_mode"] = "host"
        self.assert_complains("grafana: publishes", "loki: network_mode")

    def test_on_a_swarm(self):
        self.service("grafana", "swarm")["ports"] = ["127.0.0.1:3000:3000"]
        self.assert_complains("swarm: grafana: publishes")

    def test_through_the_mesh(self):
        self.service("proxy", "swarm")["ports"][0]["mode"] = "ingress"
        self.assert_complains("swarm: proxy: a port that is not the node's own")


class Networks(RuleTest):
    rule = "networks"

    def test_one_too_many(self):
        self.service("loki")["networks"] = ["observability", "data"]
        self.service("postgres", "swarm")["networks"] = ["data", "edge"]
        self.assert_complains("compose: loki: is on", "swarm: postgres: is on ['data', 'edge'], and needs ['data']")

    def test_none_named(self):
        # Docker would put it on a network of its own, with a way out.
        del self.service("alloy")["networks"]
        self.assert_complains("alloy: is on []")

    def test_a_service_that_nobody_knows(self):
        self.it.compose["services"]["adminer"] = {"image": "adminer:5.4.1", "networks": ["data"]}
        self.assert_complains("adminer: is on ['data'], and needs []")

    def test_open(self):
        del self.it.compose["networks"]["data"]["internal"]
        self.it.swarm["networks"]["observability"]["internal"] = False
        self.it.compose["networks"]["operators"] = {}
        self.assert_complains("compose: network data: internal is False", "swarm: network observability", "has a way out")

    def test_reached_from_the_machine(self):
        self.it.compose["networks"]["data"] = {"internal": True}
        self.service("minitwit-1")["environment"] = self.service("minitwit-1")["environment"] | {"MINITWIT__SERVER__HOST": "0.0.0.0"}
        self.service("minitwit", "swarm")["environment"]["MINITWIT__SERVER__TRUSTED_PROXIES"] = "10.0.0.0/8"
        self.assert_complains("compose: network data: every process of the machine", "compose: minitwit-1: listens on 0.0.0.0",
                              "swarm: minitwit: listens on 10.77.1.0/24 and believes 10.0.0.0/8")

    def test_in_the_clear(self):
        del self.it.swarm["networks"]["data"]["driver_opts"]
        self.assert_complains("swarm: network data: goes over the wire in the clear")

    def test_left_over(self):
        self.it.compose["networks"]["old"] = {"internal": True}
        self.assert_complains("compose: network old: is not both defined and used")


class Rights(RuleTest):
    rule = "rights"

    def test_root(self):
        del self.service("minitwit-1")["cap_drop"]
        self.service("grafana", "swarm")["cap_add"] = ["SYS_ADMIN"]
        self.service("alloy")["privileged"] = True
        self.assert_complains("minitwit-1: keeps rights", "swarm: grafana: has rights added", "alloy: privileged reaches out")

    def test_gained(self):
        self.service("loki")["security_opt"] = ["apparmor:unconfined"]
        self.service("loki", "swarm")["security_opt"] = ["no-new-privileges:true"]
        self.assert_complains("compose: loki: security_opt", "swarm: loki: security_opt")

    def test_writing(self):
        del self.service("proxy")["read_only"]
        self.service("minitwit", "swarm")["read_only"] = False
        self.service("postgres")["volumes"].append("./postgres:/x")
        self.assert_complains("proxy: read_only is None", "swarm: minitwit: read_only", "postgres: may write to ./postgres")

    def test_the_machine(self):
        self.service("alloy")["volumes"].append("/var/run/docker.sock:/var/run/docker.sock:ro")
        self.service("node-exporter")["pid"] = "host"
        self.service("node-exporter", "swarm")["volumes"][0]["read_only"] = False
        self.assert_complains("mounts /var/run/docker.sock", "node-exporter: pid", "swarm: node-exporter: may write to /")


class Secrets(RuleTest):
    rule = "secrets"

    def set(self, name, stack="compose", **variables):
        self.service(name, stack)["environment"] = self.service(name, stack).get("environment", {}) | variables

    def test_in_a_variable(self):
        self.set("postgres", POSTGRES_PASSWORD="hunter2")
        self.set("grafana", "swarm", GF_SECURITY_ADMIN_PASSWORD="admin")
        self.set("minitwit-1", DATABASE_URL="postgres://x")
        self.set("postgres-exporter", DATA_SOURCE_NAME="postgresql://minitwit:secret@postgres/minitwit")
        self.set("loki", API_TOKEN="x")
        self.assert_complains("POSTGRES_PASSWORD is a secret", "swarm: grafana: GF_SECURITY", "DATABASE_URL is", "DATA_SOURCE_NAME is", "API_TOKEN is")

    def test_what_is_none(self):
        self.assertIn("MINITWIT__PASSWORDS__MIN_LENGTH", self.service("minitwit-1")["environment"])
        self.assertEqual(self.complaints(), "")

    def test_out_of_sight(self):
        self.service("backup")["env_file"] = [".env"]
        self.service("loki")["environment"] = ["A=b"]
        self.assert_complains("backup: env_file", "loki: write the environment as")

    def test_to_those_who_do_not_need_it(self):
        self.service("proxy")["secrets"] = ["postgres_password"]
        self.assert_complains("proxy: gets the secrets ['postgres_password'], and needs []")

    def test_not_given(self):
        self.service("grafana", "swarm")["secrets"] = ["grafana_admin_password"]
        self.set("minitwit-1", X_FILE="/run/secrets/elastic_password")
        self.assert_complains("swarm: grafana: gets the secrets", "minitwit-1: reads the secret elastic_password")

    def test_nobody_makes_it(self):
        self.it.made.remove("simulator_password")
        self.assert_complains("compose: secret simulator_password: scripts/secrets does not make it")

    def test_elsewhere(self):
        self.it.compose["secrets"]["postgres_password"] = {"file": "./postgres/password"}
        self.it.swarm["secrets"]["postgres_password"] = {"file": "./secrets/postgres_password"}
        self.it.swarm["secrets"]["simulator_password"]["name"] = "minitwit_simulator_password"
        self.it.compose["secrets"]["old"] = {"file": "./secrets/old"}
        self.assert_complains("compose: secret postgres_password: is", "swarm: secret postgres_password: is",
                              "swarm: secret simulator_password: is", "secret old: is not both defined and used")
