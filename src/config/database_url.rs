//! A database's URL, taken apart: what it names, what may be shown of it, and what must not.
//!
//! Not by the `url` crate, which would refuse what libpq takes: a list of hosts with ports of their own
//! (`db:5432,other:5433`), or no host beside a user.

use percent_encoding::percent_decode_str;

/// Stands for what is not shown.
pub(super) const MASK: &str = "***";

/// What a URL names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseUrl<'a> {
    /// `sqlite:FILE` or `sqlite://FILE`: the file, which may be empty.
    Sqlite(&'a str),
    /// `postgres://…` or `postgresql://…`
    Postgres(PostgresUrl<'a>),
    /// Nothing that Minitwit knows: what stands before the first colon.
    Other(&'a str),
}

/// The parts of a URL of libpq's, as they stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresUrl<'a> {
    scheme: &'a str,
    /// What stands before the last `@`.
    credentials: Option<&'a str>,
    /// Hosts, ports and the database's name.
    place: &'a str,
    parameters: &'a str,
}

impl<'a> DatabaseUrl<'a> {
    /// Takes a URL apart; checks nothing but its beginning.
    #[must_use]
    pub fn parse(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        match (scheme, rest.strip_prefix("//")) {
            ("sqlite", file) => Self::Sqlite(file.unwrap_or(rest)),
            ("postgres" | "postgresql", Some(rest)) => {
                let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
                let (credentials, place) =
                    address.rsplit_once('@').map_or((None, address), |(before, place)| (Some(before), place));
                Self::Postgres(PostgresUrl { scheme, credentials, place, parameters })
            }
            _ => Self::Other(scheme),
        }
    }
}

impl DatabaseUrl<'_> {
    /// The URL as it may be shown: without passwords. Of one that is not well-formed only the scheme stays.
    #[must_use]
    pub fn without_password(url: &str) -> String {
        match DatabaseUrl::parse(url) {
            DatabaseUrl::Sqlite(_) => url.to_owned(),
            DatabaseUrl::Postgres(parts) => parts.without_password(),
            DatabaseUrl::Other(scheme) if url.contains(':') => format!("{scheme}://{MASK}"),
            DatabaseUrl::Other(_) => MASK.to_owned(),
        }
    }
}

impl<'a> PostgresUrl<'a> {
    /// Finds what libpq would not understand, and quote, the password with it.
    ///
    /// # Errors
    /// What is wrong, without a word of the URL.
    pub fn check(&self) -> Result<(), &'static str> {
        let Self { credentials, place, parameters, .. } = self;
        let credentials = credentials.unwrap_or_default();
        let has_odd = |part: &str| part.chars().any(|char| char.is_whitespace() || char.is_control());
        if [credentials, place, parameters].into_iter().any(|part| has_odd(part) || !is_encoded(part)) {
            return Err("it has a space, or a % that encodes nothing");
        }
        // A password with a question mark, which libpq understands.
        if parameters.contains('@') {
            return Ok(());
        }
        if credentials.contains(['@', '/'])
            || place.contains(';')
            || !parameters.contains('=') && !parameters.is_empty()
        {
            return Err("it has a character in the wrong place");
        }
        let hosts = place.split('/').next().unwrap_or_default();
        let is_host = |host: &str| {
            let (name, port) = match host.strip_prefix('[').map(|rest| rest.split_once(']')) {
                Some(Some((name, port))) => (name, port.strip_prefix(':').or_else(|| port.is_empty().then_some(""))),
                Some(None) => return false,
                None => host.split_once(':').map_or((host, Some("")), |(name, port)| (name, Some(port))),
            };
            !name.contains(['[', ']']) && port.is_some_and(|port| port.chars().all(|char| char.is_ascii_digit()))
        };
        if hosts.split(',').all(is_host) { Ok(()) } else { Err("a host or its port is none") }
    }

    /// User and password, if there is a password; both as they are encoded.
    #[must_use]
    pub fn credentials(&self) -> Option<(&'a str, &'a str)> {
        self.credentials?.split_once(':')
    }

    /// Where it is: hosts, ports and the database's name.
    #[must_use]
    pub fn place(&self) -> &'a str {
        // The end of a password that has a question mark in it.
        if self.parameters.contains('@') { MASK } else { self.place }
    }

    /// Whether libpq is given a value for this parameter.
    #[must_use]
    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameters.split('&').any(|parameter| parameter.split('=').next() == Some(name))
    }

    fn without_password(&self) -> String {
        let Self { scheme, credentials, place, parameters } = self;
        // Whatever stands behind an @ in the wrong place may be the end of a password.
        let is_clear = credentials.is_none_or(|credentials| !credentials.contains(['@', '/', '#']));
        let is_clear = is_clear && !place.contains([';', '=']);
        if !is_clear || parameters.contains('@') {
            return format!("{scheme}://{MASK}");
        }
        let credentials = match (credentials, self.credentials()) {
            (_, Some((user, _))) => format!("{user}:{MASK}@"),
            (Some(user), None) => format!("{user}@"),
            (None, None) => String::new(),
        };
        let shown: Vec<String> = parameters.split('&').map(without_secret).collect();
        let question = if parameters.is_empty() { "" } else { "?" };
        format!("{scheme}://{credentials}{place}{question}{}", shown.join("&"))
    }
}

