"""Rules about what a service may reach, and who may reach it."""

import re

from .deployment import mounts, secrets_of
from .house import (CAPABILITIES, LOOPBACK, MACHINE, NETWORKS, NETWORKS_SWARM, OPEN_NETWORKS, PUBLIC, SECRETS, WRITABLE,
                    name_in_swarm)

# A variable whose name ends so holds a secret, unless it names a file.
SECRET_NAME = re.compile(r"(^|_)(PASSWORD|PASS|PASSWD|SECRET|TOKEN|KEY|CREDENTIALS|DSN)$")
# A user and a password inside an address.
SECRET_VALUE = re.compile(r"://[^/\s:@]+:[^/\s@]+@")


def ports(deployment):
    """Only the proxy publishes ports to the public; others have them on 127.0.0.1, and on a Swarm none."""
    for stack, name, service in deployment.services():
        published = service.get("ports", [])
        if name in PUBLIC:
            if stack == "swarm" and any(not isinstance(port, dict) or port.get("mode") != "host" for port in published):
                yield f"{stack}: {name}: a port that is not the node's own hides the clients' addresses (mode: host)"
            continue
        for port in published:
            allowed = f"127.0.0.1:{LOOPBACK.get(name)}:{LOOPBACK.get(name)}"
            if stack == "swarm" or name not in LOOPBACK or port != allowed:
                yield f"{stack}: {name}: publishes {port}"
        if service.get("network_mode"):
            yield f"{stack}: {name}: network_mode goes past the networks"


def networks(deployment):
    """Every service is on the networks it needs and on no other, and only those with a reason are not internal."""
    for stack, name, service in deployment.services():
        on = set(service.get("networks", []))
        needed = NETWORKS.get(name_in_swarm(name), set())
        if stack == "swarm":
            needed = NETWORKS_SWARM.get(name, needed)
        if on != needed:
            yield f"{stack}: {name}: is on {sorted(on)}, and needs {sorted(needed)}"
    for stack, content in deployment.stacks.items():
        for name, network in content["networks"].items():
            if bool(network.get("internal")) == (name in OPEN_NETWORKS):
                yield f"{stack}: network {name}: internal is {bool(network.get('internal'))}"
            if stack == "swarm" and name in ("app", "data", "observability", "operators"):
                if network.get("driver_opts", {}).get("encrypted") != "true":
                    yield f"{stack}: network {name}: goes over the wire in the clear"
        for network in content["networks"].keys() ^ {n for s in content["services"].values() for n in s.get("networks", [])}:
            yield f"{stack}: network {network}: is not both defined and used"
    mode = "com.docker.network.bridge.gateway_mode_ipv4"
    for name, network in deployment.compose["networks"].items():
        if network and network.get("internal") and network.get("driver_opts", {}).get(mode) != "isolated":
            yield f"compose: network {name}: every process of the machine reaches it, as the gateway"
    for stack, name, service in deployment.services():
        listens, trusts = (service.get("environment", {}).get(f"MINITWIT__SERVER__{key}") for key in ("HOST", "TRUSTED_PROXIES"))
        subnet = deployment.stacks[stack]["networks"]["app"]["ipam"]["config"][0]["subnet"]
        if name_in_swarm(name) == "minitwit" and (listens, trusts) != (subnet, subnet):
            yield f"{stack}: {name}: listens on {listens} and believes {trusts}, and the network app is {subnet}"
    masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    if deployment.compose["networks"]["operators"].get("driver_opts", {}).get(masquerade) != "false":
        yield "compose: network operators: has a way out to the internet"


def rights(deployment):
    """No service has a right of root's, gains one, writes outside its volumes, or sees the machine, without a reason."""
    for stack, name, service in deployment.services():
        if service.get("cap_drop") != ["ALL"]:
            yield f"{stack}: {name}: keeps rights (cap_drop)"
        if set(service.get("cap_add", [])) != CAPABILITIES.get(name, set()):
            yield f"{stack}: {name}: has rights added: {service.get('cap_add')}"
        # A Swarm's nodes have it as a setting of their own: docker stack deploy ignores security_opt, and says so.
        if service.get("security_opt") != (["no-new-privileges=true"] if stack == "compose" else None):
            yield f"{stack}: {name}: security_opt is not what it has to be"
        if service.get("read_only") != (name not in WRITABLE):
            yield f"{stack}: {name}: read_only is {service.get('read_only')}"
        for key in ("privileged", "pid", "ipc", "userns_mode", "devices", "cgroup_parent"):
            if key in service:
                yield f"{stack}: {name}: {key} reaches out of the container"
        for kind, source, target in mounts(service):
            if kind == "bind" and source.startswith("/") and source not in MACHINE.get(name, set()):
                yield f"{stack}: {name}: mounts {source} of the machine"
            if kind == "bind" and not is_read_only(service, target):
                yield f"{stack}: {name}: may write to {source}"


def is_read_only(service, target):
    for volume in service["volumes"]:
        if isinstance(volume, dict):
            if volume["target"] == target:
                return volume.get("read_only") is True
        elif volume.split(":")[1] == target:
            return volume.endswith(":ro")
    return False


def secrets(deployment):
    """Secrets come as files that scripts/secrets makes, to those who need them, and never as a variable's value."""
    for stack, name, service in deployment.services():
        environment = service.get("environment", {})
        if not isinstance(environment, dict):
            yield f"{stack}: {name}: write the environment as NAME: value"
            continue
        for key, value in environment.items():
            if SECRET_NAME.search(key) or key == "DATABASE_URL" or SECRET_VALUE.search(str(value)):
                yield f"{stack}: {name}: {key} is a secret in a variable"
        if "env_file" in service:
            yield f"{stack}: {name}: env_file brings variables that nobody sees here"
        mounted, needed = set(secrets_of(service)), SECRETS.get(name_in_swarm(name), set())
        if mounted != needed:
            yield f"{stack}: {name}: gets the secrets {sorted(mounted)}, and needs {sorted(needed)}"
        for path in re.findall(r"/run/secrets/(\w+)", str(service)):
            if path not in mounted:
                yield f"{stack}: {name}: reads the secret {path}, which it does not get"
    for stack, content in deployment.stacks.items():
        used = {secret for service in content["services"].values() for secret in secrets_of(service)}
        for name in content["secrets"].keys() ^ used:
            yield f"{stack}: secret {name}: is not both defined and used"
        for name, secret in content["secrets"].items():
            if name not in deployment.made:
                yield f"{stack}: secret {name}: scripts/secrets does not make it"
            wanted = {"file": f"./secrets/{name}"} if stack == "compose" else {"external": True, "name": f"minitwit_{name}_v1"}
            if secret != wanted:
                yield f"{stack}: secret {name}: is {secret}, and has to be {wanted}"
