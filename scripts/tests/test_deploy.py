"""scripts/deploy: what it refuses, in which order it does things, and that it goes back when something is wrong."""

import base64

from project import REPOSITORY, ProjectTest

OLD = f"{REPOSITORY}:1.2.2@sha256:old"
HOST = "ssh://deploy@swarm.example"


class DeployTest(ProjectTest):
    """A Swarm that runs 1.2.2, and a smoke test that says what the test wants."""

    def setUp(self):
        super().setUp()
        self.smoke("exit 0")
        self.program("ssh", "#!/bin/sh\n")
        self.environment |= {f"{where}_{what}": value for where in ("STAGING", "PRODUCTION")
                             for what, value in (("HOST", HOST), ("URL", "https://site.example"))}
        # As in a stack without configurations.
        config = {"config": "none"}
        services = {
            f"minitwit_{name}": {"Spec": {"image": image, "name": name, **more}, "PreviousSpec": None}
            for name, image, more in (
                ("minitwit", OLD, {"replicas": 3}), ("migrate", OLD, {}), ("node-exporter", "other", {}),
                ("proxy", "other", config | {"origin": "https://site.example"}), ("postgres", "other", config),
            )
        }
        self.change_state(services=services, registry={self.image(): "new", f"{REPOSITORY}:1.2.3": "new"})

    def smoke(self, body):
        """What the smoke test does instead of looking at a site; each look is noted."""
        self.program("smoke", f'#!/bin/sh\necho "$1 ${{SMOKE_VERSION:-}}" >> "{self.folder}/looks"\n{body}\n', self.root / "scripts")
        self.commit_all()

    def new_configuration(self):
        configs = "  caddyfile: {file: ./Caddyfile, name: a}\n  postgres_roles: {file: ./roles.sh, name: b}\n"
        self.write("swarm-stack.yml", f"services: {{}}\nconfigs:\n{configs}")
        self.write("Caddyfile", "new\n")
        self.write("roles.sh", "new\n")
        self.commit_all()
        self.change_state(registry={self.image(): "new"})

    def looks(self):
        path = self.folder / "looks"
        return path.read_text().splitlines() if path.exists() else []

    def plan(self, **plan):
        self.change_state(plan=plan)

    def app(self):
        return self.state["services"]["minitwit_minitwit"]["Spec"]["image"]

    def assert_untouched(self):
        for words in (("service", "update"), ("service", "rollback"), ("stack", "deploy")):
            self.assertEqual(self.calls(*words), [])


class Refusals(DeployTest):
    def test_a_pull_request_deploys_nothing(self):
        for environment in ("staging", "production"):
            self.fails("a pull request (7)", "deploy", environment, TRAVIS="true", TRAVIS_PULL_REQUEST="7", TRAVIS_BRANCH="develop")
        self.assertEqual(self.state["calls"], [], "it does not even ask the Swarm")

    def test_staging_takes_develop_only(self):
        self.fails("not from 'main'", "deploy", "staging", TRAVIS="true", TRAVIS_BRANCH="main")
        self.git("switch", "--quiet", "--create", "feature")
        self.fails("not from 'feature'", "deploy", "staging")
        self.assert_untouched()

    def test_production_takes_the_versions_tag_only(self):
        self.fails("has no tag", "deploy", "production")
        self.fails("has no tag", "deploy", "production", TRAVIS="true", TRAVIS_BRANCH="main", TRAVIS_TAG="")
        self.git("tag", "v1.2.4")
        self.fails("the tag is v1.2.4, but Cargo.toml says 1.2.3", "deploy", "production")
        self.assert_untouched()

    def test_what_is_not_committed_is_not_deployed(self):
        self.write("CHANGELOG.md", "changed\n")
        self.fails("not committed", "deploy", "staging")
        self.assert_untouched()

    def test_missing_settings_are_named(self):
        self.fails("STAGING_HOST is not set", "deploy", "staging", STAGING_HOST="")
        self.fails("STAGING_URL is not set", "deploy", "staging", STAGING_URL="")
        self.fails("IMAGE_REPOSITORY is not set", "deploy", "staging", IMAGE_REPOSITORY="")
        self.assertEqual(self.run_script("deploy", "moon").returncode, 2)

    def test_a_host_that_is_no_manager_and_an_image_that_is_nowhere_change_nothing(self):
        self.plan(manager=False)
        self.fails("is no manager", "deploy", "staging")
        self.plan()
        self.change_state(registry={})
        self.fails("cannot pull", "deploy", "staging")
        self.assert_untouched()


