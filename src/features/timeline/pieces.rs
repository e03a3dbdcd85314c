//! A message's text as a template shows it: plain pieces, and pieces that lead somewhere.

use std::borrow::Cow;

use crate::domain::{Segment, segments::segments, username::profile_path};

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What is read.
    pub shown: Cow<'a, str>,
    /// Where it leads, if it does.
    pub href: Option<String>,
    /// Whether that is another site, which we know nothing of.
    pub is_elsewhere: bool,
}

/// The pieces of a text in which these names are mentioned.
#[must_use]
pub fn pieces<'a>(text: &'a str, mentioned: &'a [String]) -> Vec<Piece<'a>> {
    let ours = |shown, href| Piece { shown, href: Some(href), is_elsewhere: false };
    let piece = |segment| match segment {
        Segment::Text(text) => Piece { shown: text.into(), href: None, is_elsewhere: false },
        Segment::Person { shown, name } => ours(shown.into(), profile_path(name)),
        Segment::Tag { shown, tag } => ours(shown.into(), tag.path()),
        Segment::Link { href, shown } => Piece { shown: shown.into(), href: Some(href), is_elsewhere: true },
    };
    segments(text, mentioned).into_iter().map(piece).collect()
}
