//! Where settings come from, and which source wins.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use config::{Config, Environment, File, FileFormat};

use super::{DEFAULTS, Settings};

/// The file that is read when it exists and `MINITWIT_CONFIG` names no other.
const DEFAULT_FILE: &str = "minitwit.toml";
/// Opens every variable; two underscores also stand between section and key.
const PREFIX: &str = "MINITWIT";
/// Names that platforms set, and the variables they stand for.
const ALIASES: [(&str, &str); 4] = [
    ("DATABASE_URL", "MINITWIT__DATABASE__URL"),
    ("DATABASE_URL_FILE", "MINITWIT__DATABASE__URL_FILE"),
    ("PORT", "MINITWIT__SERVER__PORT"),
    ("RUST_LOG", "MINITWIT__LOG__FILTER"),
];
/// Each may be given by a file instead: append `_FILE` and name it (Docker secrets do this).
const SECRETS: [&str; 2] = ["MINITWIT__DATABASE__URL", "MINITWIT__SIMULATOR__PASSWORD"];

/// The settings in force, from the process's environment, checked.
///
/// # Errors
/// A sentence that names the file, key or variable: unreadable, unknown, of the wrong type, or
/// unfit for production.
pub fn load() -> anyhow::Result<Settings> {
    load_from(environment())
}

/// As [`load`], but unchecked: for who looks into settings and does not run by them.
///
/// # Errors
/// As [`load`], but for what is unfit.
pub fn read() -> anyhow::Result<Settings> {
    read_from(environment())
}

/// The files that hold secrets: those that `…_FILE` variables name.
#[must_use]
pub fn secret_files() -> Vec<PathBuf> {
    let mut environment = environment();
    apply_aliases(&mut environment);
    SECRETS.iter().filter_map(|name| environment.remove(&format!("{name}_FILE"))).map(PathBuf::from).collect()
}

fn environment() -> HashMap<String, String> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        // Compose files write `PORT=${PORT:-}`: what is empty is not set.
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

impl Settings {
    /// The embedded defaults and nothing else; for tests, which then change what they need.
    ///
    /// # Panics
    /// Never: a test reads the defaults.
    #[must_use]
    pub fn defaults() -> Self {
        let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml)).build();
        defaults.and_then(Config::try_deserialize).expect("the embedded defaults are settings")
    }
}

fn load_from(environment: HashMap<String, String>) -> anyhow::Result<Settings> {
    let settings = read_from(environment)?;
    settings.check()?;
    Ok(settings)
}

fn read_from(mut environment: HashMap<String, String>) -> anyhow::Result<Settings> {
    let file = environment.get("MINITWIT_CONFIG").cloned();
    apply_aliases(&mut environment);
    read_secret_files(&mut environment)?;

    let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    match file {
        Some(path) => {
            builder = builder.add_source(File::new(&path, FileFormat::Toml).required(true));
        }
        None if Path::new(DEFAULT_FILE).exists() => {
            builder = builder.add_source(File::new(DEFAULT_FILE, FileFormat::Toml));
        }
        None => {}
    }
    let variables = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .source(Some(environment.into_iter().filter(|(name, _)| name.starts_with("MINITWIT__")).collect()));
    builder
        .add_source(variables)
        .build()
        .context("cannot read the settings")?
        .try_deserialize()
        .context("cannot use the settings")
}

fn apply_aliases(environment: &mut HashMap<String, String>) {
    for (alias, name) in ALIASES {
        if !environment.contains_key(name)
            && let Some(value) = environment.get(alias).cloned()
        {
            environment.insert(name.to_owned(), value);
        }
    }
}

fn read_secret_files(environment: &mut HashMap<String, String>) -> anyhow::Result<()> {
    for name in SECRETS {
        let Some(path) = environment.remove(&format!("{name}_FILE")) else { continue };
        if environment.contains_key(name) {
            bail!("{name} and {name}_FILE are both set: keep one of them");
        }
        let value =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}, which {name}_FILE names"))?;
        environment.insert(name.to_owned(), value.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::config::Mode;

    fn settings(variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        load_from(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn refusal(variables: &[(&str, &str)]) -> String {
        format!("{:#}", settings(variables).unwrap_err())
    }

    #[test]
    fn nothing_is_needed_to_start() {
        let defaults = settings(&[]).unwrap();
        assert_eq!(defaults.mode, Mode::Development);
        assert_eq!(defaults.server.port, 8080);
        assert_eq!(defaults.database.url.expose_secret(), "sqlite://minitwit.db");
    }

    #[test]
    fn variables_and_their_aliases_win_over_defaults() {
        let settings = settings(&[
            ("PORT", "9000"),
            ("DATABASE_URL", "postgres://localhost/x"),
            ("MINITWIT__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"),
            ("MINITWIT__SIMULATOR__PASSWORD", "1e5"),
            ("MINITWIT__SIMULATOR__ENABLED", "false"),
        ])
        .unwrap();
        assert_eq!(settings.server.port, 9000);
        assert_eq!(settings.database.url.expose_secret(), "postgres://localhost/x");
        assert_eq!(settings.server.trusted_proxies.len(), 2);
        assert_eq!(settings.simulator.password.expose_secret(), "1e5", "a password is no number");
        assert!(!settings.simulator.enabled);
    }

    #[test]
    fn a_secret_may_come_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from a file\n").unwrap();
        let path = file.path().to_str().unwrap();
        let settings = settings(&[("MINITWIT__SIMULATOR__PASSWORD_FILE", path)]).unwrap();
        assert_eq!(settings.simulator.password.expose_secret(), "from a file");
    }

    #[test]
    fn unknown_keys_wrong_types_and_missing_files_are_refused_by_name() {
        assert!(refusal(&[("MINITWIT__SERVER__PROT", "1")]).contains("prot"));
        assert!(refusal(&[("MINITWIT__SERVER__PORT", "many")]).contains("port"));
        assert!(refusal(&[("MINITWIT__SERVER__ORIGIN", "example.org")]).contains("no origin"));
        assert!(refusal(&[("MINITWIT__DATABASE__URL_FILE", "/nowhere/at/all")]).contains("/nowhere/at/all"));
        assert!(refusal(&[("MINITWIT_CONFIG", "/nowhere/at/all.toml")]).contains("/nowhere/at/all.toml"));
    }

    #[test]
    fn production_refuses_the_default_simulator_password() {
        let why = refusal(&[("MINITWIT__MODE", "production")]);
        assert!(why.contains("MINITWIT__SIMULATOR__PASSWORD"), "{why}");
        assert!(settings(&[("MINITWIT__MODE", "production"), ("MINITWIT__SIMULATOR__PASSWORD", "x8Jw2-own")]).is_ok());
        assert!(settings(&[("MINITWIT__MODE", "production"), ("MINITWIT__SIMULATOR__ENABLED", "false")]).is_ok());
    }
}
