"""scripts/verify fails when what it looks at is not so, and cleans up. That it passes, scripts/rehearse sees on a real engine."""

import json

from project import ProjectTest

# They note the call, answer what a deployment that works would answer, and fail where told to.
DOCKER = """\
echo "docker $*" >> "$NOTES"
case "$*" in *"$BREAKS"*) exit 1 ;; esac"""
# Plays minitwit-tools in the same way.
TOOLS = """\
echo "tools $* " >> "$NOTES"
case "tools $* " in *"$BREAKS"*) exit 1 ;; esac"""
CURL = """\
for address; do :; done
case $address in
    *api/v1/targets*) echo '{"data": {"activeTargets": '"$TARGETS"'}}' && exit ;;
    *sum*) value=2000 ;;
    *) value=2 ;;
esac
echo '{"status": "OK", "meta": {"provisioned": true}, "data": {"result": [{"value": [0, "'$value'"]}]}}'"""


def targets(**jobs):
    """What Prometheus says of its targets, one a job."""
    return json.dumps([{"labels": {"job": job}, "health": health} for job, health in jobs.items()])


class Verify(ProjectTest):
    def setUp(self):
        super().setUp()
        for name, text in (("docker", DOCKER), ("curl", CURL), ("minitwit-tools", TOOLS), ("sleep", "")):
            self.program(name, text)
        self.program("secrets", "mkdir secrets && echo x > secrets/grafana_admin_password", self.root / "scripts")
        self.program("smoke", "[ $BREAKS != smoke ]", self.root / "scripts")
        for file in ("docker-compose.yml", "deploy/services.yml", "grafana/file"):
            self.write(file, "services: {}\n")
        self.write("prometheus/prometheus.yml", "scrape_configs:\n  - job_name: a\n  - job_name: b\n")
        self.commit()
        self.environment |= {"BREAKS": "nothing", "TARGETS": targets(a="up", b="up"),
                             "MINITWIT_TOOLS": str(self.bin / "minitwit-tools")}

    def test_each_step_can_fail_and_is_cleaned_up_after(self):
        self.assertIn("is fine", self.succeeds("verify"))
        for step in ("compose up", "smoke", " simulate ", "verify-backup", "doctor"):
            (self.folder / "notes").unlink()
            self.fails("is not fine", "verify", BREAKS=step)
            self.assertIn("docker compose logs --no-color --tail 50", self.notes())
            self.assertIn("compose down --volumes", self.notes()[-1], step)
            self.assertFalse((self.root / "secrets").exists(), "an installation's own are left alone")

    def test_a_target_that_is_down_or_was_never_asked_is_a_failure(self):
        for found in (targets(), targets(a="up"), targets(a="up", b="down"), targets(a="unknown", b="unknown")):
            self.fails("not so: (targets :=", "verify", TARGETS=found)
