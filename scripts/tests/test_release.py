"""scripts/release-notes, scripts/release and scripts/image, as far as no registry is needed: scripts/rehearse has one."""

import http.server
import json
import threading

from project import ProjectTest

NOTES = '### Added\n\n- One thing, as `code` and "quoted".\n'
PULL_REQUEST = {"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "7"}


class Notes(ProjectTest):
    def test_a_versions_section_is_printed_exactly(self):
        for words, notes in (((), NOTES), (("1.2.3",), NOTES), (("1.2.2",), "- The first.\n"),
                             (("Unreleased",), "- Something for the next one.\n")):
            self.assertEqual(self.succeeds("release-notes", *words), notes)
        for version in ("1.2", "1.2.30", "9.9.9", ".*"):
            self.fails(f"no section [{version}]", "release-notes", version)


class Image(ProjectTest):
    def test_credentials_go_in_by_standard_input(self):
        self.program("docker", 'echo "docker $*" >> "$NOTES"\n[ "$1" != login ] || { cat && echo; } >> "$NOTES"')
        self.succeeds("image", "push", REGISTRY_USER="robot", REGISTRY_PASSWORD="hunter2")
        login = "docker login --username robot --password-stdin registry.example"
        self.assertEqual(self.notes(), [login, "hunter2", f"docker push --quiet {self.image()}"])

    def test_a_pull_request_builds_and_pushes_nothing(self):
        self.succeeds("image", "get", **PULL_REQUEST)
        self.assertEqual([note.split()[1] for note in self.notes()], ["build"], "somebody's image is not taken for it")
        self.fails("a pull request (7)", "image", "push", **PULL_REQUEST)

    def test_what_is_not_committed_has_a_name_of_its_own_and_stays_here(self):
        self.write("CHANGELOG.md", "changed\n")
        self.assertEqual(self.succeeds("image", "name"), f"{self.image()}-dirty\n")
        self.fails("not committed", "image", "push")


class Release(ProjectTest):
    def test_tag_version_and_section_that_agree_may_be_released(self):
        self.fails("has no tag", "release", "check")
        self.git("tag", "v1.2.3")
        self.assertEqual(self.succeeds("release", "check"), "release: v1.2.3 may be released\n")
        self.fails("a pull request", "release", TRAVIS_PULL_REQUEST="7")
        for why, file, text in (
            ("no heading", "CHANGELOG.md", "## [1.2.3] - soon\n\n- A thing.\n"),
            ("or it is empty", "CHANGELOG.md", "## [1.2.3] - 2026-11-21\n\n## [1.2.2] - 2026-11-20\n\n- Old.\n"),
            ("Cargo.lock has another version", "Cargo.lock", 'version = "1.2.2"\n'),
            ("the tag is v1.2.3, but Cargo.toml says 1.2.4", "Cargo.toml", '[package]\nversion = "1.2.4"\n'),
            ("not of the form X.Y.Z", "Cargo.toml", '[package]\nversion = "1.2.3-rc"\n'),
            ("not committed", "Cargo.lock", '[[package]]\nname = "a"\nversion = "1.2.3"\n'),
        ):
            self.write(file, text)
            self.fails(why, "release", "check")
            self.git("restore", ".")

    def test_the_page_has_the_notes_and_is_made_once(self):
        self.git("tag", "v1.2.3")
        github = GitHub(self)
        self.succeeds("release", **github.variables)
        self.succeeds("release", **github.variables)
        page = {"tag_name": "v1.2.3", "name": "v1.2.3", "body": NOTES}
        releases = "/repos/minitwit/minitwit/releases"
        self.assertEqual(github.changes, [("POST", releases, page), ("PATCH", f"{releases}/42", page)])
        self.assertEqual(github.tokens, {"Bearer secret-token"})
        self.assertNotIn("secret-token", self.output)
        self.assertNotEqual(self.runs("release", **GitHub(self, refuses=True).variables), 0)
        self.assertIn("403", self.output)


class GitHub:
    """The part of GitHub's releases that we use, on loopback, for as long as the test runs."""

    def __init__(self, test, refuses=False):
        self.changes, self.tokens = [], set()
        outside = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200 if outside.changes else 404)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outside.changes.append((self.command, self.path, json.loads(body)))
                self.answer(403 if refuses else 201)

            do_PATCH = do_POST

            def answer(self, status):
                outside.tokens.add(self.headers["Authorization"])
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b'{"id": 42}')

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        test.addCleanup(server.server_close)
        test.addCleanup(server.shutdown)
        self.variables = {"GITHUB_API": f"http://127.0.0.1:{server.server_port}", "GITHUB_TOKEN": "secret-token",
                          "TRAVIS_REPO_SLUG": "minitwit/minitwit"}
