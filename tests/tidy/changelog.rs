//! `CHANGELOG.md`: in the form that people and `scripts/release-notes` read, whatever is added to it.

use super::{read, regex, sections};

const KINDS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
const GOOD: &str =
    "## [Unreleased]\n\n## [1.1.0] - 2026-02-01\n\n### Added\n\n- A.\n\n## [1.0.0] - 2026-01-01\n\n### Fixed\n\n- B.\n";

/// Numbers that compare as versions do.
fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap()).collect()
}

/// What is wrong with a changelog in a project of this version.
fn complaints(text: &str, version: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut released = Vec::new();
    let form = regex(r"^\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$");
    for (number, section) in sections(text, "## ").iter().skip(1).enumerate() {
        let (heading, body) = section.split_once('\n').unwrap_or((section.as_str(), ""));
        if (heading == "[Unreleased]") != (number == 0) {
            complaints.push("the first section is not [Unreleased], or another one is".to_owned());
        } else if let Some(release) = form.captures(heading) {
            released.push((numbers(&release[1]), release[2].to_owned()));
        } else if number > 0 {
            complaints.push(format!("{heading} is not of the form [X.Y.Z] - YYYY-MM-DD"));
        }
        complaints.extend(about_section(body, number > 0).iter().map(|complaint| format!("{heading} {complaint}")));
    }
    if !released.is_sorted_by(|newer, older| newer.0 > older.0 && newer.1 >= older.1) {
        complaints.push("versions or their dates are not in descending order".to_owned());
    }
    if released.first().is_some_and(|newest| numbers(version) < newest.0) {
        complaints.push(format!("Cargo.toml says {version}, which is older than the newest section"));
    }
    complaints
}

fn about_section(body: &str, is_released: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    let groups = sections(body, "### ");
    let kinds: Vec<&str> = groups[1..].iter().map(|group| group.lines().next().unwrap_or_default()).collect();
    let entry = regex(r"^- \S");
    for (at, (kind, group)) in kinds.iter().zip(&groups[1..]).enumerate() {
        if !KINDS.contains(kind) {
            complaints.push(format!("has the unknown kind {kind}"));
        }
        if kinds[..at].contains(kind) {
            complaints.push(format!("has {kind} twice"));
        }
        if !entry.is_match(group) {
            complaints.push("has a kind without entries".to_owned());
        }
    }
    if entry.is_match(&groups[0]) {
        complaints.push("has an entry under no kind".to_owned());
    }
    if is_released && kinds.is_empty() {
        complaints.push("is empty".to_owned());
    }
    complaints
}

#[test]
fn ours_is_in_form() {
    assert_eq!(complaints(&read("CHANGELOG.md"), env!("CARGO_PKG_VERSION")), Vec::<String>::new());
}

#[test]
fn mistakes_are_seen() {
    assert_eq!(complaints(GOOD, "1.1.0"), Vec::<String>::new());
    for (old, new, complaint) in [
        ("## [Unreleased]\n\n", "", "the first section is not [Unreleased], or another one is"),
        ("[1.1.0] - 2026-02-01", "[1.1.0] - soon", "[1.1.0] - soon is not of the form [X.Y.Z] - YYYY-MM-DD"),
        ("### Fixed", "### Mended", "[1.0.0] - 2026-01-01 has the unknown kind Mended"),
        ("- A.", "- A.\n\n### Added\n\n- C.", "[1.1.0] - 2026-02-01 has Added twice"),
        ("### Added\n\n- A.", "- A.", "[1.1.0] - 2026-02-01 has an entry under no kind"),
        ("- B.", "", "[1.0.0] - 2026-01-01 has a kind without entries"),
        ("### Added\n\n- A.", "", "[1.1.0] - 2026-02-01 is empty"),
        ("[1.0.0] - 2026-01-01", "[1.2.0] - 2026-01-01", "versions or their dates are not in descending order"),
        ("[1.0.0] - 2026-01-01", "[1.0.0] - 2026-03-01", "versions or their dates are not in descending order"),
    ] {
        let found = complaints(&GOOD.replace(old, new), "1.1.0");
        assert!(found.iter().any(|text| text == complaint), "{complaint}: {found:?}");
    }
    assert_eq!(complaints(GOOD, "1.0.9"), ["Cargo.toml says 1.0.9, which is older than the newest section"]);
}
