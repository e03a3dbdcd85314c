//! The architecture as tests: what `docs/ARCHITECTURE.md` says of the sources is read off the sources.
//!
//! And other texts that nobody compiles, each held against what it speaks of: `documents` (settings and metrics), `runbook`
//! (`docs/OPERATIONS.md`), `changelog`, `travis` (`.travis.yml`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod changelog;
mod documents;
mod runbook;
mod travis;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

/// Where a file of the project lies.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The text of a file of the project.
fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// A regular expression; `^` and `$` are the ends of lines.
fn regex(pattern: &str) -> Regex {
    Regex::new(&format!("(?m){pattern}")).unwrap()
}

/// What stands before the first heading of this level (`## `), and then each section, its heading first.
fn sections(text: &str, level: &str) -> Vec<String> {
    format!("\n{text}").split(&format!("\n{level}")).map(str::to_owned).collect()
}

/// Every file below `folder` with one of these endings, with its path from the root.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let root = path("");
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    let mut files: Vec<(String, String)> = found
        .into_iter()
        .filter(|path| endings.iter().any(|ending| path.extension().is_some_and(|extension| extension == *ending)))
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "nothing below {folder}");
    files
}

fn sources() -> Vec<(String, String)> {
    files("src", &["rs"])
}

/// The tools' sources and tests.
fn tools() -> Vec<(String, String)> {
    files("tools", &["rs"])
}

