"""The files that say how Minitwit is deployed, as the rules read them."""

import copy
import dataclasses
import functools
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What has no default, because only its operator knows it.
WITHOUT_DEFAULT = {"MINITWIT_IMAGE": "registry.example/minitwit:1.2.3", "MINITWIT_ORIGIN": "https://minitwit.example"}
# $$, ${NAME}, ${NAME:-default}, ${NAME:?message}
VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^{}]*))?\})")


def interpolate(text):
    """The text with its variables as they are where nothing is set."""

    def value(found):
        if found["escaped"]:
            return "$"
        return found["rest"] if found["kind"] == "-" else WITHOUT_DEFAULT.get(found["name"], "")

    # Comments may have words in braces too.
    return VARIABLE.sub(value, without_comments(text))


def without_comments(text):
    return "\n".join("" if line.lstrip().startswith("#") else line for line in text.split("\n"))


def variables(text):
    """Each variable of a file with its default; None where it has none."""
    found = {}
    for match in VARIABLE.finditer(without_comments(text)):
        if match["name"]:
            found[match["name"]] = match["rest"] if match["kind"] == "-" else None
    return found


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


@dataclasses.dataclass
class Deployment:
    compose: dict
    swarm: dict
    compose_text: str
    swarm_text: str
    dockerfile: str
    toolchain: str
    env_example: str
    # The secrets that scripts/secrets makes, and what scripts/config-version sums up, as NAME_VERSION=FILE.
    made: list
    summed: list
    root: pathlib.Path = ROOT

    @classmethod
    @functools.lru_cache
    def read(cls):
        def text(name):
            return (ROOT / name).read_text(encoding="utf-8")

        compose, swarm = text("docker-compose.yml"), text("swarm-stack.yml")
        return cls(
            compose=yaml.safe_load(interpolate(compose)),
            swarm=yaml.safe_load(interpolate(swarm)),
            compose_text=compose,
            swarm_text=swarm,
            dockerfile=text("Dockerfile"),
            toolchain=text("rust-toolchain.toml"),
            env_example=text(".env.example"),
            made=output("scripts/secrets", "names"),
            summed=output("scripts/config-version", "files"),
        )

    def copy(self):
        return copy.deepcopy(self)

    @property
    def stacks(self):
        """Both files, by the name that complaints begin with."""
        return {"compose": self.compose, "swarm": self.swarm}

    def services(self):
        """Every service of both files, as (file, name, service)."""
        for stack, content in self.stacks.items():
            for name, service in content["services"].items():
                yield stack, name, service


def is_job(service):
    """Whether it ends by itself when its work is done."""
    return service.get("restart") == "no" or service.get("deploy", {}).get("mode") == "replicated-job"


def seconds(text):
    """`1m30s` as 90; None for what is no duration."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", str(text))
    if not text or not parts:
        return None
    hours, minutes, rest = (int(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + rest


def mounts(service):
    """A service's volumes as (type, source, target)."""
    for volume in service.get("volumes", []):
        if isinstance(volume, dict):
            yield volume["type"], volume.get("source", ""), volume["target"]
        else:
            source, target = volume.split(":")[:2]
            yield ("bind" if source.startswith((".", "/")) else "volume"), source, target


def secrets_of(service):
    """The names of the secrets that a service mounts."""
    return [secret["source"] if isinstance(secret, dict) else secret for secret in service.get("secrets", [])]