class RollOut(DeployTest):
    def test_staging_gets_the_commit_after_its_migration(self):
        self.succeeds("deploy", "staging")
        self.assertEqual(self.app(), f"{self.image()}@sha256:new")
        changes = [words[:2] for words in (call["words"] for call in self.state["calls"])
                   if words[:2] in (["service", "update"], ["stack", "deploy"])]
        self.assertEqual(changes, [["service", "update"], ["stack", "deploy"]], "migrates first")
        self.assertEqual(self.calls("service", "update")[0][-2:], [self.image(), "minitwit_migrate"])
        self.assertEqual(self.looks(), ["https://site.example 1.2.3"], "asks for the new version")
        self.assertTrue(all(call["host"] == HOST for call in self.state["calls"]))
        self.assertEqual(self.calls("service", "rollback"), [])

    def test_production_gets_the_version(self):
        self.git("tag", "v1.2.3")
        self.succeeds("deploy", "production", TRAVIS="true", TRAVIS_BRANCH="v1.2.3", TRAVIS_TAG="v1.2.3", TRAVIS_PULL_REQUEST="false")
        self.assertEqual(self.app(), f"{REPOSITORY}:1.2.3@sha256:new")

    def test_it_looks_from_outside_when_the_last_task_is_the_new_one(self):
        ask = "docker service ps --filter desired-state=running --format '{{.Image}} {{.CurrentState}}' minitwit_minitwit"
        self.smoke(f'{ask} > "{self.folder}/running"')
        self.change_state(registry={self.image(): "new"})
        self.succeeds("deploy", "staging")
        running = (self.folder / "running").read_text().splitlines()
        self.assertEqual([line.split()[0] for line in running], [self.image()] * 2)

    def test_an_empty_swarm_is_filled_in_one_step(self):
        self.change_state(services={})
        self.succeeds("deploy", "staging")
        self.assertEqual(self.calls("service", "update"), [], "there is nothing to migrate with yet")
        self.assertEqual(self.app(), f"{self.image()}@sha256:new")

    def test_the_stacks_variables_come_from_a_setting_or_what_is_there(self):
        self.succeeds("deploy", "staging")
        proxy, app = (self.state["services"][f"minitwit_{name}"]["Spec"] for name in ("proxy", "minitwit"))
        self.assertEqual((proxy["config"], proxy["origin"]), ("none", "https://site.example"))
        self.assertEqual(app["replicas"], 3, "as somebody scaled it")
        self.new_configuration()
        self.succeeds("deploy", "staging", STAGING_ENV="MINITWIT_REPLICAS=5\nMINITWIT_ORIGIN='https://other.example'")
        proxy, app = (self.state["services"][f"minitwit_{name}"]["Spec"] for name in ("proxy", "minitwit"))
        self.assertRegex(proxy["config"], "^[0-9a-f]{12}$")
        self.assertEqual((proxy["origin"], app["replicas"]), ("https://other.example", 5))

    def test_ssh_gets_the_key_and_the_hosts_key_and_nothing_stays_behind(self):
        self.program("ssh", f'#!/bin/sh\necho "$@" >> {self.folder}/ssh\nfor word; do case $word in */key) stat -c %a "$word" >> {self.folder}/mode;; esac; done\n')
        key = base64.b64encode(b"a key").decode()
        self.fails("no KNOWN_HOSTS", "deploy", "staging", STAGING_SSH_KEY=key)
        self.succeeds("deploy", "staging", STAGING_SSH_KEY=key, STAGING_KNOWN_HOSTS=base64.b64encode(b"swarm.example ssh-ed25519 A").decode())
        used = (self.folder / "ssh").read_text().splitlines()
        self.assertTrue(all("StrictHostKeyChecking=yes" in line and line.endswith("deploy@swarm.example docker system dial-stdio") for line in used))
        folder = used[0].split("-i ")[1].split("/key")[0]
        self.assertFalse(self.root.__class__(folder).exists(), "the key is gone")
        self.assertEqual(set((self.folder / "mode").read_text().split()), {"600"})


