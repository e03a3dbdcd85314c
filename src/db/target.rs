//! What a database URL names.

use std::path::PathBuf;

use anyhow::{anyhow, bail, ensure};
use secrecy::{ExposeSecret, SecretString};

use crate::config::{DatabaseUrl, PostgresUrl};

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// A database that can be opened; `connection.rs` opens it.
#[derive(Clone)]
pub enum Target {
    /// A libpq connection string with our defaults added.
    Postgres(SecretString),
    /// A file.
    Sqlite(PathBuf),
}

impl Target {
    /// Reads `postgres://…`, `postgresql://…`, `sqlite://FILE` or `sqlite:FILE`. Anything else is
    /// refused: SQLite takes every string for a file, and a typing error would start an empty site.
    ///
    /// # Errors
    /// A sentence that says what is accepted.
    pub fn parse(url: &SecretString) -> anyhow::Result<Self> {
        match DatabaseUrl::parse(url.expose_secret()) {
            DatabaseUrl::Postgres(parts) => {
                parts.check().map_err(|why| {
                    anyhow!(
                        "database.url cannot be read: {why}. In names and passwords write %25 for %, %2F for /, %40 \
                         for @, %3A for :, %3B for ; and %20 for a space"
                    )
                })?;
                Ok(Self::Postgres(with_libpq_defaults(url.expose_secret(), &parts).into()))
            }
            DatabaseUrl::Sqlite(file) => {
                ensure!(
                    !file.is_empty() && file != ":memory:" && !file.contains('?'),
                    "database.url names no file: write sqlite://FILE"
                );
                Ok(Self::Sqlite(file.into()))
            }
            // What is no word may be a connection string of another kind, with a password in it.
            DatabaseUrl::Other(scheme) if scheme.chars().all(|char| char.is_ascii_alphanumeric()) => bail!(
                "database.url has the scheme {scheme:?}: write sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME"
            ),
            DatabaseUrl::Other(_) => bail!(
                "database.url does not begin with a scheme: write sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME"
            ),
        }
    }

    /// Which backend it is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self {
            Self::Postgres(_) => Backend::Postgres,
            Self::Sqlite(_) => Backend::Sqlite,
        }
    }

    /// Where it is, without user and password.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(file) => file.display().to_string(),
            Self::Postgres(url) => match DatabaseUrl::parse(url.expose_secret()) {
                DatabaseUrl::Postgres(parts) => parts.place().to_owned(),
                DatabaseUrl::Sqlite(_) | DatabaseUrl::Other(_) => String::new(),
            },
        }
    }
}

/// A server that vanished must not hold a thread for the two hours that TCP allows.
fn with_libpq_defaults(url: &str, parts: &PostgresUrl<'_>) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", "3"), ("tcp_user_timeout", "10000"), ("application_name", "minitwit")] {
        if !parts.has_parameter(name) {
            let joint = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{joint}{name}={value}");
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_schemes_are_opened() {
        for good in ["sqlite://a.db", "sqlite:a.db", "sqlite:///tmp/a.db", "postgres://h/d", "postgresql://h/d"] {
            assert!(Target::parse(&good.into()).is_ok(), "{good}");
        }
        for bad in ["", "a.db", "mysql://h/d", "postgre://h/d", "sqlite:", "sqlite::memory:", "sqlite://a?b"] {
            assert!(Target::parse(&bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn libpq_gets_bounds_unless_the_url_has_its_own() {
        let given = |url: &str| match Target::parse(&url.into()).unwrap() {
            Target::Postgres(url) => url.expose_secret().to_owned(),
            Target::Sqlite(file) => panic!("{}", file.display()),
        };
        assert_eq!(
            given("postgres://h/d?connect_timeout=9"),
            "postgres://h/d?connect_timeout=9&tcp_user_timeout=10000&application_name=minitwit"
        );
        assert_eq!(
            given("postgres://h/d"),
            "postgres://h/d?connect_timeout=3&tcp_user_timeout=10000&application_name=minitwit"
        );
    }
}
