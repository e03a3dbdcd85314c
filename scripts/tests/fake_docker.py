#!/usr/bin/env python3
"""Plays `docker` for the tests of the pipeline's scripts: a registry and a Swarm that remember what was done to them.

The state is the file FAKE_DOCKER names: images in the registry, services with their specs as Swarm keeps them (an
update makes the spec the previous one, a rollback swaps the two), and a plan that says what goes wrong. Each call is
noted. Whatever the scripts ask that it does not know ends in an error, so that no script relies on what nobody checked.
"""

import fcntl
import json
import os
import re
import subprocess
import sys
import time

# The version of the configuration that a service of the played stack mounts.
CONFIGURED = {"proxy": "CADDYFILE_VERSION", "postgres": "POSTGRES_ROLES_VERSION"}


class Docker:
    """One call of `docker`, on the state that all calls share."""

    def __init__(self, state):
        self.state, self.plan = state, state["plan"]
        self.registry, self.services, self.local = state["registry"], state["services"], state["local"]

    def run(self, words):
        flags, rest = {}, []
        words = list(words)
        takes_value = {
            "--filter", "--format", "--image", "--compose-file", "--tail", "--tag", "--build-arg", "--resolve-image",
            "--username",
        }
        while words:
            word = words.pop(0)
            if word in takes_value:
                flags.setdefault(word, []).append(words.pop(0))
            elif word.startswith("--"):
                name, _, value = word.partition("=")
                flags.setdefault(name, []).append(value)
            else:
                rest.append(word)
        for length in (2, 1):
            handler = getattr(self, "_".join(rest[:length]), None)
            if handler and len(rest) >= length:
                return handler(flags, *rest[length:])
        sys.exit(f"fake docker: nobody taught me {rest}")

    # The registry.

    def login(self, flags, host):
        self.state["login"] = [host, flags["--username"][0], sys.stdin.read()]

    def pull(self, _, image):
        if image not in self.registry:
            sys.exit(f"manifest for {image} not found")
        self.local[image] = self.registry[image]
        print(image)

    def push(self, _, image):
        self.registry[image] = self.local[image]

    def tag(self, _, old, new):
        self.local[new] = self.local[old]

    def build(self, flags, folder):
        arguments = dict(argument.split("=", 1) for argument in flags["--build-arg"])
        self.local[flags["--tag"][0]] = f"built from {folder} as {arguments['MINITWIT_VERSION']} {arguments['MINITWIT_COMMIT']}"

    def image_inspect(self, _, image):
        print(self.local[image])

    # The Swarm.

    def info(self, _):
        print("true" if self.plan.get("manager", True) else "false")

    def secret_inspect(self, _, name):
        if name not in self.state.setdefault("secrets", {}):
            sys.exit(f"no such secret: {name}")

    def secret_create(self, _, name, file):
        with open(file) as content:
            self.state.setdefault("secrets", {})[name] = content.read()

    def service_ls(self, _):
        for name, service in self.services.items():
            service["looks"] = service.get("looks", 0) + 1
            print(name, self.replicas(name, service))

    def replicas(self, name, service):
        if name.endswith("_migrate"):
            # Done at the second look; never, if the plan says so.
            done = service["looks"] > 1 and self.plan.get("migration") != "fails"
            return f"0/1 ({int(done)}/1 completed)"
        if name.endswith("_node-exporter"):
            # As while a node is down whose task runs elsewhere by now.
            return "3/2"
        return "2/2 (max 1 per node)" if name.endswith("_minitwit") else "1/1"

    def service_inspect(self, flags, *names):
        service, form = self.services[names[0]], flags["--format"][0]
        spec = re.fullmatch(r"\{\{json \.(Spec|PreviousSpec)\}\}", form)
        image = re.fullmatch(r"\{\{with \.(Spec|PreviousSpec)\}\}\{\{.TaskTemplate.ContainerSpec.Image\}\}\{\{end\}\}", form)
        if spec:
            # The real one fills in defaults, and that only into Spec.
            print(json.dumps(service[spec[1]] | ({"Resources": {}} if spec[1] == "Spec" else {})))
        elif image:
            print((service[image[1]] or {"image": ""})["image"])
        elif form == "{{.Spec.Name}} {{with .UpdateStatus}}{{.State}}{{end}}":
            for name in names:
                print(name, self.progress(self.services[name]))
        elif form == "{{.Spec.Mode.Replicated.Replicas}}":
            print(service["Spec"].get("replicas", 2))
        else:
            sys.exit(f"fake docker: unknown format {form}")

    def progress(self, service):
        """The state of a service's update: each look brings it one step further."""
        steps = service.get("update", [])
        step = steps.pop(0) if len(steps) > 1 else "".join(steps)
        if step == "rollback_completed" and self.plan.get("roll_out") == "swarm rolls back":
            self.plan.pop("roll_out")
            service["Spec"], service["PreviousSpec"] = service["PreviousSpec"], service["Spec"]
        if step in ("completed", "rollback_completed"):
            service["running"] = service["Spec"]["image"]
        return step

    def service_ps(self, flags, name):
        service = self.services[name]
        running = service.get("running", service["Spec"]["image"]).partition("@")[0]
        if flags["--format"] == ["{{.Image}} {{.CurrentState}}"]:
            print(f"{running} Running 5 seconds ago\n{running} Running 4 seconds ago")
        else:
            print(f"NAME IMAGE\n{name}.1 {running}")

    def service_logs(self, _, name):
        print(f"the log of {name}", flush=True)
        if self.plan.get("logs") == "hang":
            time.sleep(600)

    def change(self, name, spec, steps):
        service = self.services[name]
        service["running"] = service.get("running", service["Spec"]["image"])
        service["PreviousSpec"], service["Spec"] = service["Spec"], spec
        service["update"], service["looks"] = steps, 0

    def service_update(self, flags, name):
        if self.plan.get("update") == "fails":
            sys.exit("update refused")
        self.change(name, dict(self.services[name]["Spec"], image=flags["--image"][0]), ["", "updating", "completed"])

    def service_rollback(self, _, name):
        if self.plan.get("rollback") in ("fails", name):
            sys.exit("rollback refused")
        self.change(name, self.services[name]["PreviousSpec"], ["rollback_started", "rollback_completed"])

    def stack_deploy(self, flags, stack):
        if not os.path.exists(flags["--compose-file"][0]):
            sys.exit("no compose file")
        if self.plan.get("roll_out") == "refused":
            sys.exit("secret not found: minitwit_simulator_password_v2")
        image = os.environ["MINITWIT_IMAGE"]
        ends = {"swarm rolls back": "rollback_completed", "hangs": "updating", None: "completed"}
        # It takes a moment until Swarm begins: until then everything looks as if it were done.
        steps = ["", "", "", "updating", ends[self.plan.get("roll_out")]]
        for name in ("minitwit", "migrate", "proxy", "node-exporter", "postgres"):
            known = self.services.setdefault(f"{stack}_{name}", {"Spec": None, "PreviousSpec": None})
            fresh = {"image": {"minitwit": f"{image}@sha256:new", "migrate": image}.get(name, "other"), "name": name}
            if name in CONFIGURED:
                fresh["config"] = os.environ.get(CONFIGURED[name], "none")
            if name == "proxy":
                fresh["origin"] = os.environ["MINITWIT_ORIGIN"]
            if name == "minitwit":
                fresh["replicas"] = int(os.environ.get("MINITWIT_REPLICAS", 2))
            if known["Spec"] is None:
                known["Spec"], known["looks"] = fresh, 0
            else:
                self.change(f"{stack}_{name}", fresh, self.steps_of(name, steps))

    def steps_of(self, name, steps):
        if name == "proxy" and self.plan.get("proxy") == "swarm rolls back":
            return ["updating", "rollback_started", "rollback_completed"]
        return list(steps) if name == "minitwit" else []


def main():
    with open(os.environ["FAKE_DOCKER"], "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        state = json.load(file)
        host = os.environ.get("DOCKER_HOST", "")
        state["calls"].append({"words": sys.argv[1:], "host": host})
        if host.startswith("ssh://"):
            # As the real one does for each call.
            subprocess.run(["ssh", "--", host.removeprefix("ssh://"), "docker system dial-stdio"], check=True)
        try:
            Docker(state).run(sys.argv[1:])
        finally:
            file.seek(0)
            file.truncate()
            json.dump(state, file)


if __name__ == "__main__":
    main()
