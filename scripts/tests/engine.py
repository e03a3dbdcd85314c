"""A Swarm's manager as the real `docker` client sees it: the part of the Engine API that scripts/deploy uses.

It runs nothing. It keeps services as Swarm does (an update makes the spec the previous one, a rollback swaps the two, a
job counts its iterations), and each time that somebody lists the services what is under way takes a step.
"""

import copy
import http.server
import json
import re
import threading
import urllib.parse

NOW = "2026-11-21T12:00:00.000000000Z"


class Service:
    """One service, with the image that its tasks run."""

    def __init__(self, number, spec):
        self.id, self.version, self.spec, self.previous = f"service{number:019d}", 1, spec, None
        self.status, self.steps, self.iteration, self.done = None, [], 0, False
        self.running = self.image

    @property
    def image(self):
        return self.spec["TaskTemplate"]["ContainerSpec"]["Image"]

    @property
    def is_job(self):
        return "ReplicatedJob" in self.spec["Mode"]

    def update(self, spec, breaks):
        changed = spec["TaskTemplate"] != self.spec["TaskTemplate"]
        self.previous, self.spec, self.status, self.version = self.spec, spec, None, self.version + 1
        if self.is_job:
            self.iteration, self.done, self.steps = self.iteration + 1, False, ["", "job"]
        elif changed:
            # Nothing at first, then task after task; a version that does not get healthy is taken back.
            end = ["rollback_started", "swap", "rollback_completed"] if breaks(self.image) else ["completed"]
            self.steps = ["", "updating", *end]

    def roll_back(self):
        self.spec, self.previous, self.version = self.previous, self.spec, self.version + 1
        self.status, self.steps = "rollback_started", ["rollback_completed"]

    def step(self):
        if not self.steps:
            return
        step = self.steps.pop(0)
        if step == "job":
            self.done = True
        elif step == "swap":
            self.spec, self.previous, self.version = self.previous, self.spec, self.version + 1
        elif step:
            self.status = step
            if step.endswith("completed"):
                self.running = self.image

    def replicas(self):
        return self.spec["Mode"].get("Replicated", {}).get("Replicas", 1)

    def as_json(self):
        tasks = 0 if self.is_job else self.replicas()
        found = {
            "ID": self.id, "Version": {"Index": self.version}, "CreatedAt": NOW, "UpdatedAt": NOW, "Spec": self.spec,
            "Endpoint": {"Spec": {}},
            "ServiceStatus": {"RunningTasks": tasks, "DesiredTasks": tasks, "CompletedTasks": int(self.done)},
        }
        if self.previous:
            found["PreviousSpec"] = self.previous
        if self.status:
            found["UpdateStatus"] = {"State": self.status, "StartedAt": NOW, "Message": "as planned"}
        if self.is_job:
            found["JobStatus"] = {"JobIteration": {"Index": self.iteration}, "LastExecution": NOW}
        return found

    def tasks(self):
        for slot in range(1, self.replicas() + 1):
            yield {
                "ID": f"task{slot}{self.id}"[:25], "Version": {"Index": 1}, "CreatedAt": NOW, "UpdatedAt": NOW,
                "Spec": {"ContainerSpec": {"Image": self.running}}, "ServiceID": self.id, "Slot": slot, "NodeID": "node1",
                "Status": {"Timestamp": NOW, "State": "running", "Message": "started"}, "DesiredState": "running",
            }


