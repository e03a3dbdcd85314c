"""CHANGELOG.md itself: in the form that people and scripts/release-notes read, whatever is added to it."""

import re
import unittest

from project import ROOT

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def sections(text):
    """Heading and body of each version, in order."""
    parts = re.split(r"^## (.*)$", text, flags=re.M)
    return list(zip(parts[1::2], parts[2::2]))


def complaints(text, version):
    """What is wrong with a changelog in a project of this version."""
    found = []
    released = []
    all_sections = sections(text)
    if not all_sections or all_sections[0][0] != "[Unreleased]":
        found.append("the first section is not [Unreleased]")
    for heading, body in all_sections:
        match = re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)", heading)
        if match:
            released.append((tuple(int(part) for part in match.groups()[:3]), match[4]))
        elif heading != "[Unreleased]":
            found.append(f"{heading} is not of the form [X.Y.Z] - YYYY-MM-DD")
        kinds = re.findall(r"^### (.*)$", body, flags=re.M)
        found += [f"{heading} has the unknown kind {kind}" for kind in kinds if kind not in KINDS]
        found += [f"{heading} has {kind} twice" for kind in set(kinds) if kinds.count(kind) > 1]
        before, *groups = re.split(r"^### .*\n", body, flags=re.M)
        if re.search(r"^- ", before, flags=re.M):
            found.append(f"{heading} has an entry under no kind")
        found += [f"{heading} has a kind without entries" for group in groups if not re.search(r"^- \S", group, flags=re.M)]
        if heading != "[Unreleased]" and not groups:
            found.append(f"{heading} is empty")
    if released != sorted(released, reverse=True) or len({number for number, _ in released}) < len(released):
        found.append("versions or their dates are not in descending order")
    current = tuple(int(part) for part in version.split("."))
    if released and current < released[0][0]:
        found.append(f"Cargo.toml says {version}, which is older than the newest section")
    return found


class Changelog(unittest.TestCase):
    def test_ours_is_in_form(self):
        version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), flags=re.M)[1]
        self.assertEqual(complaints((ROOT / "CHANGELOG.md").read_text(), version), [])

    def test_mistakes_are_seen(self):
        good = "## [Unreleased]\n\n## [1.1.0] - 2026-02-01\n\n### Added\n\n- A.\n\n## [1.0.0] - 2026-01-01\n\n### Fixed\n\n- B.\n"
        self.assertEqual(complaints(good, "1.1.0"), [])
        for old, new, complaint in [
            ("## [Unreleased]\n\n", "", "the first section is not [Unreleased]"),
            ("[1.1.0] - 2026-02-01", "[1.1.0] - soon", "[1.1.0] - soon is not of the form [X.Y.Z] - YYYY-MM-DD"),
            ("### Fixed", "### Mended", "[1.0.0] - 2026-01-01 has the unknown kind Mended"),
            ("### Added\n\n- A.", "- A.", "[1.1.0] - 2026-02-01 has an entry under no kind"),
            ("- B.", "", "[1.0.0] - 2026-01-01 has a kind without entries"),
            ("### Added\n\n- A.", "", "[1.1.0] - 2026-02-01 is empty"),
            ("[1.0.0] - 2026-01-01", "[1.2.0] - 2026-01-01", "versions or their dates are not in descending order"),
        ]:
            self.assertIn(complaint, complaints(good.replace(old, new), "1.1.0"))
        self.assertEqual(complaints(good, "1.0.9"), ["Cargo.toml says 1.0.9, which is older than the newest section"])
