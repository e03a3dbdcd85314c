"""scripts/smoke can fail: against servers that are not, or no longer, a Minitwit. That it passes is seen on the real one."""

import http.server
import threading

from project import ProjectTest


class Server(http.server.ThreadingHTTPServer):
    """Answers everything alike."""

    def __init__(self, status, headers, body):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Smoke(ProjectTest):
    def look_at(self, status, headers, body):
        server = Server(status, headers, body)
        try:
            self.fails("of the checks failed", "smoke", server.url)
        finally:
            server.shutdown()
            server.server_close()

    def test_a_server_that_says_yes_to_everything_is_found_out(self):
        self.look_at(200, {}, b"# HELP minitwit_users Users in the database.\n")
        for complaint in (
            "/public: the body does not have: <title>Public Timeline | MiniTwit</title>",
            "/public: no header content-security-policy",
            "/ answered 200, not 302",
            "/add_message answered 200, not 401",
            "/login answered 200, not 403",
            "/api/msgs answered 200, not 403",
            "/api/register answered 200, not 400",
            "/metrics answered 200, not 404",
            "/metrics: the operators' listener answers",
        ):
            self.assertIn(complaint, self.output)

    def test_a_proxy_without_a_replica_is_found_out(self):
        self.look_at(503, {"X-Frame-Options": "DENY"}, b"busy")
        self.assertIn("/public answered 503, not 200", self.output)
        self.assertNotIn("no header x-frame-options", self.output)

    def test_the_version_can_be_asked_for(self):
        server = Server(200, {}, b'{"openapi": "3.1.0", "info": {"version": "1.2.2"}}')
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.fails("this is not version 1.2.3", "smoke", server.url, SMOKE_VERSION="1.2.3")
        self.run_script("smoke", server.url, SMOKE_VERSION="1.2.2")
        self.assertNotIn("this is not version", self.output)

    def test_nobody_there_is_a_failure(self):
        self.fails("does not answer", "smoke", "http://127.0.0.1:1", SMOKE_WAIT="0")
