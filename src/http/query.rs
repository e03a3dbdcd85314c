//! Query strings read leniently: what cannot be understood counts as absent.

use std::{borrow::Cow, convert::Infallible, num::IntErrorKind};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};

/// The first value of `key`.
#[must_use]
pub fn find(query: &str, key: &str) -> Option<String> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = serde_urlencoded::from_str(query).ok()?;
    pairs.into_iter().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
}

/// An integer that fits; none otherwise.
#[must_use]
pub fn integer(query: &str, key: &str) -> Option<i64> {
    find(query, key)?.trim().parse().ok()
}

/// How long a list of the API is when nobody says, and how long it may be (the contract's numbers).
const LIST: (i64, i64) = (100, 1000);

/// Extractor: how many items a list of the API may have (`?no=N`). An integer, however large, is brought into
/// the range; what is none counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListLimit(pub i64);

impl FromRequest for ListLimit {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(list_limit(request.query_string()))))
    }
}

fn list_limit(query: &str) -> i64 {
    let (default, most) = LIST;
    let Some(text) = find(query, "no") else { return default };
    match text.trim().parse::<i64>() {
        Ok(number) => number.clamp(0, most),
        Err(why) if *why.kind() == IntErrorKind::PosOverflow => most,
        Err(why) if *why.kind() == IntErrorKind::NegOverflow => 0,
        Err(_) => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_and_the_rest_is_absent() {
        assert_eq!(integer("latest=1337", "latest"), Some(1337));
        assert_eq!(integer("no=3&latest=-5", "latest"), Some(-5));
        for none in [
            "",
            "latest",
            "latest=",
            "latest=abc",
            "latest=1e3",
            "latest=1.0",
            "latest=99999999999999999999",
            "%ff&&=&",
        ] {
            assert_eq!(integer(none, "latest"), None, "{none}");
        }
    }

    #[test]
    fn limits_are_clamped() {
        for (query, expected) in [
            ("no=20", 20),
            ("no=-1", 0),
            ("no=5000", 1000),
            ("no=1e99", 100),
            ("", 100),
            ("no=99999999999999999999", 1000),
            ("no=-99999999999999999999", 0),
        ] {
            assert_eq!(list_limit(query), expected, "{query}");
        }
    }
}
