"""The frame of the tests: the real files, one thing broken, a complaint that has to come."""

import unittest

from .deployment import Deployment
from .rules import RULES


class RuleTest(unittest.TestCase):
    """`rule` names the rule under test; `self.it` is a deployment to break."""

    rule = ""

    def setUp(self):
        self.it = Deployment.read().copy()

    def service(self, name, stack="compose"):
        """A service of one of the files. YAML's aliases made some share their parts; these are its own."""
        return self.it.stacks[stack]["services"][name]

    def complaints(self):
        return "\n".join(RULES[self.rule](self.it))

    def assert_complains(self, *texts):
        found = self.complaints()
        for text in texts:
            self.assertIn(text, found, f"rule {self.rule}")