/// The code without comments and without its unit tests.
fn code(text: &str) -> String {
    let program = text.split("#[cfg(test)]").next().unwrap_or_default();
    program.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The parts of a crate that a piece of code names: `crate::db::…`, also inside `use crate::{…}`. `house` is `crate::`,
/// or the name by which others call it.
fn named_parts(code: &str, house: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    for (at, _) in code.match_indices(house) {
        let rest = &code[at + house.len()..];
        if !rest.starts_with('{') {
            parts.insert(word(rest));
            continue;
        }
        let mut depth = 0;
        let mut fresh = false;
        for (position, c) in rest.char_indices() {
            match c {
                '{' => {
                    depth += 1;
                    fresh = depth == 1;
                }
                '}' if depth == 1 => break,
                '}' => depth -= 1,
                ',' => fresh = depth == 1,
                c if c.is_alphabetic() && fresh => {
                    parts.insert(word(&rest[position..]));
                    fresh = false;
                }
                _ => {}
            }
        }
    }
    parts
}

/// From the top of the house to the ground; each may use what stands below it, and the floor.
const STOREYS: [&str; 12] = [
    "cli",
    "startup",
    "router",
    "listener",
    "features",
    "http",
    "state",
    "backup",
    "first_pages",
    "passwords",
    "db",
    "domain",
];
/// What everyone may use; it uses at most `domain` and itself.
const FLOOR: [&str; 8] = ["error", "config", "metrics", "telemetry", "blocking", "throttle", "turns", "sampling"];

fn part_of(file: &str) -> String {
    let inside = file.strip_prefix("src/").unwrap();
    inside.split(['/', '.']).next().unwrap().to_owned()
}

#[test]
fn nobody_reaches_upwards() {
    for (file, text) in sources() {
        let part = part_of(&file);
        for named in named_parts(&code(&text), "crate::") {
            let position = |name: &str| STOREYS.iter().position(|storey| *storey == name);
            let allowed = if FLOOR.contains(&part.as_str()) {
                named == "domain" || FLOOR.contains(&named.as_str())
            } else if let (Some(own), Some(other)) = (position(&part), position(&named)) {
                other >= own
            } else {
                true
            };
            assert!(allowed, "{file} uses crate::{named}");
        }
    }
}

#[test]
fn what_is_named_is_found() {
    let text = "use crate::{db::{self, users::{A, B}}, domain::C, error::Error};\nuse crate::http::x;\nlet a = crate::state::Y;";
    assert_eq!(
        named_parts(text, "crate::").into_iter().collect::<Vec<_>>(),
        ["db", "domain", "error", "http", "state"]
    );
}

/// The product is built without its tools; they see of it what stands on the ground (docs/adr/0014).
#[test]
fn tools_use_the_product_and_never_the_other_way_round() {
    for (file, text) in sources() {
        assert!(!code(&text).contains("minitwit_tools"), "{file} uses the tools");
    }
    let manifest = read("Cargo.toml");
    let (product, tests) = manifest.split_once("[dev-dependencies]").unwrap();
    assert!(tests.contains("minitwit-tools = ") && !product.contains("minitwit-tools"), "the product needs the tools");
    for (file, text) in tools() {
        for named in named_parts(&code(&text), "minitwit::") {
            let ground = ["config", "db", "domain", "LONG_VERSION"];
            assert!(ground.contains(&named.as_str()), "{file} uses minitwit::{named}");
        }
    }
}

#[test]
fn features_do_not_use_each_others_doors() {
    for (file, text) in sources().iter().filter(|(file, _)| file.starts_with("src/features/")) {
        let own = file.strip_prefix("src/features/").unwrap().split('/').next().unwrap();
        let code = code(text);
        for (other, _) in
            sources().iter().filter(|(other, _)| other.ends_with("/html.rs") || other.ends_with("/api.rs"))
        {
            let Some(door) = other.strip_prefix("src/features/").and_then(|door| door.strip_suffix(".rs")) else {
                continue;
            };
            let (feature, door) = door.split_once('/').unwrap();
            if feature != own {
                assert!(!code.contains(&format!("{feature}::{door}")), "{file} uses the door {feature}::{door}");
            }
        }
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    type IsHome = fn(&str) -> bool;
    let rooms: [(&str, IsHome); 6] = [
        ("diesel", |file| file.starts_with("src/db/") || file == "src/error.rs"),
        ("askama", |file| file.ends_with("/html.rs")),
        ("std::env::var", |file| file.starts_with("src/config/")),
        ("spawn_blocking", |file| file == "src/blocking/mod.rs"),
        ("argon2::", |file| file == "src/domain/password.rs"),
        ("reqwest", |file| file.starts_with("src/cli/")),
    ];
    for (file, text) in sources() {
        for (library, is_home) in rooms {
            assert!(is_home(&file) || !code(&text).contains(library), "{file} names {library}");
        }
    }
    for (file, text) in tools() {
        for library in ["diesel", "askama", "std::env::var", "argon2::"] {
            assert!(!code(&text).contains(library), "{file} names {library}");
        }
    }
    for (file, text) in sources().iter().filter(|(file, _)| file.starts_with("src/domain/")) {
        for stranger in ["actix", "diesel", "tokio", "std::fs", "std::net", "tracing"] {
            assert!(!code(text).contains(stranger), "{file} names {stranger}");
        }
    }
}

/// A label's value that stands in two files is an enum's, or one day the two differ.
#[test]
fn no_label_of_a_metric_is_spelled_in_two_files() {
    let sources: Vec<(String, String)> = sources().into_iter().map(|(file, text)| (file, code(&text))).collect();
    let mut spelled = 0;
    for (file, text) in &sources {
        for labels in text.split("with_label_values(&[").skip(1).map(|rest| rest.split(']').next().unwrap()) {
            for label in labels.split('"').skip(1).step_by(2) {
                spelled += 1;
                let other =
                    sources.iter().find(|(other, text)| other != file && text.contains(&format!("\"{label}\"")));
                assert!(other.is_none(), "{file} and {} spell the label {label}", other.unwrap().0);
            }
        }
    }
    assert!(spelled > 0);
}

/// Closing any descriptor of SQLite's files drops the locks that SQLite holds on them: `src/db/sqlite.rs`.
#[test]
fn nothing_opens_a_file_of_the_database_but_sqlite() {
    let whole_files =
        ["OpenOptions", "File::", "fs::read(", "fs::read_to_string", "fs::write", "fs::copy", "fs::rename"];
    let near = |file: &str| file.starts_with("src/db/") || file.starts_with("src/cli/doctor/");
    for (file, text) in sources().into_iter().filter(|(file, _)| near(file)) {
        for way in whole_files {
            assert!(!code(&text).contains(way), "{file} opens files by {way}");
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (file, text) in sources().into_iter().chain(tools()).chain(files("tests", &["rs"])) {
        assert!(text.starts_with("//! ") || file == "src/lib.rs", "{file} does not open with its module's doc");
    }
}

#[test]
fn no_file_is_too_long_to_be_one() {
    for (file, text) in sources().into_iter().chain(tools()) {
        let lines = text.lines().count();
        assert!(lines <= 300, "{file} has {lines} lines and wants to be two");
    }
}

#[test]
fn nothing_is_left_undone() {
    // Spelled apart, or this file would find itself.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
    ];
    let tests = files("tests", &["rs"]);
    for (file, text) in sources().into_iter().chain(tools()).chain(tests).chain(files("templates", &["html"])) {
        for word in words {
            assert!(!text.contains(word), "{file} has {word}");
        }
    }
}

#[test]
fn both_databases_have_migrations_of_the_same_names_that_say_why() {
    let names = |backend: &str| -> Vec<String> {
        let prefix = format!("migrations/{backend}/");
        files(&prefix, &["sql"]).into_iter().map(|(file, _)| file.strip_prefix(&prefix).unwrap().to_owned()).collect()
    };
    assert_eq!(names("postgres"), names("sqlite"));
    for (file, text) in files("migrations", &["sql"]) {
        assert!(text.starts_with("-- Why: "), "{file} does not say why");
    }
    for up in names("sqlite").iter().filter(|name| name.ends_with("/up.sql")) {
        assert!(names("sqlite").contains(&up.replace("/up.sql", "/down.sql")), "{up} cannot be undone");
    }
}

#[test]
fn no_template_is_an_orphan() {
    let templates = files("templates", &["html"]);
    let sources = sources();
    for (file, _) in &templates {
        let name = file.strip_prefix("templates/").unwrap();
        let used = sources.iter().chain(&templates).any(|(_, text)| text.contains(&format!("\"{name}\"")));
        assert!(used, "nothing uses {file}");
    }
}

/// The router mounts the words of `domain/routes.rs` or a user's name, and names are refused that
/// are among those words: so no profile can be shadowed.
#[test]
fn every_top_level_route_is_a_word_that_no_user_can_bear() {
    let (_, routes) = sources().into_iter().find(|(file, _)| file == "src/domain/routes.rs").unwrap();
    let declared: Vec<&str> = routes
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = "))
        .map(|(_, value)| value.trim_matches(['"', ';']))
        .collect();
    assert_eq!(declared, minitwit::domain::routes::MOUNTED, "a route is declared but not in MOUNTED");
    for (file, text) in sources() {
        // Inside `/api` and on the operators' listener there are no users' pages.
        let is_site = file == "src/router.rs" || (file.ends_with("/html.rs") && file.starts_with("src/features/"));
        for call in ["resource(", "scope("].iter().flat_map(|call| text.split(call).skip(1)).filter(|_| is_site) {
            let argument = call.split([',', ')']).next().unwrap().trim();
            let is_word =
                argument.contains("routes::") || argument.contains("format!(\"/{}") || argument.contains("&path(");
            let is_fine = is_word || argument.starts_with("\"/{username}") || ["\"/\"", "\"\""].contains(&argument);
            assert!(is_fine, "{file} mounts {argument}, which a user could be called");
        }
    }
}
