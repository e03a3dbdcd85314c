"""scripts/deploy: what it refuses before it asks anybody, and how it gets to the manager. The rest: scripts/rehearse."""

import base64
import pathlib

from project import ProjectTest

TRAVIS = {"TRAVIS": "true"}


class Deploy(ProjectTest):
    def setUp(self):
        super().setUp()
        for where in ("STAGING", "PRODUCTION"):
            self.environment |= {f"{where}_HOST": "ssh://deploy@swarm.example", f"{where}_URL": "https://site.example"}

    def test_what_may_not_go_there_changes_nothing(self):
        for why, where, variables in (
            ("a pull request (7)", "staging", TRAVIS | {"TRAVIS_PULL_REQUEST": "7", "TRAVIS_BRANCH": "develop"}),
            ("a pull request (7)", "production", TRAVIS | {"TRAVIS_PULL_REQUEST": "7", "TRAVIS_TAG": "v1.2.3"}),
            ("not from 'main'", "staging", TRAVIS | {"TRAVIS_BRANCH": "main"}),
            ("a tag goes to production", "staging", TRAVIS | {"TRAVIS_BRANCH": "develop", "TRAVIS_TAG": "v1.2.3"}),
            ("has no tag", "production", {}),
            ("has no tag", "production", TRAVIS | {"TRAVIS_BRANCH": "main", "TRAVIS_TAG": ""}),
            ("the tag is v1.2.4, but Cargo.toml says 1.2.3", "production", TRAVIS | {"TRAVIS_TAG": "v1.2.4"}),
            ("STAGING_HOST is not set", "staging", {"STAGING_HOST": ""}),
            ("STAGING_URL is not set", "staging", {"STAGING_URL": ""}),
            ("IMAGE_REPOSITORY is not set", "staging", {"IMAGE_REPOSITORY": ""}),
            ("there is a key but no KNOWN_HOSTS", "staging", {"STAGING_SSH_KEY": "YQ=="}),
        ):
            with self.subTest(why=why, where=where):
                self.fails(why, "deploy", where, **variables)
        self.assertEqual(self.runs("deploy", "moon"), 2)
        self.write("CHANGELOG.md", "changed\n")
        self.fails("what is not committed is not deployed", "deploy", "staging")
        self.git("switch", "--quiet", "--create", "feature")
        self.fails("not from 'feature'", "deploy", "staging")
        self.assertEqual(self.notes(), [], "it does not even ask the Swarm")

    def test_ssh_gets_the_key_and_the_hosts_key_and_nothing_stays_behind(self):
        self.program("docker", 'ssh -- "${DOCKER_HOST#ssh://}" docker system dial-stdio')
        self.program("ssh", 'echo "$*" >> "$NOTES"\nstat -c "mode %a" "$2" >> "$NOTES"')
        key, host = (base64.b64encode(text).decode() for text in (b"a key", b"swarm.example ssh-ed25519 A"))
        self.fails("is no manager", "deploy", "staging", STAGING_SSH_KEY=key, STAGING_KNOWN_HOSTS=host)
        used, mode = self.notes()
        self.assertIn("StrictHostKeyChecking=yes", used)
        self.assertTrue(used.endswith(" -- deploy@swarm.example docker system dial-stdio"), used)
        self.assertEqual(mode, "mode 600")
        self.assertFalse(pathlib.Path(used.split("-i ")[1].split("/key")[0]).exists(), "the key is gone")
