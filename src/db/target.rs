//! What a database URL names.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use secrecy::{ExposeSecret, SecretString};

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
        let text = url.expose_secret();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(with_libpq_defaults(text).into()));
        }
        let Some(file) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) else {
            let scheme = text.split(':').next().unwrap_or_default();
            bail!("database.url has the scheme {scheme:?}: write sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME");
        };
        ensure!(
            !file.is_empty() && file != ":memory:" && !file.contains('?'),
            "database.url names no file: write sqlite://FILE"
        );
        Ok(Self::Sqlite(file.into()))
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
            Self::Postgres(url) => {
                let url = url.expose_secret();
                let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
                let rest = rest.split('?').next().unwrap_or_default();
                rest.rsplit('@').next().unwrap_or_default().to_owned()
            }
        }
    }
}

/// A server that vanished must not hold a thread for the two hours that TCP allows.
fn with_libpq_defaults(url: &str) -> String {
    let mut url = url.to_owned();
    for (key, value) in [("connect_timeout", "3"), ("tcp_user_timeout", "10000"), ("application_name", "minitwit")] {
        if !url.contains(&format!("{key}=")) {
            let joint = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{joint}{key}={value}");
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
        assert_eq!(
            with_libpq_defaults("postgres://h/d?connect_timeout=9"),
            "postgres://h/d?connect_timeout=9&tcp_user_timeout=10000&application_name=minitwit"
        );
    }

    #[test]
    fn a_place_gives_no_secret_away() {
        let place = |url: &str| Target::parse(&url.into()).unwrap().place();
        assert_eq!(place("postgres://me:s3:cr@t@db:5432/minitwit?options=x"), "db:5432/minitwit");
        assert_eq!(place("postgresql://db/minitwit"), "db/minitwit");
        assert_eq!(place("sqlite:///srv/a.db"), "/srv/a.db");
    }
}
