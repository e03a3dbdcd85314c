"""What a schema cannot say of the deployment: both stacks run the same services with the same files, and declare nothing more.

    python wiring.py STACKS      the folder where scripts/check-config has put the stacks; prints what is not so
"""

import hashlib
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Below the folders that Compose mounts whole: what a Swarm gets another way, as prometheus-swarm.yml and the secret
# probe_targets, or what is not for the service that mounts it.
NOT_IN_SWARM = re.compile(
    r"proxy: deploy/caddy/upstreams\.compose|"
    r"prometheus: prometheus/(prometheus(-swarm)?\.yml|(targets|alertmanager|blackbox|tests)/)"
)
# What services have by name.
DECLARED = ("networks", "volumes", "secrets", "configs")


def load(folder):
    """What Docker's clients make of the stacks; and with it what Compose leaves out, for no service of docker-compose.yml has it."""
    rendered = [pathlib.Path(folder) / file for file in ("compose.json", "swarm.yml")]
    compose, swarm, source = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in [*rendered, ROOT / "docker-compose.yml"])
    for kind in DECLARED:
        compose[kind] = source.get(kind, {}) | compose.get(kind, {})
    return {"compose": compose, "swarm": swarm}


def complaints(compose, swarm):
    """What is wrong with the two, a line each."""
    everywhere = {in_swarm(name) for name, service in compose["services"].items() if "profiles" not in service}
    yield from (f"{name}: is in one of the stacks only" for name in sorted(everywhere ^ swarm["services"].keys()))
    for name, service in compose["services"].items():
        other = swarm["services"].get(in_swarm(name), service)
        for key, mine in described(service).items():
            if mine != described(other)[key]:
                yield f"{name}: each stack has {key} of its own"
    yield from about_files(compose, swarm)
    for file, stack in (("docker-compose.yml", compose), ("swarm-stack.yml", swarm)):
        yield from (f"{file}: {spare}: no service has it" for spare in spares(stack))
    for name, service in [*compose["services"].items(), *swarm["services"].items()]:
        given = {secret["source"] for secret in service.get("secrets", [])}
        wanted = set(re.findall(r"/run/secrets/(\w+)", str(service | {"secrets": None})))
        yield from (f"{name}: reads the secret {secret}, which it does not get" for secret in sorted(wanted - given))
        resources = service["deploy"]["resources"]
        if int(resources.get("reservations", {}).get("memory", 0)) > int(resources["limits"]["memory"]):
            yield f"{name}: reserves more memory than it may take"


def described(service):
    """What is the same wherever a service runs. Several machines have more memory than one: sizes may differ."""
    keys = ("entrypoint", "user", "cap_add", "read_only", "stop_grace_period")
    return {f"a {key}": service.get(key) for key in keys} | {
        "a command": re.sub(r"=\d+[MG]B", "", str(service.get("command"))),
        "a health check": service["healthcheck"].get("test"),
        "secrets": sorted(secret["source"] for secret in service.get("secrets", [])),
        "variables": service.get("environment", {}).keys() - {"MINITWIT_HTTP_PORT", "MINITWIT_HTTPS_PORT"},
    }


def about_files(compose, swarm):
    """The Swarm gets, under the same paths, what Compose mounts; and each file by a name with the file's own sum."""
    given = {}
    for name, service in swarm["services"].items():
        for config in service.get("configs", []):
            given[name, config["target"]] = of_project(swarm["configs"][config["source"]]["file"])
    for name, config in swarm["configs"].items():
        if not config["name"].endswith(hashlib.sha256(pathlib.Path(config["file"]).read_bytes()).hexdigest()[:12]):
            yield f"config {name}: its name is no sum of its file"
    if given.get(("prometheus", "/etc/prometheus/prometheus.yml")) != "prometheus/prometheus-swarm.yml":
        yield "prometheus: a Swarm's replicas are found by prometheus-swarm.yml"
    for name, service in compose["services"].items():
        for file, target in mounted_files(service):
            elsewhere = in_swarm(name) not in swarm["services"] or NOT_IN_SWARM.match(f"{name}: {file}")
            if not (ROOT / file).exists():
                yield f"{name}: mounts {file}, which does not exist"
            elif not elsewhere and given.get((in_swarm(name), target)) != file:
                yield f"{name}: {file} is at {target} under Compose, and not on a Swarm"


def spares(stack):
    """What a stack declares and no service has."""
    for kind in DECLARED:
        entries = [entry for service in stack["services"].values() for entry in service.get(kind, [])]
        used = {entry if kind == "networks" else entry.get("source") for entry in entries}
        yield from (f"{kind}.{name}" for name in stack.get(kind, {}) if name not in used)


def in_swarm(name):
    """Both replicas of docker-compose.yml are one service on a Swarm."""
    return re.sub(r"^minitwit-\d$", "minitwit", name)


def of_project(path):
    """A path as the stack files write it, or as Docker has resolved it."""
    return (ROOT / path).resolve().relative_to(ROOT).as_posix()


def mounted_files(service):
    """The files of the project that a service's mounts bring, with their paths in the container."""
    for volume in service.get("volumes", []):
        if volume["type"] == "bind" and volume["source"].startswith("."):
            path, target = ROOT / volume["source"], pathlib.PurePosixPath(volume["target"])
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if not file.is_dir():
                    yield of_project(file), str(target / file.relative_to(path))


if __name__ == "__main__":
    sys.exit("\n".join(complaints(**load(sys.argv[1]))) or 0)