class RollBack(DeployTest):
    def test_a_failed_migration_rolls_nothing_out(self):
        self.plan(migration="fails")
        self.fails("the migration did not succeed", "deploy", "staging", DEPLOY_TIMEOUT="1")
        self.assertEqual(self.calls("stack", "deploy"), [])
        self.assertEqual(self.app(), OLD)
        self.assertIn("the log of minitwit_migrate", self.output)

    def test_a_failed_smoke_test_rolls_back_what_changed_and_only_that(self):
        # The new version fails, the old one is fine.
        self.smoke('[ -z "${SMOKE_VERSION:-}" ]')
        self.new_configuration()
        self.fails(f"rolled back: staging serves {OLD} again", "deploy", "staging")
        self.assertEqual(self.app(), OLD)
        rolled_back = sorted(call[-1] for call in self.calls("service", "rollback"))
        self.assertEqual(rolled_back, ["minitwit_minitwit", "minitwit_proxy"])
        self.assertEqual(self.state["services"]["minitwit_proxy"]["Spec"]["config"], "none")
        self.assertNotEqual(self.state["services"]["minitwit_postgres"]["Spec"]["config"], "none")
        self.assertIn("minitwit_postgres stays", self.output)
        self.assertEqual(self.looks(), ["https://site.example 1.2.3", "https://site.example "], "looks again afterwards")

    def test_what_swarm_rolled_back_itself_is_not_rolled_forward_again(self):
        self.plan(roll_out="swarm rolls back")
        self.fails(f"rolled back: staging serves {OLD} again", "deploy", "staging")
        self.assertEqual(self.calls("service", "rollback"), [])
        self.assertEqual(self.app(), OLD)
        self.assertIn("the log of minitwit_minitwit", self.output)

    def test_a_log_that_does_not_end_does_not_hold_up_the_way_back(self):
        self.plan(roll_out="swarm rolls back", logs="hang")
        self.fails(f"rolled back: staging serves {OLD} again", "deploy", "staging", DEPLOY_PATIENCE="1")
        self.assertIn("the log of minitwit_minitwit", self.output)

    def test_a_service_beside_the_app_that_swarm_rolls_back_fails_the_deploy(self):
        self.plan(proxy="swarm rolls back")
        self.fails("rolled back: staging", "deploy", "staging")
        self.assertIn("minitwit_proxy rollback_started", self.output)
        self.assertEqual(self.app(), OLD)

    def test_what_docker_refuses_is_not_waited_for(self):
        self.plan(roll_out="refused")
        self.fails("secret not found", "deploy", "staging")
        self.assertNotIn("every service has settled: no", self.output)
        self.assertIn(f"staging serves {OLD} again", self.output)
        self.plan(update="fails")
        self.fails("the migration did not succeed", "deploy", "staging")
        self.assertNotIn("the migration is done: no", self.output)
        self.assertEqual(len(self.calls("stack", "deploy")), 1)

    def test_a_roll_out_that_hangs_is_given_up(self):
        self.plan(roll_out="hangs")
        # Long enough for the way back, on a busy machine too.
        self.fails("rolled back", "deploy", "staging", DEPLOY_TIMEOUT="8")
        self.assertEqual(self.app(), OLD)

    def test_a_roll_back_that_does_not_help_says_so(self):
        self.smoke("exit 1")
        self.change_state(registry={self.image(): "new"})
        self.fails("THE ROLL-BACK DID NOT SUCCEED", "deploy", "staging")
        self.plan(rollback="fails")
        self.fails("THE ROLL-BACK DID NOT SUCCEED", "deploy", "staging", DEPLOY_TIMEOUT="2")

    def test_a_service_that_does_not_come_back_is_named_and_no_success(self):
        self.smoke('[ -z "${SMOKE_VERSION:-}" ]')
        self.new_configuration()
        self.plan(rollback="minitwit_proxy")
        self.fails("minitwit_proxy is not as before", "deploy", "staging")
        self.assertIn("THE ROLL-BACK DID NOT SUCCEED", self.output)
        self.assertEqual(self.app(), OLD, "the app is back all the same")

    def test_with_nothing_before_there_is_nothing_to_go_back_to(self):
        self.smoke("exit 1")
        self.change_state(registry={self.image(): "new"}, services={})
        self.fails("nothing before to go back to", "deploy", "staging")
        self.assertEqual(self.calls("service", "rollback"), [])
