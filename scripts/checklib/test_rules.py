"""Each rule of deploy/policy.yml and of wiring.py notices what breaks it: in the real stacks, one line of broken.yml after the other.

STACKS is the folder where scripts/check-config has put what Docker's clients make of them.
"""

import copy
import os
import pathlib
import unittest

import jsonschema
import wiring
import yaml


def read(file):
    return yaml.safe_load(file.read_text(encoding="utf-8"))


STACKS = wiring.load(os.environ["STACKS"])
POLICY = jsonschema.Draft202012Validator(read(wiring.ROOT / "deploy/policy.yml"))


def complaints(stacks):
    """All of them, up to where a stack that lacks what the schema demands has nothing more to read."""
    for stack in stacks.values():
        for error in POLICY.iter_errors(stack):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
    try:
        yield from wiring.complaints(**stacks)
    except (KeyError, AttributeError) as why:
        yield f"not all could be read: {why!r}"


class Rules(unittest.TestCase):
    def test_the_real_ones_are_in_order(self):
        self.assertEqual(list(complaints(STACKS)), [])

    def test_each_can_be_broken(self):
        for line in read(pathlib.Path(__file__).with_name("broken.yml")):
            with self.subTest(**line):
                broken = copy.deepcopy(STACKS)
                *way, last = (int(key) if key.isdigit() else key for key in line["at"].split("."))
                place = broken
                for key in way:
                    place = place[key]
                if "put" not in line:
                    del place[last]
                elif isinstance(place, list):
                    place[last:last + 1] = [line["put"]]
                else:
                    place[last] = line["put"]
                complaint = line.get("says", line["at"].partition(".")[2] + ": ")
                self.assertTrue(any(complaint in found for found in complaints(broken)), f"nothing about {complaint}")
