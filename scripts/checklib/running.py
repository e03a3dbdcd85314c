"""Rules about how a service runs."""

import re

from .deployment import is_job, mounts, seconds
from .house import LABELS

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
# 1.2, 1.2.3-alpine, v1.2.3; but neither 1 nor latest, which move.
VERSION = re.compile(r":v?\d+\.\d+(\.\d+)?(-[\w.]+)?$")


def is_pinned(image):
    return bool(DIGEST.search(image) or VERSION.search(image))


def images(deployment):
    """Every image has an exact version or a digest, the same one in both files; our own is MINITWIT_IMAGE."""
    seen = {}
    builders = sorted(name for name, service in deployment.compose["services"].items() if "build" in service)
    if builders != ["migrate"]:
        yield f"compose: {builders} build: one service has to, which all of ours wait for, or builds of one tag collide"
    for stack, name, service in deployment.services():
        image = service.get("image", "")
        is_ours = image in ("minitwit:local", "registry.example/minitwit:1.2.3")
        if is_ours:
            if stack == "compose" and name != "migrate" and "migrate" not in service.get("depends_on", {}):
                yield f"{stack}: {name}: does not wait for our own image"
        elif not is_pinned(image):
            yield f"{stack}: {name}: {image or 'no image'} is no exact version"
        if not is_ours and seen.setdefault(name, image) != image:
            yield f"{stack}: {name}: {image} here, {seen[name]} in the other file"


def health(deployment):
    """Every service has a health check with interval, timeout and retries; a job has none, for it ends."""
    for stack, name, service in deployment.services():
        check = service.get("healthcheck", {})
        if is_job(service):
            if check != {"disable": True}:
                yield f"{stack}: {name}: a job has to switch its image's health check off"
            continue
        if check.get("disable") or not check.get("test") or check["test"] == ["NONE"]:
            yield f"{stack}: {name}: no health check"
            continue
        for key in ("interval", "timeout"):
            if not seconds(check.get(key)):
                yield f"{stack}: {name}: the health check has no {key}"
        if not check.get("retries"):
            yield f"{stack}: {name}: the health check has no retries"


def restarts(deployment):
    """Every service is started again when it ends; a job only when it failed (Swarm) or not at all (Compose)."""
    for stack, name, service in deployment.services():
        if stack == "compose":
            fine = service.get("restart") in (("no",) if is_job(service) else ("unless-stopped", "always"))
        else:
            condition = service.get("deploy", {}).get("restart_policy", {}).get("condition")
            fine = condition == ("on-failure" if is_job(service) else "any")
        if not fine:
            yield f"{stack}: {name}: no restart policy, or the wrong one"


def limits(deployment):
    """Every service has a limit of memory and of processes; on a Swarm it reserves memory, less than its limit."""
    for stack, name, service in deployment.services():
        resources = service.get("deploy", {}).get("resources", {})
        limit = resources.get("limits", {})
        if not size(limit.get("memory")):
            yield f"{stack}: {name}: no limit of memory"
        if not limit.get("pids"):
            yield f"{stack}: {name}: no limit of processes"
        if stack == "swarm":
            reserved = size(resources.get("reservations", {}).get("memory"))
            if not reserved or reserved > size(limit.get("memory")):
                yield f"{stack}: {name}: reserves no memory, or more than its limit"


def size(text):
    """`256M` in bytes; 0 for what is no size."""
    found = re.fullmatch(r"(\d+)([KMG])", str(text or ""))
    return int(found[1]) * 1024 ** ("KMG".index(found[2]) + 1) if found else 0


LOGGING = {
    "compose": "com.docker.compose.service",
    "swarm": "com.docker.swarm.service.name",
}


def logs(deployment):
    """Every log rotates, blocks nobody, and says on each line whose it is."""
    for stack, name, service in deployment.services():
        logging = service.get("logging", {})
        options = logging.get("options", {})
        if logging.get("driver") != "json-file":
            yield f"{stack}: {name}: its log is not Docker's json-file"
            continue
        if not re.fullmatch(r"\d+m", str(options.get("max-size"))) or not re.fullmatch(r"[1-9]", str(options.get("max-file"))):
            yield f"{stack}: {name}: its log does not rotate (max-size, max-file)"
        if options.get("mode") != "non-blocking" or not options.get("max-buffer-size"):
            yield f"{stack}: {name}: it waits for its log (mode, max-buffer-size)"
        if options.get("labels") != LOGGING[stack] or options.get("tag") != "{{.Name}}":
            yield f"{stack}: {name}: Alloy cannot tell whose log it is (labels, tag)"


def stopping(deployment):
    """Whoever drains has longer than drain_delay and shutdown_grace together before it is killed."""
    drained = 0
    for stack, name, service in deployment.services():
        environment = service.get("environment", {})
        drain = [environment.get(f"MINITWIT__SERVER__{key}") for key in ("DRAIN_DELAY", "SHUTDOWN_GRACE")]
        if None in drain:
            continue
        drained += 1
        grace = seconds(service.get("stop_grace_period", "10s")) or 0
        if grace <= sum(drain):
            yield f"{stack}: {name}: stop_grace_period is {grace} s, the drain may take {sum(drain)} s"
    if drained != 3:
        yield f"{drained} services say how long they drain, not three"


def rolling(deployment):
    """On a Swarm the app is updated start-first and comes back by itself; who has a disk is never there twice."""
    for name, service in deployment.swarm["services"].items():
        if is_job(service):
            continue
        deploy = service.get("deploy", {})
        update, rollback = deploy.get("update_config", {}), deploy.get("rollback_config", {})
        has_disk = any(kind == "volume" for kind, _, _ in mounts(service))
        wanted = "start-first" if name == "minitwit" else "stop-first"
        if update.get("order") != wanted or rollback.get("order") != wanted:
            yield f"swarm: {name}: is not updated {wanted}"
        if update.get("parallelism") != 1 or not seconds(update.get("monitor")):
            yield f"swarm: {name}: its update is not one after the other, watched"
        if update.get("failure_action") != ("pause" if name == "postgres" else "rollback"):
            yield f"swarm: {name}: a failed update does not end as it should"
        placement = deploy.get("placement", {}).get("constraints", [])
        expected = [f"node.labels.{LABELS[name]} == true"] if name in LABELS else []
        if placement != expected or (has_disk and not expected and deploy.get("mode") != "global"):
            yield f"swarm: {name}: is not on the node of its disk"
        if "preferences" in deploy.get("placement", {}):
            yield f"swarm: {name}: Swarm ignores a preference that is no label, and spreads by itself"
        if deploy.get("endpoint_mode") != "dnsrr":
            yield f"swarm: {name}: a virtual address would cut idle connections (endpoint_mode)"
