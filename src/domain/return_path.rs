//! Where somebody goes back to after an action or after signing in.

use percent_encoding::percent_decode_str;

use super::{MessageId, routes};

/// The longest, in bytes.
pub const MAX_BYTES: usize = 2000;

/// What a path must not end in: by these the course's suites follow, by GET, and a link to the sign-in form must not
/// make somebody do so.
const ACTS: [&str; 2] = ["follow", "unfollow"];

/// A path of this site, with its query: never another host, whatever a browser makes of it, and nothing that acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// Reads a path, which must be as our own pages write it: percent-encoded, beginning with one slash, without a
    /// fragment. `None` when it is anything else.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let is_written_by_us = raw.len() <= MAX_BYTES && raw.bytes().all(|byte| byte.is_ascii_graphic());
        // A browser takes "//" and "/\" for the beginning of a host.
        if !is_written_by_us || raw.contains(['\\', '#']) || !raw.starts_with('/') || raw.starts_with("//") {
            return None;
        }
        let path = raw.split_once('?').map_or(raw, |(path, _)| path);
        let words = path.split('/').filter(|word| !word.is_empty()).map(|word| percent_decode_str(word).decode_utf8());
        let words = words.collect::<Result<Vec<_>, _>>().ok()?;
        let is_plain =
            |word: &str| word != "." && word != ".." && !word.contains(['/', '\\']) && !word.contains(char::is_control);
        let acts = words.last().is_some_and(|last| ACTS.contains(&&**last))
            || words.first().is_some_and(|first| [routes::LOGOUT, routes::ADD_MESSAGE].contains(&&**first));
        (words.iter().all(|word| is_plain(word)) && !acts).then(|| Self(raw.to_owned()))
    }

    /// The path, fit for a `Location`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same place, at a message of the page.
    #[must_use]
    pub fn at_message(&self, id: MessageId) -> String {
        format!("{}#m{id}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn paths_of_ours_lead_back() {
        for path in [
            "/",
            "/public",
            "/public?before=1582246862-7",
            "/Ada%20Lovelace/7",
            "/search?q=a%2Fb",
            "/tags/caf%C3%A9",
            "/x..y",
        ] {
            assert_eq!(ReturnPath::parse(path).unwrap().as_str(), path);
        }
        assert_eq!(ReturnPath::parse("/public").unwrap().at_message(MessageId(7)), "/public#m7");
    }

    #[test]
    fn whatever_leads_elsewhere_or_acts_is_refused() {
        let too_long = format!("/{}", "x".repeat(MAX_BYTES));
        for path in [
            "",
            "public",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "///evil.example",
            "/\t/evil.example",
            "/%5cevil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " /public",
            "/a b",
            "/a\nb",
            "/Søren",
            "/a#b",
            "/../x",
            "/%2e%2e/x",
            "/a/./b",
            "/a%2fb",
            "/a%00",
            "/%ff",
            "/bob/follow",
            "/bob/follow/",
            "/bob/f%6fllow?x",
            "/bob//unfollow",
            "/logout",
            "/%6cogout",
            "/logout/?x=/",
            "/add_message",
            &too_long,
        ] {
            assert_eq!(ReturnPath::parse(path), None, "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn no_browser_leaves_the_site(raw in "[/\\\\.@:?%a-z0-9\t ]{0,3}[/\\\\a-z.@:?%25cef\t\n#]{0,30}") {
            if let Some(path) = ReturnPath::parse(&raw) {
                let base = Url::parse("https://minitwit.example/login?next=x").unwrap();
                let there = base.join(path.as_str()).unwrap();
                prop_assert_eq!(there.origin(), base.origin());
                prop_assert!(!there.path().ends_with("/follow") && there.path() != "/logout");
            }
        }
    }
}
