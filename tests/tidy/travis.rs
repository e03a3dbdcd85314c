//! `.travis.yml`: every script it calls exists, nothing that leaves the house runs for a pull request, and it has no secret.
//!
//! That its keys and values are Travis' own, `scripts/check-config` sees.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

use super::{path, read, regex};

/// Without comments.
fn travis() -> String {
    regex("^ *#.*\n").replace_all(&read(".travis.yml"), "").into_owned()
}

#[test]
fn what_leaves_the_house_is_for_pushes_only() {
    let travis = travis();
    let (head, jobs) = travis.split_once("\njobs:").unwrap();
    let stages = regex(r"^  - (?:name: )?(\w+)$(?:\n    if: (.*))?");
    let stages: Vec<(&str, &str)> = stages
        .captures_iter(head)
        .map(|found| (found.get(1).unwrap().as_str(), found.get(2).map_or("", |condition| condition.as_str())))
        .collect();
    let names: Vec<&str> = stages.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["lint", "test", "docker_build", "verify", "release", "deploy", "nightly"]);
    let manned: BTreeSet<String> =
        regex(r"stage: (\w+)").captures_iter(jobs).map(|found| found[1].to_owned()).collect();
    assert_eq!(manned, names.iter().map(|&name| name.to_owned()).collect(), "each stage has a job");
    let in_brackets = regex(r"\(.*\)");
    for (name, condition) in stages {
        match name {
            "docker_build" | "release" | "deploy" => {
                assert!(condition.starts_with("type = push"), "{name}: {condition}");
                assert!(!in_brackets.replace(condition, "").contains(" OR "), "{name}: something gets round it");
            }
            "nightly" => assert_eq!(condition, "type = cron"),
            _ => {}
        }
    }
    let (_, night) = jobs.split_once("stage: nightly").unwrap();
    assert!(night.contains("scripts/rehearse dockerfile"));
    assert!(!regex("scripts/(image|release|deploy)").is_match(night), "{night}");
}

#[test]
fn every_script_exists_and_every_setting_is_described() {
    let travis = travis();
    let scripts: Vec<&str> = regex(r"scripts/[\w-]+").find_iter(&travis).map(|found| found.as_str()).collect();
    assert!(scripts.len() > 6);
    for script in scripts {
        let mode = fs::metadata(path(script)).unwrap_or_else(|why| panic!("{script}: {why}")).permissions().mode();
        assert!(mode & 0o111 == 0o111, "{script} cannot be called");
    }
    let (described, setting) = (read("CONTRIBUTING.md"), regex("^#   ?(?:…_)?([A-Z][A-Z_]+)"));
    for script in ["image", "release", "deploy"] {
        for name in setting.captures_iter(&read(&format!("scripts/{script}"))) {
            assert!(described.contains(&name[1]), "CONTRIBUTING.md does not describe {}", &name[1]);
        }
    }
}

#[test]
fn it_has_no_secret() {
    let found = regex(r"secure:|(?i:password|token|secret|key)\w*\s*[:=]\s*\S");
    assert!(!found.is_match(&travis()));
    assert!(found.is_match("GITHUB_TOKEN=x") && found.is_match("api_key: y"));
}
