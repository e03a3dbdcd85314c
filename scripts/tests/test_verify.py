"""scripts/verify: with the commit's image, in a project of its own, and nothing left afterwards, whatever happened."""

import json

from project import ProjectTest

# Plays docker and curl: notes the call, answers what a deployment that works would answer, and fails where told to.
DOCKER = """\
#!/bin/sh
echo "$COMPOSE_PROJECT_NAME $MINITWIT_IMAGE docker $*" >> "$NOTES"
case "$*" in *"$BREAKS"*) exit 1 ;; esac
"""
CURL = """\
#!/bin/sh
for address; do :; done
echo "curl $address" >> "$NOTES"
case $address in
    *api/v1/targets*) echo '{"data": {"activeTargets": '"$TARGETS"'}}' && exit ;;
    *sum*) value=2000 ;;
    *) value=2 ;;
esac
echo '{"status": "OK", "meta": {"provisioned": true}, "data": {"result": [{"value": [0, "'$value'"]}]}}'
"""


def targets(**jobs):
    """What Prometheus says of its targets, one a job."""
    return json.dumps([{"labels": {"job": job}, "health": health} for job, health in jobs.items()])


class Verify(ProjectTest):
    def setUp(self):
        super().setUp()
        self.program("docker", DOCKER)
        self.program("curl", CURL)
        self.program("sleep", "#!/bin/sh\n")
        for name in ("smoke", "secrets"):
            self.program(name, f'#!/bin/sh\necho "{name} $*" >> "$NOTES"\nmkdir -p secrets && echo x > secrets/grafana_admin_password\n'
                         f'[ "$BREAKS" != {name} ]\n', self.root / "scripts")
        self.write("docker-compose.yml", "services: {}\n")
        for folder in ("alloy", "caddy", "elastic", "grafana", "loki", "postgres", "prometheus"):
            self.write(f"{folder}/file", "x\n")
        self.write("prometheus/prometheus.yml", "scrape_configs:\n  - job_name: a\n  - job_name: b\n")
        self.commit_all()
        self.environment |= {"NOTES": str(self.folder / "notes"), "BREAKS": "nothing", "TARGETS": targets(a="up", b="up")}

    def notes(self):
        return (self.folder / "notes").read_text().splitlines()

    def position(self, text):
        return next(number for number, note in enumerate(self.notes()) if text in note)

    def test_everything_is_looked_at_and_nothing_is_left(self):
        self.assertIn("is fine", self.succeeds("verify"))
        order = ["secrets", "compose up", "smoke https://localhost", " simulate ", "verify-backup", "doctor", "compose down --volumes"]
        positions = [self.position(text) for text in order]
        self.assertEqual(positions, sorted(positions))
        for note in self.notes():
            if " docker " in note:
                self.assertTrue(note.startswith(f"minitwit-verify {self.image()} "), note)
        self.assertFalse((self.root / "secrets").exists(), "an installation's own are left alone")
        for part in ("uid/postgres/health", "uid/loki/health", "uid/minitwit-simulator"):
            self.position(part)

    def test_each_step_can_fail_and_is_cleaned_up_after(self):
        for step in ("compose up", "smoke", " simulate ", "verify-backup", "doctor"):
            (self.folder / "notes").unlink(missing_ok=True)
            self.fails("is not fine", "verify", BREAKS=step)
            self.assertIn("compose down --volumes", self.notes()[-1], step)
            self.position("compose logs")

    def test_a_target_that_is_down_or_was_never_asked_is_a_failure(self):
        for found in (targets(), targets(a="up"), targets(a="up", b="down"), targets(a="unknown", b="unknown")):
            self.fails("not so: (targets :=", "verify", TARGETS=found)

    def test_a_stub_is_no_success_unless_asked_for_and_then_it_is_said(self):
        self.program("docker", DOCKER + 'case "$*" in "image inspect"*loki*) echo true ;; esac\n')
        self.write("docker-compose.yml", "    image: grafana/loki:3.7.6\n    image: grafana/grafana:13.2.3\n")
        self.commit_all()
        self.fails("these images are stubs, and prove nothing (VERIFY_STUBS=1 goes on): grafana/loki:3.7.6", "verify")
        self.assertIn("as far as it was looked at", self.succeeds("verify", VERIFY_STUBS="1"))
        self.assertIn("NOT LOOKED AT: datasources, dashboards and logs; these are stubs: grafana/loki:3.7.6", self.output)
