//! Where each setting in force came from, and what is no setting at all.

use std::{collections::BTreeMap, fmt};

use config::{Value, ValueKind};

use super::variables::{Variables, variable};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The embedded defaults.
    Default,
    /// The settings file of this name.
    File(String),
    /// The environment's variable of this name.
    Variable(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name) | Self::Variable(name) => f.write_str(name),
        }
    }
}

/// A value as it was given, and where.
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) source: Source,
}

/// Every value by its key (`server.port`), those that are no setting too.
pub struct Sources(BTreeMap<String, Given>);

impl Sources {
    /// Of the settings as they were merged: the library knows which layer won, and these what the layer is called.
    pub(super) fn new(root: &Value, file: Option<&str>, variables: &Variables) -> Self {
        let given = leaves(root).into_iter().map(|(key, value)| {
            let source = match value.origin() {
                None => Source::Default,
                // How the library calls it.
                Some("the environment") => Source::Variable(variables.name_of(&key)),
                Some(path) => Source::File(file.unwrap_or(path).to_owned()),
            };
            (key, Given { value: value.clone(), source })
        });
        Self(given.collect())
    }

    /// Where the value of `key` came from.
    #[must_use]
    pub fn of(&self, key: &str) -> &Source {
        self.0.get(key).map_or(&Source::Default, |given| &given.source)
    }

    pub(super) fn given(&self, key: &str) -> Option<&Given> {
        self.0.get(key)
    }

    /// The first key that is none of `known`, as a sentence with the one that may be meant.
    pub(super) fn refuse_unknown(&self, known: &[String]) -> anyhow::Result<()> {
        let Some((key, given)) = self.0.iter().find(|(key, _)| !known.contains(*key)) else { return Ok(()) };
        let section = format!("{key}.");
        if known.iter().any(|known| known.starts_with(&section)) {
            anyhow::bail!("{key} ({}) is a section, not a setting", given.source);
        }
        let meant = nearest(key, known);
        let meant = match (&given.source, meant.is_empty()) {
            (_, true) => "docs/SETTINGS.md lists them all, and so does `minitwit settings`".to_owned(),
            (Source::Variable(_), false) => format!("did you mean {}?", list(meant.iter().map(|key| variable(key)))),
            (_, false) => format!("did you mean {}?", list(meant.iter().map(|key| (*key).clone()))),
        };
        anyhow::bail!("{key} ({}) is no setting: {meant}", given.source)
    }
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(" or ")
}

/// The keys that look most like `key`: by a slip of a finger or two, or in the wrong section.
fn nearest<'a>(key: &str, known: &'a [String]) -> Vec<&'a String> {
    /// Below this, two words have little in common.
    const ALIKE: f64 = 0.6;
    let score = |known: &str| {
        let ((section, name), (known_section, known_name)) = (parts(key), parts(known));
        let alike = strsim::normalized_damerau_levenshtein;
        let is_below = key.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'));
        let by_letters = alike(section, known_section) * alike(name, known_name);
        match (is_below, name == known_name) {
            (true, _) => 1.0,
            (_, true) => by_letters.max(ALIKE),
            _ => by_letters,
        }
    };
    let best = known.iter().map(|known| score(known)).fold(ALIKE, f64::max);
    known.iter().filter(|known| score(known) >= best).collect()
}

/// Section and name.
fn parts(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// The values of a tree by their keys, with dots between.
pub(super) fn leaves(root: &Value) -> BTreeMap<String, &Value> {
    fn walk<'a>(prefix: &str, value: &'a Value, found: &mut BTreeMap<String, &'a Value>) {
        match &value.kind {
            ValueKind::Table(table) => {
                for (key, value) in table {
                    walk(&if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") }, value, found);
                }
            }
            _ => _ = found.insert(prefix.to_owned(), value),
        }
    }
    let mut found = BTreeMap::new();
    walk("", root, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_a_slip_away_or_in_another_section() {
        let known =
            ["mode", "server.port", "server.host", "ops.port", "ops.host", "server.body_limit"].map(String::from);
        for (key, meant) in [
            ("server.prot", &["server.port"][..]),
            ("sever.port", &["server.port"]),
            ("server.bodylimit", &["server.body_limit"]),
            ("mod", &["mode"]),
            ("port", &["server.port", "ops.port"]),
            ("server.colour", &[]),
            ("server.port.x", &["server.port"]),
        ] {
            assert_eq!(nearest(key, &known), meant, "{key}");
        }
    }
}
