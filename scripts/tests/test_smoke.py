"""scripts/smoke can fail: before a server that says yes to everything. On real ones: tests/stack/smoke.rs."""

import subprocess

from project import ROOT, ProjectTest

SAYS = '# HELP minitwit_users Users in the database.\n{"openapi": "3.1.0", "info": {"version": "1.2.2"}}'
COMPLAINTS = """\
/public: the body does not have: <title>Public Timeline | MiniTwit</title>
/public: no header content-security-policy
/ answered 200, not 302
/add_message answered 200, not 401
/login answered 200, not 403
/api/msgs answered 200, not 403
/api/register answered 200, not 400
/metrics answered 200, not 404
/metrics: the operators' listener answers
this is not version 1.2.3
of the checks failed"""


class Smoke(ProjectTest):
    def test_a_server_that_says_yes_to_everything_is_found_out(self):
        command = [ROOT / "target/tools/bin/caddy", "respond", "--listen", "127.0.0.1:0", "--header", "X-Frame-Options: DENY"]
        caddy = subprocess.Popen([*command, "--body", SAYS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(caddy.communicate)
        self.addCleanup(caddy.terminate)
        url = f"http://{caddy.stdout.readline().split()[-1]}"
        self.assertEqual(self.runs("smoke", url, SMOKE_VERSION="1.2.3"), 1)
        for complaint in COMPLAINTS.split("\n"):
            self.assertIn(complaint, self.output)
        self.assertNotIn("no header x-frame-options", self.output)
        self.runs("smoke", url, SMOKE_VERSION="1.2.2")
        self.assertNotIn("this is not version", self.output)

    def test_nobody_there_is_a_failure(self):
        self.fails("does not answer", "smoke", "http://127.0.0.1:1", SMOKE_WAIT="0")
