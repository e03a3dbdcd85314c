//! Which layer of settings wins.

use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};

use super::{
    DEFAULTS, Settings,
    sources::{Sources, leaves},
    variables::Variables,
    wrong_value,
};

/// The file that is read when it exists and `MINITWIT_CONFIG` names no other.
const DEFAULT_FILE: &str = "minitwit.toml";

/// The settings in force, from the process's environment, checked.
///
/// # Errors
/// A sentence that names the file, key or variable: unreadable, unknown, of the wrong type, or
/// unfit for production.
pub fn load() -> anyhow::Result<Settings> {
    load_from(Variables::of_process())
}

/// As [`load`], but unchecked: for who looks into settings and does not run by them.
///
/// # Errors
/// As [`load`], but for what is unfit.
pub fn read() -> anyhow::Result<(Settings, Sources)> {
    read_from(Variables::of_process())
}

/// The files that hold secrets: those that `…_FILE` variables name.
#[must_use]
pub fn secret_files() -> Vec<PathBuf> {
    Variables::of_process().secret_files()
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

fn load_from(variables: Variables) -> anyhow::Result<Settings> {
    let (settings, _) = read_from(variables)?;
    settings.check()?;
    Ok(settings)
}

fn read_from(mut variables: Variables) -> anyhow::Result<(Settings, Sources)> {
    variables.read_secret_files()?;
    let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    let known: Vec<String> = leaves(&defaults.build_cloned()?.cache).into_keys().collect();

    let mut builder = defaults;
    let file = variables.config_file().or_else(|| Path::new(DEFAULT_FILE).exists().then_some(DEFAULT_FILE));
    if let Some(path) = file {
        builder = builder.add_source(File::new(path, FileFormat::Toml).required(true));
    }
    let environment =
        Environment::with_prefix("MINITWIT").prefix_separator("__").separator("__").source(Some(variables.settings()));
    let config = builder.add_source(environment).build().map_err(wrong_value::explain_file)?;
    let sources = Sources::new(&config.cache, file, &variables);
    sources.refuse_unknown(&known)?;
    let settings = config.try_deserialize().map_err(|why| wrong_value::explain(why, &sources))?;
    Ok((settings, sources))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use secrecy::ExposeSecret;

    use super::*;
    use crate::config::{Mode, Source, effective};

    fn given(variables: &[(&str, &str)]) -> Variables {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Variables::new(pairs.collect::<HashMap<_, _>>())
    }

    fn settings(variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        load_from(given(variables))
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
    fn a_network_to_listen_in_becomes_the_own_address_there() {
        let settings = settings(&[("MINITWIT__SERVER__HOST", "127.0.0.0/8")]).unwrap();
        assert!(settings.server.host.is_loopback() && settings.server.host.is_ipv4());
        // For documentation: nobody has it.
        let why = refusal(&[("MINITWIT__SERVER__HOST", "203.0.113.0/24")]);
        assert!(why.contains("no address of this machine is in 203.0.113.0/24"), "{why}");
        assert!(refusal(&[("MINITWIT__SERVER__HOST", "localhost")]).contains("neither an IP address nor a network"));
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
    fn what_is_no_setting_is_refused_with_what_is_meant() {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        let path = file.path().to_str().unwrap();
        for (variable, expected) in [
            (
                "MINITWIT__SERVER__PROT",
                "server.prot (MINITWIT__SERVER__PROT) is no setting: did you mean MINITWIT__SERVER__PORT?",
            ),
            ("MINITWIT__PORT", "did you mean MINITWIT__OPS__PORT or MINITWIT__SERVER__PORT?"),
            ("MINITWIT__SERVER__COLOUR", "docs/SETTINGS.md lists them all"),
            ("MINITWIT__SERVER", "server (MINITWIT__SERVER) is a section"),
            ("MINITWIT__SERVER__PORT__X", "did you mean MINITWIT__SERVER__PORT?"),
        ] {
            let why = refusal(&[(variable, "1")]);
            assert!(why.contains(expected), "{why}");
        }
        for (text, expected) in [
            ("[server]\nprot = 1", "did you mean server.port?"),
            ("[sever]\nport = 1", "sever.port ("),
            ("[server]\nport = {a = 1}", "server.port.a ("),
            ("[nothing]", "nothing"),
            ("mode = ", "TOML"),
        ] {
            std::fs::write(path, text).unwrap();
            let why = refusal(&[("MINITWIT_CONFIG", path)]);
            assert!(why.contains(expected) && (why.contains(path) || text == "[nothing]"), "{why}");
        }
    }

    #[test]
    fn wrong_values_are_refused_with_key_source_and_what_may_be_written() {
        for (variable, value, expected) in [
            ("PORT", "99999", "server.port is 99999 (PORT): write a whole number from 0 to 65535"),
            (
                "MINITWIT__SERVER__PORT",
                "0x50",
                "server.port is 0x50 (MINITWIT__SERVER__PORT): write a whole number from 0 to 65535",
            ),
            ("MINITWIT__OPS__PORT", "-1", "ops.port is -1 (MINITWIT__OPS__PORT): write a whole number from 0 to 65535"),
            ("MINITWIT__MODE", "prod", "mode is prod (MINITWIT__MODE): write \"development\" or \"production\""),
            ("MINITWIT__LOG__FORMAT", "xml", "log.format is xml (MINITWIT__LOG__FORMAT): write \"auto\", \"json\""),
            ("MINITWIT__SIMULATOR__ENABLED", "perhaps", "simulator.enabled is perhaps"),
            ("MINITWIT__SIMULATOR__ENABLED", "perhaps", "write true or false"),
            ("MINITWIT__DATABASE__POOL_SIZE", "4294967296", "write a whole number from 0 to 4294967295"),
            (
                "MINITWIT__DATABASE__WAIT_MS",
                "soon",
                "database.wait_ms is soon (MINITWIT__DATABASE__WAIT_MS): write a whole number, 0",
            ),
            (
                "MINITWIT__SERVER__HOST",
                "localhost",
                "server.host (MINITWIT__SERVER__HOST): \"localhost\" is neither an IP address nor a network: write 127.0.0.1",
            ),
            (
                "MINITWIT__SERVER__ORIGIN",
                "example.org",
                "server.origin (MINITWIT__SERVER__ORIGIN): \"example.org\" is no origin",
            ),
            (
                "MINITWIT__SERVER__TRUSTED_PROXIES",
                "10.0.0.0/8,10.x",
                "server.trusted_proxies (MINITWIT__SERVER__TRUSTED_PROXIES): \"10.x\"",
            ),
            (
                "MINITWIT__DATABASE__URL_FILE",
                "/nowhere/at/all",
                "/nowhere/at/all, which MINITWIT__DATABASE__URL_FILE names",
            ),
            ("MINITWIT_CONFIG", "/nowhere/at/all.toml", "/nowhere/at/all.toml"),
        ] {
            let why = refusal(&[(variable, value)]);
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn a_refusal_shows_no_secret() {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        let path = file.path().to_str().unwrap();
        for text in
            ["[simulator]\npassword = [\"s3cret\"]", "[database.url]\ns3cret = 1", "[database]\nurl = [\"s3cret\"]"]
        {
            std::fs::write(path, text).unwrap();
            let why = refusal(&[("MINITWIT_CONFIG", path)]);
            assert!(!why.contains("s3cret") || why.contains("database.url.s3cret"), "{why}");
            assert!(why.contains("simulator.password") || why.contains("database.url"), "{why}");
        }
    }

    #[test]
    fn the_settings_in_force_are_a_settings_file_without_secrets() {
        let secrets = [("DATABASE_URL", "postgres://me:s3cret@db/x"), ("MINITWIT__SIMULATOR__PASSWORD", "s3cret")];
        let others = [
            ("PORT", "0"),
            ("MINITWIT__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"),
            ("MINITWIT__SIMULATOR__USERNAME", "a \"quoted\"\tname\u{7f}, é"),
            ("MINITWIT__MODE", "production"),
            ("MINITWIT__SIMULATOR__ENABLED", "off"),
            ("MINITWIT__BACKUP__DIRECTORY", "back\\ups"),
        ];
        let (settings, sources) = read_from(given(&[&secrets[..], &others].concat())).unwrap();
        let shown = effective(&settings, &sources);
        assert!(!shown.contains("s3cret"), "{shown}");
        for line in [
            "mode = \"production\"  # MINITWIT__MODE",
            "port = 0  # PORT",
            "port = 9101  # default",
            "trusted_proxies = [\"10.0.0.0/8\",\"fd00::/8\"]  # MINITWIT__SERVER__TRUSTED_PROXIES",
            "enabled = false  # MINITWIT__SIMULATOR__ENABLED",
            "# url = \"postgres://me:***@db/x\"  # DATABASE_URL",
            "# password = \"***\"  # MINITWIT__SIMULATOR__PASSWORD",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line} is not in\n{shown}");
        }

        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        std::fs::write(file.path(), &shown).unwrap();
        let path = file.path().to_str().unwrap();
        let again = read_from(given(&[&secrets[..], &[("MINITWIT_CONFIG", path)]].concat())).unwrap();
        assert_eq!(serde_json::to_value(&again.0).unwrap(), serde_json::to_value(&settings).unwrap());
        assert_eq!(*again.1.of("server.port"), Source::File(path.to_owned()));
        let values =
            |text: &str| text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(values(&effective(&again.0, &again.1)), values(&shown));
    }

    #[test]
    fn the_settings_in_force_have_every_key() {
        let (settings, sources) = read_from(given(&[])).unwrap();
        let shown = effective(&settings, &sources);
        let keys = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| line.starts_with('[') || line.contains(" = "));
            let names = lines.map(|line| line.trim_start_matches("# ").split(" = ").next().unwrap().to_owned());
            names.collect()
        };
        let comments = |line: &&str| !line.starts_with('#');
        assert_eq!(keys(&shown), keys(&DEFAULTS.lines().filter(comments).collect::<Vec<_>>().join("\n")));
        assert!(!shown.contains("null"), "{shown}");
        assert!(keys(&shown).len() > 60);
    }

    #[test]
    fn production_refuses_the_default_simulator_password() {
        let why = refusal(&[("MINITWIT__MODE", "production")]);
        assert!(why.contains("MINITWIT__SIMULATOR__PASSWORD"), "{why}");
        assert!(settings(&[("MINITWIT__MODE", "production"), ("MINITWIT__SIMULATOR__PASSWORD", "x8Jw2-own")]).is_ok());
        assert!(settings(&[("MINITWIT__MODE", "production"), ("MINITWIT__SIMULATOR__ENABLED", "false")]).is_ok());
    }
}