class Engine:
    """The manager. `secrets` are the names that it has, `breaks` says which images do not get healthy."""

    def __init__(self, secrets, breaks=lambda image: False):
        self.secrets, self.breaks = secrets, breaks
        self.services, self.configs, self.networks, self.log = [], [], [], []
        engine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Without it each answer would wait 40 ms for the client's acknowledgement.
            disable_nagle_algorithm = True

            def handle_any(self):
                url = urllib.parse.urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or "null")
                path = re.sub(r"^/v[0-9.]+", "", urllib.parse.unquote(url.path))
                query = dict(urllib.parse.parse_qsl(url.query))
                with engine.lock:
                    status, answer = engine.answer(self.command, path, query, body)
                    # As it is now, not as it will be when it is sent.
                    text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Api-Version", "1.45")
                self.send_header("Ostype", "linux")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            do_GET = do_POST = do_HEAD = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"tcp://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def find(self, name):
        return next((service for service in self.services if name in (service.id, service.spec["Name"])), None)

    def answer(self, method, path, query, body):
        if path == "/_ping":
            return 200, "OK"
        if path == "/info":
            return 200, {"ID": "engine", "Swarm": {"LocalNodeState": "active", "ControlAvailable": True, "NodeID": "node1"}}
        kind, *rest = path.strip("/").split("/", 1)
        handler = getattr(self, f"{method}_{kind}".lower(), None)
        found = handler(rest[0] if rest else "", query, body) if handler else None
        if found is None:
            return 404, {"message": f"the test's engine has no {method} {path}"}
        return found

    # Images and nodes.

    def post_images(self, _, query, __):
        self.log.append(("pull", f"{query['fromImage']}:{query.get('tag', '')}"))
        return 200, {"status": "Status: Image is up to date"}

    def get_distribution(self, *_):
        platform = {"architecture": "amd64", "os": "linux"}
        descriptor = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + "a" * 64, "size": 1}
        return 200, {"Descriptor": descriptor, "Platforms": [platform]}

    def get_nodes(self, *_):
        return 200, {"ID": "node1", "Description": {"Hostname": "node1"}, "Spec": {}, "Status": {"State": "ready"}}

    # What a stack hangs on.

    def get_networks(self, name, query, _):
        return 200, self.networks if not name else None

    def post_networks(self, _, __, body):
        self.networks.append({"Name": body["Name"], "Id": f"network-{body['Name']}", "Scope": "swarm", "Labels": body.get("Labels")})
        return 201, {"Id": f"network-{body['Name']}"}

    def get_secrets(self, _, query, __):
        asked = json.loads(query.get("filters", "{}")).get("name", {})
        return 200, [{"ID": f"id-{name}", "Spec": {"Name": name}} for name in self.secrets if name in asked]

    def get_configs(self, name, query, _):
        found = [config for config in self.configs if config["Spec"]["Name"] == name]
        if name:
            return (200, found[0]) if found else (404, {"message": f"config {name} not found"})
        asked = json.loads(query.get("filters", "{}")).get("name")
        return 200, [config for config in self.configs if not asked or config["Spec"]["Name"] in asked]

    def post_configs(self, name, _, body):
        if name == "create":
            self.configs.append({"ID": f"id-{body['Name']}", "Version": {"Index": 1}, "Spec": body})
        return 201, {"ID": f"id-{body['Name']}"}

    # Services.

    def get_services(self, name, query, _):
        if name:
            service = self.find(name)
            return (200, service.as_json()) if service else (404, {"message": f"service {name} not found"})
        filters = json.loads(query.get("filters", "{}"))
        for service in self.services:
            service.step()
        found = [service for service in self.services if self.fits(service, filters)]
        return 200, [service.as_json() for service in found]

    def fits(self, service, filters):
        labels = [f"{key}={value}" for key, value in service.spec["Labels"].items()]
        names = filters.get("name", {})
        return all(label in labels for label in filters.get("label", {})) and (
            not names or any(service.spec["Name"].startswith(name) for name in names)) and (
            not filters.get("id") or service.id in filters["id"])

    def post_services(self, name, query, body):
        if name == "create":
            service = Service(len(self.services), body)
            service.steps = ["", "job"] if service.is_job else []
            self.services.append(service)
            self.log.append(("create", body["Name"]))
            return 201, {"ID": service.id}
        service = self.find(name.removesuffix("/update"))
        if int(query["version"]) != service.version:
            return 500, {"message": "rpc error: code = Unknown desc = update out of sequence"}
        if query.get("rollback") == "previous":
            self.log.append(("rollback", service.spec["Name"]))
            service.roll_back()
        else:
            self.log.append(("update", service.spec["Name"]))
            service.update(copy.deepcopy(body), self.breaks)
        return 200, {"Warnings": None}

    def get_tasks(self, _, query, __):
        filters = json.loads(query.get("filters", "{}"))
        found = [service for service in self.services if service.id in filters.get("service", {})]
        return 200, [task for service in found for task in service.tasks()]
