"""scripts/secrets on a Swarm. What scripts/deploy does to one, scripts/rehearse sees on the real engine."""

import re
import shutil

from project import ROOT, ProjectTest


def external_secrets(version):
    """The names of the secrets that swarm-stack.yml expects to be there."""
    return [f"{name}_{version}" for name in re.findall(r'external: true, name: "(\w+)_v\$', (ROOT / "swarm-stack.yml").read_text())]


def real_files(root, *folders):
    """The real swarm-stack.yml, and what it speaks of, into a project."""
    shutil.copy(ROOT / "swarm-stack.yml", root / "swarm-stack.yml")
    for name in folders:
        shutil.copytree(ROOT / name, root / name)


class Secrets(ProjectTest):
    """scripts/secrets on a Swarm that has none."""

    def test_it_puts_in_all_that_the_stack_mounts_and_nothing_else(self):
        real_files(self.root, "prometheus")
        self.succeeds("secrets", "swarm", "2")
        created = {name: file for _, _, name, file in self.calls("secret", "create")}
        self.assertEqual(sorted(created), sorted(external_secrets("v2")))
        self.assertIn("minitwit_probe_targets_v2", created)
        for name, file in created.items():
            # A secret without content, or with another one's, would be found out at night.
            self.assertEqual(f"minitwit_{file.removeprefix('secrets/')}_v2", name)
            self.assertEqual(self.state["secrets"][name], (self.root / file).read_text())
            self.assertTrue(self.state["secrets"][name])

        before = self.state["secrets"]
        self.succeeds("secrets", "swarm", "2")
        self.assertIn("is there already", self.output)
        self.assertEqual((self.state["secrets"], len(self.calls("secret", "create"))), (before, len(created)))
        self.fails("a version is a number", "secrets", "swarm", "v3")
