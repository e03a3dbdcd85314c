//! The environment's variables: their other names, and secrets that lie in files.

use std::{collections::HashMap, path::PathBuf};

use anyhow::{Context, bail};

/// Opens every variable that is a setting; two underscores also stand between section and key.
pub(super) const PREFIX: &str = "MINITWIT__";
/// Names that platforms set, and the variables they stand for.
const ALIASES: [(&str, &str); 4] = [
    ("DATABASE_URL", "MINITWIT__DATABASE__URL"),
    ("DATABASE_URL_FILE", "MINITWIT__DATABASE__URL_FILE"),
    ("PORT", "MINITWIT__SERVER__PORT"),
    ("RUST_LOG", "MINITWIT__LOG__FILTER"),
];
/// The keys that hold secrets. Each may be given by a file instead: append `_FILE` to the variable and name
/// it (Docker secrets do this).
pub(super) const SECRETS: [&str; 2] = ["database.url", "simulator.password"];

/// The environment, with settings under their own names.
pub(super) struct Variables {
    values: HashMap<String, String>,
    /// What the operator calls a variable, where that is not its own name.
    given_as: HashMap<String, String>,
}

impl Variables {
    /// Those of the process.
    pub(super) fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let all = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            // Compose files write `PORT=${PORT:-}`: what is empty is not set.
            .filter(|(_, value)| !value.is_empty());
        Self::new(all.collect())
    }

    pub(super) fn new(values: HashMap<String, String>) -> Self {
        let mut variables = Self { values, given_as: HashMap::new() };
        for (alias, name) in ALIASES {
            if !variables.values.contains_key(name)
                && let Some(value) = variables.values.get(alias).cloned()
            {
                variables.values.insert(name.to_owned(), value);
                variables.given_as.insert(name.to_owned(), alias.to_owned());
            }
        }
        variables
    }

    /// The settings file that `MINITWIT_CONFIG` names.
    pub(super) fn config_file(&self) -> Option<&str> {
        self.values.get("MINITWIT_CONFIG").map(String::as_str)
    }

    /// The files that hold secrets: those that `…_FILE` variables name.
    pub(super) fn secret_files(&self) -> Vec<PathBuf> {
        let names = SECRETS.map(|key| format!("{}_FILE", variable(key)));
        names.iter().filter_map(|name| self.values.get(name)).map(PathBuf::from).collect()
    }

    /// Puts what the secret files hold in the place of their names.
    pub(super) fn read_secret_files(&mut self) -> anyhow::Result<()> {
        for name in SECRETS.map(variable) {
            let file_name = format!("{name}_FILE");
            let Some(path) = self.values.remove(&file_name) else { continue };
            if self.values.contains_key(&name) {
                bail!("{name} and {file_name} are both set: keep one of them");
            }
            let value = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {path}, which {file_name} names"))?;
            self.values.insert(name.clone(), value.trim_end_matches(['\r', '\n']).to_owned());
            let given_as = self.given_as.remove(&file_name).unwrap_or(file_name);
            self.given_as.insert(name, given_as);
        }
        Ok(())
    }

    /// The settings among them.
    pub(super) fn settings(&self) -> HashMap<String, String> {
        self.values.iter().filter(|(name, _)| name.starts_with(PREFIX)).map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    /// The variable that gave `key` (`server.port`) its value, as the operator calls it.
    pub(super) fn name_of(&self, key: &str) -> String {
        let name = variable(key);
        self.given_as.get(&name).cloned().unwrap_or(name)
    }
}

/// The variable of a key: `MINITWIT__SERVER__PORT` of `server.port`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}
