"""All rules, by name."""

from . import guarding, running, wiring

RULES = {
    "ports": guarding.ports,
    "networks": guarding.networks,
    "rights": guarding.rights,
    "secrets": guarding.secrets,
    "images": running.images,
    "health": running.health,
    "restarts": running.restarts,
    "limits": running.limits,
    "logs": running.logs,
    "stopping": running.stopping,
    "rolling": running.rolling,
    "same": wiring.same,
    "files": wiring.files,
    "configurations": wiring.configurations,
    "settings": wiring.settings,
    "image": wiring.image,
}
