"""Who may do what. A service that is not here, or wants more than stands here, is a complaint: add it with its reason."""

# Both app services of docker-compose.yml are one in swarm-stack.yml.
REPLICAS = {"minitwit-1": "minitwit", "minitwit-2": "minitwit"}
# The course's log store: docker-compose.yml has it as a profile, and a Swarm has no profiles.
ONLY_COMPOSE = {"elasticsearch", "elastic-setup", "kibana", "filebeat"}

# Exactly these networks.
NETWORKS = {
    "proxy": {"edge", "app", "observability"},
    "migrate": {"data"},
    "minitwit": {"app", "data", "observability"},
    "backup": {"data", "observability"},
    "postgres": {"data"},
    "prometheus": {"observability", "operators"},
    "alertmanager": {"observability", "outbound"},
    "grafana": {"data", "observability", "operators"},
    "node-exporter": {"observability"},
    "postgres-exporter": {"data", "observability"},
    "blackbox-exporter": {"observability"},
    "loki": {"observability"},
    "alloy": {"observability"},
    "elasticsearch": {"search"},
    "elastic-setup": {"search"},
    "kibana": {"search", "operators"},
    "filebeat": {"search"},
}
# A Swarm publishes nothing on 127.0.0.1, so that an operator reaches this one over the network too.
NETWORKS_SWARM = {"alertmanager": {"observability", "operators", "outbound"}}
# Networks that have a way to the machine or the internet; every other one is internal.
OPEN_NETWORKS = {
    "edge": "the public ports, and certificates",
    "operators": "ports on 127.0.0.1",
    "outbound": "Alertmanager's mail and webhooks",
}

# Who publishes a port that anybody can reach.
PUBLIC = {"proxy"}
# Who may have one on 127.0.0.1.
LOOPBACK = {"prometheus": 9090, "alertmanager": 9093, "grafana": 3000, "kibana": 5601}

# Who needs a right of root's, and why. Everybody else has none.
CAPABILITIES = {"proxy": {"NET_BIND_SERVICE"}}
# Who writes outside its volumes.
WRITABLE = {"elasticsearch": "makes a keystore beside its configuration", "kibana": "writes beside its program"}
# Folders of the machine that are mounted, always for reading.
MACHINE = {
    "node-exporter": {"/"},
    "alloy": {"/var/lib/docker/containers"},
    "filebeat": {"/var/lib/docker/containers"},
}

# Which node a service's disk is on. Who has a volume and is not here has to run on every node.
LABELS = {
    "proxy": "minitwit.edge",
    "postgres": "minitwit.data",
    "backup": "minitwit.backup",
    "prometheus": "minitwit.observability",
    "alertmanager": "minitwit.observability",
    "grafana": "minitwit.observability",
    "loki": "minitwit.observability",
}

# Who reads which secret. What a service does not use it does not get.
SECRETS = {
    "migrate": {"minitwit_database_url"},
    "minitwit": {"minitwit_database_url", "simulator_password"},
    "backup": {"minitwit_database_url"},
    "postgres": {"postgres_password", "minitwit_db_password", "grafana_db_password", "exporter_db_password"},
    "prometheus": {"probe_targets"},
    "alertmanager": {"alertmanager_config"},
    "grafana": {"grafana_admin_password", "grafana_db_password"},
    "postgres-exporter": {"exporter_db_password"},
    "elasticsearch": {"elastic_password"},
    "elastic-setup": {"elastic_password", "kibana_password", "filebeat_password"},
    "kibana": {"kibana_password"},
    "filebeat": {"filebeat_password"},
}

# Files below the folders that Compose mounts whole, which a Swarm does not get, or gets another way.
NOT_IN_SWARM = {
    "proxy": {"caddy/upstreams.compose.caddyfile": "the other file of upstreams is for it"},
    "prometheus": {
        "prometheus/prometheus.yml": "prometheus-swarm.yml takes its place",
        "prometheus/prometheus-swarm.yml": "it takes the place of prometheus.yml",
        "prometheus/targets/": "the secret probe_targets takes its place",
        "prometheus/alertmanager/": "not for Prometheus",
        "prometheus/blackbox/": "not for Prometheus",
        "prometheus/tests/": "tests",
    },
}


def name_in_swarm(name):
    """What a service of docker-compose.yml is called in swarm-stack.yml."""
    return REPLICAS.get(name, name)