/// Whether each `%` is followed by two digits, and encodes something.
fn is_encoded(part: &str) -> bool {
    part.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit) && digits != b"00")
    })
}

/// A parameter of libpq's; those that are called so are secrets, or the paths of some.
fn without_secret(parameter: &str) -> String {
    let name = parameter.split('=').next().unwrap_or_default();
    let plain = percent_decode_str(name).decode_utf8_lossy().to_lowercase();
    let is_secret = ["pass", "secret", "key"].iter().any(|word| plain.contains(word));
    if is_secret { format!("{name}={MASK}") } else { parameter.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_all_but_its_passwords() {
        for (url, shown) in [
            ("sqlite://minitwit.db", "sqlite://minitwit.db"),
            ("postgres://db/minitwit", "postgres://db/minitwit"),
            ("postgres://me@db:5432/minitwit?connect_timeout=9", "postgres://me@db:5432/minitwit?connect_timeout=9"),
            ("postgres://me:s3cret@db,other:5433/minitwit", "postgres://me:***@db,other:5433/minitwit"),
            ("postgres://me:s3cret@db:1,other:5433/x", "postgres://me:***@db:1,other:5433/x"),
            ("postgres://me:s3cret@/x?host=%2Frun", "postgres://me:***@/x?host=%2Frun"),
            ("postgresql://me:s3:cret@[::1]/x?sslmode=off", "postgresql://me:***@[::1]/x?sslmode=off"),
            ("postgres://db/x?user=me&password=s3cret&a=b", "postgres://db/x?user=me&password=***&a=b"),
            ("postgres://db/x?p%61ssword=s3cret", "postgres://db/x?p%61ssword=***"),
            ("postgres://me:s3/cret@db/x", "postgres://***"),
            ("postgres://me:s3#cret@db/x", "postgres://***"),
            ("postgres://me:s3?cret@db/x", "postgres://***"),
            ("postgres://me:s3@cret@db/x", "postgres://***"),
            ("postgres://db/x?password=s3@cret", "postgres://***"),
            ("postgres:me:s3cret@db", "postgres://***"),
            ("postgres://me@db/x;password=s3cret", "postgres://***"),
            ("mysql://me:s3cret@db", "mysql://***"),
            ("host=db password=s3cret", "***"),
        ] {
            assert_eq!(DatabaseUrl::without_password(url), shown);
            assert!(!DatabaseUrl::without_password(url).contains("cret"));
        }
    }

    #[test]
    fn what_libpq_would_quote_is_refused_before() {
        let check = |url| match DatabaseUrl::parse(url) {
            DatabaseUrl::Postgres(parts) => parts.check(),
            other => panic!("{other:?}"),
        };
        for good in [
            "postgres://db/minitwit",
            "postgres://me:s3%20cret%2F@db:5432,other:5433/minitwit?connect_timeout=9",
            "postgres://me:s3:cret#@[::1]:5432/x?sslmode=off&a=b",
            "postgres://me:s3?cret@db/x?a=b",
            "postgres://me@/x?host=%2Frun",
            "postgres://%2Frun%2Fpostgres/x",
            "postgresql://",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "postgres://u:SEC RET@h/db",
            "postgres://u:SEC%zzRET@h/db",
            "postgres://u:SECRET%@h/db",
            "postgres://u:SECRET%00x@h/db",
            "postgres://u:SECRET@[::1/db",
            "postgres://u:SEC/RET@h/db",
            "postgres://u:SEC@RET@h/db",
            "postgres://u@h/db;password=SECRET",
            "postgres://u@h:SECRET/db",
            "postgres://u@h/db?SECRET",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_place_gives_no_secret_away() {
        let place = |url| match DatabaseUrl::parse(url) {
            DatabaseUrl::Postgres(parts) => parts.place(),
            other => panic!("{other:?}"),
        };
        assert_eq!(place("postgres://me:s3:cr@t@db:5432/minitwit?options=x"), "db:5432/minitwit");
        assert_eq!(place("postgres://me:s3/cret@db/x"), "db/x");
        assert_eq!(place("postgres://me:s3?cret@db/x"), "***");
        assert_eq!(place("postgresql://db/minitwit"), "db/minitwit");
    }

    #[test]
    fn parts_are_what_stands_in_it() {
        let DatabaseUrl::Postgres(parts) = DatabaseUrl::parse("postgres://me:a%20b:c@db/x?connect_timeout=9&a") else {
            panic!("it is one of Postgres'")
        };
        assert_eq!(parts.credentials(), Some(("me", "a%20b:c")));
        assert!(parts.has_parameter("connect_timeout") && parts.has_parameter("a") && !parts.has_parameter("timeout"));
        assert_eq!(DatabaseUrl::parse("sqlite:///srv/a.db"), DatabaseUrl::Sqlite("/srv/a.db"));
        assert_eq!(DatabaseUrl::parse("sqlite:a.db"), DatabaseUrl::Sqlite("a.db"));
        assert_eq!(DatabaseUrl::parse("a.db"), DatabaseUrl::Other("a.db"));
    }
}
