"""CHANGELOG.md itself: in the form that people and scripts/release-notes read, whatever is added to it."""

import re
import unittest

from project import ROOT

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
GOOD = "## [Unreleased]\n\n## [1.1.0] - 2026-02-01\n\n### Added\n\n- A.\n\n## [1.0.0] - 2026-01-01\n\n### Fixed\n\n- B.\n"


def complaints(text, version):
    """What is wrong with a changelog in a project of this version."""
    released = []
    for number, section in enumerate(re.split(r"^## ", text, flags=re.M)[1:]):
        heading, _, body = section.partition("\n")
        match = re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)", heading)
        if match:
            released.append((tuple(int(part) for part in match.groups()[:3]), match[4]))
        if (heading == "[Unreleased]") != (number == 0):
            yield "the first section is not [Unreleased], or another one is"
        elif number and not match:
            yield f"{heading} is not of the form [X.Y.Z] - YYYY-MM-DD"
        before, *groups = re.split(r"^### ", body, flags=re.M)
        kinds = [group.split("\n")[0] for group in groups]
        yield from (f"{heading} has the unknown kind {kind}" for kind in kinds if kind not in KINDS)
        yield from (f"{heading} has {kind} twice" for kind in set(kinds) if kinds.count(kind) > 1)
        yield from (f"{heading} has a kind without entries" for group in groups if not re.search(r"^- \S", group, flags=re.M))
        if re.search(r"^- ", before, flags=re.M):
            yield f"{heading} has an entry under no kind"
        if number and not groups:
            yield f"{heading} is empty"
    if released != sorted(released, reverse=True) or len({number for number, _ in released}) < len(released):
        yield "versions or their dates are not in descending order"
    if released and tuple(int(part) for part in version.split(".")) < released[0][0]:
        yield f"Cargo.toml says {version}, which is older than the newest section"


class Changelog(unittest.TestCase):
    def test_ours_is_in_form(self):
        version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), flags=re.M)[1]
        self.assertEqual(list(complaints((ROOT / "CHANGELOG.md").read_text(), version)), [])

    def test_mistakes_are_seen(self):
        self.assertEqual(list(complaints(GOOD, "1.1.0")), [])
        for old, new, complaint in (
            ("## [Unreleased]\n\n", "", "the first section is not [Unreleased], or another one is"),
            ("[1.1.0] - 2026-02-01", "[1.1.0] - soon", "[1.1.0] - soon is not of the form [X.Y.Z] - YYYY-MM-DD"),
            ("### Fixed", "### Mended", "[1.0.0] - 2026-01-01 has the unknown kind Mended"),
            ("- A.", "- A.\n\n### Added\n\n- C.", "[1.1.0] - 2026-02-01 has Added twice"),
            ("### Added\n\n- A.", "- A.", "[1.1.0] - 2026-02-01 has an entry under no kind"),
            ("- B.", "", "[1.0.0] - 2026-01-01 has a kind without entries"),
            ("### Added\n\n- A.", "", "[1.1.0] - 2026-02-01 is empty"),
            ("[1.0.0] - 2026-01-01", "[1.2.0] - 2026-01-01", "versions or their dates are not in descending order"),
        ):
            self.assertIn(complaint, list(complaints(GOOD.replace(old, new), "1.1.0")))
        self.assertEqual(list(complaints(GOOD, "1.0.9")), ["Cargo.toml says 1.0.9, which is older than the newest section"])
