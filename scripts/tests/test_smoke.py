"""scripts/smoke can fail: before a server that says yes to everything. On real ones: tests/stack/smoke.rs."""

import http.server
import threading

from project import ProjectTest

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


class Yes(http.server.BaseHTTPRequestHandler):
    """Answers everything alike."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(b'# HELP minitwit_users Users in the database.\n{"openapi": "3.1.0", "info": {"version": "1.2.2"}}')

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Smoke(ProjectTest):
    def test_a_server_that_says_yes_to_everything_is_found_out(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Yes) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            self.assertEqual(self.runs("smoke", url, SMOKE_VERSION="1.2.3"), 1)
            for complaint in COMPLAINTS.split("\n"):
                self.assertIn(complaint, self.output)
            self.assertNotIn("no header x-frame-options", self.output)
            self.runs("smoke", url, SMOKE_VERSION="1.2.2")
            self.assertNotIn("this is not version", self.output)
            server.shutdown()

    def test_nobody_there_is_a_failure(self):
        self.fails("does not answer", "smoke", "http://127.0.0.1:1", SMOKE_WAIT="0")
