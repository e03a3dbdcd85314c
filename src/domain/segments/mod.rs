//! What a text is made of: plain words, and people, tags and links to lead to.
//!
//! Templates render the segments; no HTML is made here. Whom an `@` means is decided when a message is posted, by
//! [`candidates`] and [`mentioned`], and stored: a name that somebody takes later links nothing written before.
//! `docs/adr/0018-an-at-means-the-longest-name-of-the-moment.md`

use std::{collections::BTreeSet, ops::Range};

use super::{
    Username,
    link::{self, Link},
    tag::{Tag, is_word},
    username,
};

/// How many people, and how many tags, of one text are looked at; further ones stay plain text.
pub const MOST: usize = 20;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Plain text.
    Text(&'a str),
    /// Somebody who is mentioned.
    Person {
        /// What is read: `@` and the name.
        shown: String,
        /// Whose profile it leads to.
        name: &'a str,
    },
    /// A tag.
    Tag {
        /// What is read, as it was written.
        shown: &'a str,
        /// Whose timeline it leads to.
        tag: Tag,
    },
    /// A link to the web.
    Link {
        /// Where it leads.
        href: String,
        /// What is read.
        shown: String,
    },
}

/// The pieces of `text`, in their order. Of the names in `mentioned` an `@` means the longest that stands there and
/// ends where a word ends, `@[First Last]` that very name.
#[must_use]
pub fn segments<'a>(text: &'a str, mentioned: &'a [String]) -> Vec<Segment<'a>> {
    let person = |behind: &'a str| {
        let names = if mentioned.is_empty() { Vec::new() } else { names(behind) };
        names.into_iter().rev().find_map(|(length, name)| {
            let name = mentioned.iter().find(|mentioned| *mentioned == name.as_str())?;
            Some((length, Segment::Person { shown: format!("@{name}"), name }))
        })
    };
    let (mut pieces, mut from) = (Vec::new(), 0);
    for (place, segment) in find(text, person) {
        if place.start > from {
            pieces.push(Segment::Text(&text[from..place.start]));
        }
        from = place.end;
        pieces.push(segment);
    }
    if from < text.len() {
        pieces.push(Segment::Text(&text[from..]));
    }
    pieces
}

/// The names that the `@`s of `text` may mean, each once: those of them that somebody bears are for [`mentioned`].
#[must_use]
pub fn candidates(text: &str) -> Vec<String> {
    let mut candidates = BTreeSet::new();
    if text.contains('@') {
        find(text, |behind| {
            candidates.extend(names(behind).into_iter().map(|(_, name)| name.as_str().to_owned()));
            None
        });
    }
    candidates.into_iter().collect()
}

/// Those of the `known` names that `text` mentions, each once.
#[must_use]
pub fn mentioned<'a>(text: &'a str, known: &'a [String]) -> BTreeSet<&'a str> {
    let names = segments(text, known).into_iter().filter_map(|segment| match segment {
        Segment::Person { name, .. } => Some(name),
        _ => None,
    });
    names.collect()
}

/// The tags of `text`, each once.
#[must_use]
pub fn tags(text: &str) -> BTreeSet<Tag> {
    if !text.contains('#') {
        return BTreeSet::new();
    }
    let found = find(text, |_| None).into_iter().filter_map(|(_, segment)| match segment {
        Segment::Tag { tag, .. } => Some(tag),
        _ => None,
    });
    found.collect()
}

/// Whatever of `text` is no plain text, and where it stands. `person` reads what stands behind an `@`, and says how
/// many bytes of it belong to the name.
fn find<'a>(
    text: &'a str,
    mut person: impl FnMut(&'a str) -> Option<(usize, Segment<'a>)>,
) -> Vec<(Range<usize>, Segment<'a>)> {
    let mut found = Vec::new();
    if !text.contains(['@', '#']) && !text.contains("://") {
        return found;
    }
    let (mut people, mut tags, mut at, mut before) = (0..MOST, 0..MOST, 0, None);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let segment = match c {
            '@' if may_follow(before) => {
                people.next().and_then(|_| person(&rest[1..])).map(|(length, person)| (1 + length, person))
            }
            '#' if may_follow(before) => tag(rest).filter(|_| tags.next().is_some()),
            'h' | 'H' if !before.is_some_and(|c| c.is_ascii_alphanumeric()) => web_link(rest),
            _ => None,
        };
        let length = match segment {
            Some((length, segment)) => {
                found.push((at..at + length, segment));
                length
            }
            None => c.len_utf8(),
        };
        before = rest[..length].chars().next_back();
        at += length;
    }
    found
}

/// Whether an `@` or a `#` behind this character is one of ours: not in a word, an e-mail address, an entity, a path.
fn may_follow(before: Option<char>) -> bool {
    before.is_none_or(|c| !is_word(c) && !"@#/&$%*!+-=~".contains(c))
}

fn tag(rest: &str) -> Option<(usize, Segment<'_>)> {
    let length = rest[1..].find(|c| !is_word(c)).map_or(rest.len(), |length| 1 + length);
    let shown = &rest[..length];
    Tag::parse(&shown[1..]).map(|tag| (length, Segment::Tag { shown, tag }))
}

fn web_link(rest: &str) -> Option<(usize, Segment<'_>)> {
    link::after_scheme(rest)?;
    let end = rest.find(link::ends_link).unwrap_or(rest.len());
    let written = without_what_follows(&rest[..end]);
    Link::parse(written).map(|Link { href, shown }| (written.len(), Segment::Link { href, shown }))
}

/// A link without the punctuation behind it, and without the brackets that close around it.
fn without_what_follows(mut written: &str) -> &str {
    while let Some(last) = written.chars().next_back() {
        let closes = |open: char| written.matches(last).count() > written.matches(open).count();
        let is_outside = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '\u{2019}' | '…' => true,
            ')' => closes('('),
            ']' => closes('['),
            '}' => closes('{'),
            _ => false,
        };
        if !is_outside {
            break;
        }
        written = &written[..written.len() - last.len_utf8()];
    }
    written
}

/// The names that what stands behind an `@` may begin with, the shortest first, and how many bytes each takes.
fn names(behind: &str) -> Vec<(usize, Username)> {
    if let Some(bracketed) = behind.strip_prefix('[') {
        let exact = bracketed.find(']').and_then(|end| Some((end + 2, Username::parse(&bracketed[..end])?)));
        return exact.into_iter().collect();
    }
    // Normalised, a character is at most three of those that are written.
    let written = behind.char_indices().take(3 * username::MAX_CHARS);
    let ends = written
        .take_while(|(_, c)| !c.is_control() && !"/\\?#%".contains(*c))
        .map(|(at, c)| at + c.len_utf8())
        .filter(|end| ends_name(&behind[*end..]));
    ends.filter_map(|end| Some((end, Username::parse(&behind[..end])?))).collect()
}

/// Whether a name may end where `rest` goes on: not inside of "anne-marie", "o'neil" or an address, but in "bob's".
fn ends_name(rest: &str) -> bool {
    let mut rest = rest.chars();
    let goes_on = |c: Option<char>| c.is_some_and(is_word);
    let Some(next) = rest.next() else { return true };
    let second = rest.next();
    match next {
        '\'' | '\u{2019}' => !goes_on(second) || (second == Some('s') && !goes_on(rest.next())),
        '.' | '-' | '+' | '&' | '/' | '@' => !goes_on(second),
        _ => !is_word(next),
    }
}

#[cfg(test)]
mod tests;
