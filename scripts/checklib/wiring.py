"""Rules about what belongs together."""

import pathlib
import re

from .deployment import mounts, secrets_of, variables
from .house import NOT_IN_SWARM, ONLY_COMPOSE, name_in_swarm
from .running import is_pinned


def same(deployment):
    """Both files name the same services, and run them the same way."""
    compose = {name_in_swarm(name) for name in deployment.compose["services"]} - ONLY_COMPOSE
    for name in sorted(compose ^ deployment.swarm["services"].keys()):
        yield f"{name} is in one of the files only"
    for name, service in deployment.compose["services"].items():
        other = deployment.swarm["services"].get(name_in_swarm(name), service)
        for key in ("command", "entrypoint", "user", "cap_add", "cap_drop", "read_only", "stop_grace_period"):
            if numberless(service.get(key)) != numberless(other.get(key)):
                yield f"{name}: {key} is {service.get(key)} in one file, {other.get(key)} in the other"
        if service.get("healthcheck", {}).get("test") != other.get("healthcheck", {}).get("test"):
            yield f"{name}: each file has its own health check"
        if secrets_of(service) != secrets_of(other):
            yield f"{name}: each file has its own secrets"
        missing = service.get("environment", {}).keys() ^ other.get("environment", {}).keys()
        for variable in sorted(missing - {"MINITWIT_HTTP_PORT", "MINITWIT_HTTPS_PORT"}):
            yield f"{name}: {variable} is set in one of the files only"


def numberless(value):
    """Several machines have more memory than one: sizes may differ."""
    return re.sub(r"=\d+[MG]B", "=SIZE", str(value))


def files(deployment):
    """Every file and folder that is mounted exists, and every volume is both defined and used."""
    for stack, name, service in deployment.services():
        for kind, source, _ in mounts(service):
            if kind == "bind" and source.startswith(".") and not (deployment.root / source).exists():
                yield f"{stack}: {name}: mounts {source}, which does not exist"
            if kind == "bind" and "secrets" in pathlib.PurePath(source).parts:
                yield f"{stack}: {name}: mounts {source} past the secrets"
    for stack, content in deployment.stacks.items():
        used = {source for service in content["services"].values() for kind, source, _ in mounts(service) if kind == "volume"}
        for volume in sorted(content["volumes"].keys() ^ used):
            yield f"{stack}: volume {volume}: is not both defined and used"


def configurations(deployment):
    """The Swarm gets, file by file and under the same paths, what Compose mounts, under names that carry a version each."""
    configs = deployment.swarm["configs"]
    used = [c["source"] for s in deployment.swarm["services"].values() for c in s.get("configs", [])]
    for name in sorted(configs.keys() ^ set(used)):
        yield f"config {name}: is not both defined and used"
    for name, config in configs.items():
        if not (deployment.root / config["file"]).is_file():
            yield f"config {name}: {config['file']} does not exist"
        versioned = f"minitwit_{name}_${{{name.upper()}_VERSION:-1}}"
        if f'name: "{versioned}"' not in deployment.swarm_text:
            yield f"config {name}: its name has no version of its own: {versioned}"
    prometheus = {c["target"]: c["source"] for c in deployment.swarm["services"]["prometheus"]["configs"]}
    if configs[prometheus["/etc/prometheus/prometheus.yml"]]["file"] != "./prometheus/prometheus-swarm.yml":
        yield "prometheus: a Swarm's replicas are found by prometheus-swarm.yml"
    if sorted(deployment.summed) != sorted(f"{name.upper()}_VERSION={config['file']}" for name, config in configs.items()):
        yield "scripts/config-version sums up other files than the stack has"
    for name, service in deployment.compose["services"].items():
        if name in ONLY_COMPOSE:
            continue
        given = {c["target"]: c["source"] for c in deployment.swarm["services"].get(name_in_swarm(name), {}).get("configs", [])}
        for kind, source, target in mounts(service):
            left_out = tuple(NOT_IN_SWARM.get(name, {}))
            for file, inside in mounted_files(deployment, kind, source, target):
                if file.startswith(left_out):
                    continue
                config = configs.get(given.get(inside, ""), {})
                if config.get("file") != f"./{file}":
                    yield f"{name}: {file} is at {inside} under Compose, and not on a Swarm"


def mounted_files(deployment, kind, source, target):
    """The files of the project that a mount brings, with their paths in the container."""
    path = deployment.root / source
    if kind != "bind" or not source.startswith("."):
        return
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        name = file.relative_to(deployment.root).as_posix()
        if file.is_file():
            yield name, target if path.is_file() else f"{target}/{file.relative_to(path).as_posix()}"


def settings(deployment):
    """.env.example lists every variable of both files, with docker-compose.yml's default."""
    example = dict(re.findall(r"^(\w+)=(.*)$", deployment.env_example, re.MULTILINE))
    compose, swarm = variables(deployment.compose_text), variables(deployment.swarm_text)
    for name in sorted(example.keys() ^ (compose.keys() | swarm.keys())):
        yield f"{name} is not both used and in .env.example"
    for name, default in (swarm | compose).items():
        if default is not None and example.get(name, default) != default:
            yield f"{name} is {example[name]} in .env.example, but {default} by default"
    for name in sorted(name for name, default in compose.items() if default is None):
        yield f"compose: {name} has no default: a first look would need a file"


def image(deployment):
    """The Dockerfile pins what it builds on, builds with our Rust, and ends without root and with a health check."""
    text = re.sub(r"\\\n", " ", "\n".join(line for line in deployment.dockerfile.split("\n") if not line.startswith("#")))
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", text, re.MULTILINE)
    for base, _ in stages:
        if not is_pinned(base):
            yield f"{base} is no exact version"
    rust = re.search(r'^channel = "(.*)"$', deployment.toolchain, re.MULTILINE)[1]
    if not stages[0][0].startswith(f"rust:{rust}-"):
        yield f"it builds with {stages[0][0]}, and rust-toolchain.toml says {rust}"
    if "bookworm" not in stages[0][0] or "debian12" not in stages[-1][0]:
        yield "the stages are not both Debian 12: the binary might miss its C library"
    last = text[text.rindex("\nFROM ") :]
    if not re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE):
        yield "it does not end as a user without rights, by number"
    if 'CMD ["/minitwit", "healthcheck"]' not in last or "HEALTHCHECK" not in last:
        yield "it has no health check"
    if re.search(r"^RUN|^ADD|^SHELL", last, re.MULTILINE):
        yield "the final stage runs something, and has no shell"
    if re.search(r"^EXPOSE .*9101", text, re.MULTILINE):
        yield "it offers the operators' port to `docker run --publish-all`"
    labels = ("title", "description", "licenses", "source", "version", "revision", "created")
    for label in labels:
        if f"org.opencontainers.image.{label}=" not in last:
            yield f"it has no label {label}"
    # build.rs and the labels are given what scripts/image passes.
    for argument in ("MINITWIT_VERSION", "MINITWIT_COMMIT", "MINITWIT_CREATED"):
        if f"ARG {argument}=" not in last:
            yield f"it takes no {argument}"
