"""scripts/verify: with the commit's image, in a project of its own, and nothing left afterwards, whatever happened."""

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
    *count*up==0*) value=$DOWN ;;
    *sum*) value=2000 ;;
    *) value=2 ;;
esac
echo '{"status": "OK", "meta": {"provisioned": true}, "data": {"result": [{"value": [0, "'$value'"]}]}}'
"""


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
        self.commit_all()
        self.environment |= {"NOTES": str(self.folder / "notes"), "BREAKS": "nothing", "DOWN": "0"}

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

    def test_a_target_that_is_down_is_a_failure(self):
        self.fails("not so: it['data']['result'][0]['value'][1] == '0'", "verify", DOWN="1")
