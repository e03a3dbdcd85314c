"""scripts/release-notes, scripts/release and scripts/image: the right section, the right version, the right image."""

import http.server
import json
import threading

from project import REPOSITORY, ProjectTest

NOTES = """\
### Added

- One thing, as `code` and "quoted".

### Fixed

- Another.
"""


class Notes(ProjectTest):
    def test_a_versions_section_is_printed_exactly(self):
        self.assertEqual(self.succeeds("release-notes", "1.2.3"), NOTES)
        self.assertEqual(self.succeeds("release-notes"), NOTES, "the version in Cargo.toml by itself")

    def test_the_last_section_ends_before_the_links(self):
        self.assertEqual(self.succeeds("release-notes", "1.2.2"), "### Added\n\n- The first.\n")
        self.assertEqual(self.succeeds("release-notes", "Unreleased"), "### Added\n\n- Something for the next one.\n")

    def test_what_is_not_there_is_an_error(self):
        for version in ("1.2", "1.2.30", "9.9.9", ".*"):
            self.fails(f"no section [{version}]", "release-notes", version)
        self.write("CHANGELOG.md", "# Changelog\n\n## [1.2.3] - 2026-11-21\n\n## [1.2.2] - 2026-11-20\n\n- Old.\n")
        self.fails("or it is empty", "release-notes", "1.2.3")


class Check(ProjectTest):
    def test_tag_version_and_section_that_agree_may_be_released(self):
        self.git("tag", "v1.2.3")
        self.assertEqual(self.succeeds("release", "check"), "release: v1.2.3 may be released\n")

    def test_each_disagreement_is_refused(self):
        self.fails("has no tag", "release", "check")
        self.git("tag", "v1.2.4")
        self.fails("the tag is v1.2.4, but Cargo.toml says 1.2.3", "release", "check")
        travis = {"TRAVIS": "true", "TRAVIS_TAG": "v1.2.3"}
        self.write("CHANGELOG.md", "# Changelog\n\n## [1.2.3] - soon\n\n- A thing.\n")
        self.fails("no heading", "release", "check", **travis)
        self.write("CHANGELOG.md", "# Changelog\n\n## [1.2.3] - 2026-11-21\n")
        self.fails("or it is empty", "release", "check", **travis)
        self.write("Cargo.lock", 'version = "1.2.2"\n')
        self.fails("Cargo.lock has another version", "release", "check", **travis)
        self.write("Cargo.toml", '[package]\nversion = "1.2.3-rc"\n')
        self.fails("not of the form X.Y.Z", "release", "check", **travis)

    def test_what_is_not_committed_is_not_released(self):
        self.git("tag", "v1.2.3")
        self.write("Cargo.lock", '[[package]]\nname = "a"\nversion = "1.2.3"\n')
        self.fails("not committed", "release", "check")


class Image(ProjectTest):
    def test_it_is_built_once_with_version_and_commit(self):
        self.succeeds("image", "get")
        self.assertEqual(self.state["local"], {self.image(): f"built from . as 1.2.3 {self.commit_id()}"})
        self.succeeds("image", "push")
        self.change_state(local={}, calls=[])
        self.succeeds("image", "get")
        self.assertEqual(self.calls("build"), [], "the registry has it")
        self.assertIn(self.image(), self.state["local"])

    def test_credentials_go_in_by_standard_input(self):
        self.succeeds("image", "get")
        self.succeeds("image", "push", REGISTRY_USER="robot", REGISTRY_PASSWORD="hunter2")
        self.assertEqual(self.state["login"], ["registry.example", "robot", "hunter2"])
        self.assertNotIn("hunter2", json.dumps(self.state["calls"]))

    def test_a_pull_request_builds_and_pushes_nothing(self):
        self.change_state(registry={self.image(): "somebody's"})
        pull_request = {"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "7"}
        self.succeeds("image", "get", **pull_request)
        self.assertEqual([call["words"][0] for call in self.state["calls"]], ["build"])
        self.fails("a pull request (7)", "image", "push", **pull_request)

    def test_what_is_not_committed_has_a_name_of_its_own_and_stays_here(self):
        self.write("CHANGELOG.md", "changed\n")
        self.assertEqual(self.succeeds("image", "name"), f"{self.image()}-dirty\n")
        self.fails("not committed", "image", "push")


class Release(ProjectTest):
    def setUp(self):
        super().setUp()
        self.git("tag", "v1.2.3")
        self.change_state(registry={self.image(): "verified"})

    def test_the_verified_image_gets_the_versions_tag(self):
        self.assertIn(NOTES, self.succeeds("release"))
        self.assertEqual(self.state["registry"], {self.image(): "verified", f"{REPOSITORY}:1.2.3": "verified"})
        self.assertIn("on no page", self.output)
        self.succeeds("release")

    def test_a_version_is_given_away_once(self):
        self.change_state(registry={self.image(): "verified", f"{REPOSITORY}:1.2.3": "another"})
        self.fails("exists and is another image", "release")
        self.assertEqual(self.calls("push"), [])

    def test_what_was_not_verified_and_what_is_proposed_is_not_released(self):
        self.fails("a pull request", "release", TRAVIS_PULL_REQUEST="7")
        self.change_state(registry={})
        self.fails("come first", "release")
        self.assertEqual(self.calls("push"), [])

    def test_the_page_has_the_notes_and_is_made_once(self):
        with GitHub() as github:
            variables = {"GITHUB_API": github.url, "GITHUB_TOKEN": "secret-token", "TRAVIS_REPO_SLUG": "minitwit/minitwit"}
            self.succeeds("release", **variables)
            self.succeeds("release", **variables)
        page = {"tag_name": "v1.2.3", "name": "v1.2.3", "body": NOTES}
        self.assertEqual(github.changes, [
            ("POST", "/repos/minitwit/minitwit/releases", page), ("PATCH", "/repos/minitwit/minitwit/releases/42", page),
        ])
        self.assertEqual(github.tokens, {"Bearer secret-token"})
        self.assertNotIn("secret-token", self.output)

    def test_a_page_that_cannot_be_made_is_a_failure(self):
        with GitHub(refuses=True) as github:
            done = self.run_script("release", GITHUB_API=github.url, GITHUB_TOKEN="t", TRAVIS_REPO_SLUG="minitwit/minitwit")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("403", self.output)


class GitHub:
    """The part of GitHub's releases that we use, on loopback."""

    def __init__(self, refuses=False):
        self.changes, self.tokens = [], set()
        outside = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200 if outside.changes else 404)

            def do_POST(self):
                if not refuses:
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                    outside.changes.append((self.command, self.path, json.loads(body)))
                self.answer(403 if refuses else 201)

            do_PATCH = do_POST

            def answer(self, status):
                outside.tokens.add(self.headers["Authorization"])
                body = b'{"id": 42}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
