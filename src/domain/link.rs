//! A link to somewhere on the web, as somebody wrote it.

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

use super::invisible::is_invisible;

/// Characters that are shown of a link at most.
pub const MAX_SHOWN: usize = 30;
/// Those before the gap of one that is too long, unless its host takes more.
const HEAD: usize = 19;
/// The longest host that is shown whole beside a path.
const MAX_HOST: usize = 24;

/// An address of `http` or `https` that says on its face where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What is read: without the scheme, shortened in the middle, its host as the network knows it. At most
    /// [`MAX_SHOWN`] characters.
    pub shown: String,
}

impl Link {
    /// Reads an address with its scheme. `None` when it is none, or one that pretends to lead elsewhere, as
    /// `https://example.org@elsewhere.example` does.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let after_scheme = after_scheme(written)?;
        let authority = after_scheme.find(['/', '\\', '?', '#']).unwrap_or(after_scheme.len());
        if authority == 0 || written.chars().any(ends_link) {
            return None;
        }
        let url = Url::parse(written).ok()?;
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host = url.host_str()?;
        let place = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let rest = Some(&after_scheme[authority..]).filter(|rest| *rest != "/").unwrap_or_default();
        Some(Self { shown: shorten(&place, rest), href: url.into() })
    }
}

/// What stands behind `http://` or `https://`, in any case.
pub(super) fn after_scheme(text: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    })
}

/// What no link goes beyond: white space, what is not seen, and what is written around links.
pub(super) fn ends_link(c: char) -> bool {
    const AROUND: &str = "<>\"`\u{201c}\u{201d}\u{201e}«»，。、；：！？「」『』（）《》【】";
    c.is_whitespace() || c.is_control() || is_invisible(c) || AROUND.contains(c)
}

/// The host (in ASCII) and what follows it, with a gap where it is too long. The end of a host says whose it is,
/// so that is never in the gap.
fn shorten(host: &str, rest: &str) -> String {
    let rest: Vec<&str> = rest.graphemes(true).collect();
    if host.len() + rest.len() <= MAX_SHOWN {
        return host.to_owned() + &rest.concat();
    }
    if host.len() <= MAX_HOST {
        let head = HEAD.max(host.len());
        let (begin, end) = (&rest[..head - host.len()], &rest[rest.len() - (MAX_SHOWN - 1 - head)..]);
        return format!("{host}{}…{}", begin.concat(), end.concat());
    }
    let host = |length: usize| &host[host.len().saturating_sub(length)..];
    match rest.len() {
        0 => format!("…{}", host(MAX_SHOWN - 1)),
        1..=9 => format!("…{}{}", host(MAX_SHOWN - 10), rest.concat()),
        many => format!("…{}…{}", host(MAX_SHOWN - 10), rest[many - 8..].concat()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(written: &str) -> String {
        Link::parse(written).unwrap().shown
    }

    #[test]
    fn a_link_is_shown_without_its_scheme_and_with_a_gap() {
        assert_eq!(shown("https://example.org/"), "example.org");
        assert_eq!(shown("HTTP://Example.org:8080/a?b#c"), "example.org:8080/a?b#c");
        assert_eq!(shown("https://da.wikipedia.org/wiki/Søren"), "da.wikipedia.org/wiki/Søren");
        assert_eq!(shown("https://example.org/2026/11/a-very-long-story.html"), "example.org/2026/11…story.html");
        assert_eq!(Link::parse("https://example.org/Søren").unwrap().href, "https://example.org/S%C3%B8ren");
    }

    #[test]
    fn nobody_reads_another_host_than_the_one_it_leads_to() {
        assert_eq!(shown("https://аpple.com/x"), "xn--pple-43d.com/x", "a Cyrillic letter");
        assert_eq!(
            shown("https://login.bank.example.org.a-host-of-my-own.example/login/now.html"),
            "…st-of-my-own.example…now.html"
        );
        assert_eq!(shown("https://a-long-host-of-some-department.example.org"), "…f-some-department.example.org");
        for pretence in ["https://bank.example@evil.example/", "https://a:b@evil.example", "https:///bank.example"] {
            assert_eq!(Link::parse(pretence), None, "{pretence}");
        }
    }

    #[test]
    fn only_the_web_is_linked() {
        for none in [
            "",
            "https://",
            "https:// ",
            "example.org",
            "ftp://example.org",
            "javascript:alert(1)",
            "https://a b",
            "https://exa\u{202e}mple.org",
            "http://[::1",
        ] {
            assert_eq!(Link::parse(none), None, "{none}");
        }
        assert!(Link::parse("http://[::1]:8080/").is_some());
    }

    proptest! {
        #[test]
        fn whatever_is_linked_leads_to_the_web_and_is_short(rest in "\\PC{0,80}", host in "[a-z.-]{1,60}") {
            if let Some(link) = Link::parse(&format!("https://{host}{rest}")) {
                prop_assert!(link.href.starts_with("https://") && link.href.is_ascii());
                prop_assert!(link.shown.graphemes(true).count() <= MAX_SHOWN, "{}", link.shown);
                prop_assert_eq!(Link::parse(&link.href).map(|again| again.href), Some(link.href));
            }
        }
    }
}
