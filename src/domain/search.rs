//! What somebody looks for, as they write it into the box.

use super::{Tag, Username, words::words};

/// The longest query, in characters.
pub const MAX_CHARS: usize = 200;

/// Why a query cannot be answered. `Display` is what its author reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// More than the limit.
    #[error("Your search is too long: at most {MAX_CHARS} characters fit")]
    TooLong,
}

/// All of this has to be in a message that is found: `"a phrase" word from:name from:"First Last" #tag`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Words, each once.
    pub words: Vec<String>,
    /// Words that follow each other, two at least.
    pub phrases: Vec<Vec<String>>,
    /// Who wrote it.
    pub from: Option<Username>,
    /// Tags, each once.
    pub tags: Vec<Tag>,
}

impl SearchQuery {
    /// Reads a query. What is no name behind `from:` and no tag behind `#` is looked for as words; a quotation mark
    /// that is missing stands at the end; what has several words, as "e-mail", is a phrase.
    ///
    /// # Errors
    /// When it is too long.
    pub fn parse(raw: &str) -> Result<Self, SearchError> {
        if raw.len() > 4 * MAX_CHARS || raw.chars().count() > MAX_CHARS {
            return Err(SearchError::TooLong);
        }
        let text = raw.replace(['\u{201c}', '\u{201d}', '\u{201e}', '«', '»'], "\"");
        let (mut query, mut rest) = (Self::default(), text.trim_start());
        while !rest.is_empty() {
            let after_from = rest.get(..5).filter(|head| head.eq_ignore_ascii_case("from:")).map(|_| &rest[5..]);
            let (term, behind) = split_term(after_from.unwrap_or(rest));
            if after_from.is_some() {
                query.add_author(term);
            } else if term.starts_with('#') {
                query.add_tag(term);
            } else {
                query.add_words(term);
            }
            rest = behind.trim_start();
        }
        Ok(query)
    }

    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it asks for words, alone or in phrases.
    #[must_use]
    pub fn has_words(&self) -> bool {
        !(self.words.is_empty() && self.phrases.is_empty())
    }

    /// All its words, those of phrases too.
    pub fn all_words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().chain(self.phrases.iter().flatten()).map(String::as_str)
    }

    /// How well `text`, in which all of it is, suits: more the oftener its words are in it, and the less else there
    /// is. Thousandths; the same on every database.
    #[must_use]
    pub fn score(&self, text: &str) -> i64 {
        // The term of Okapi BM25, with its usual constants, for messages of about fifteen words.
        let words = words(text);
        #[expect(clippy::cast_precision_loss, reason = "a text has some thousand words")]
        let length = 1.2 * (0.25 + 0.75 * words.len() as f64 / 15.0);
        let score = |wanted: &str| {
            let times =
                f64::from(u32::try_from(words.iter().filter(|word| *word == wanted).count()).unwrap_or(u32::MAX));
            times * 2.2 / (times + length)
        };
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
        let thousandths = (1000.0 * self.all_words().map(score).sum::<f64>()) as i64;
        thousandths
    }

    fn add_author(&mut self, name: &str) {
        match Username::parse(name.trim().trim_start_matches('@')) {
            Some(name) => self.from = Some(name),
            None => self.add_words(name),
        }
    }

    fn add_tag(&mut self, term: &str) {
        match Tag::parse(term) {
            Some(tag) if !self.tags.contains(&tag) => self.tags.push(tag),
            Some(_) => {}
            None => self.add_words(term),
        }
    }

    fn add_words(&mut self, term: &str) {
        let mut words = words(term);
        if words.len() > 1 {
            self.phrases.push(words);
        } else if let Some(word) = words.pop().filter(|word| !self.words.contains(word)) {
            self.words.push(word);
        }
    }
}

/// The first term, in quotation marks or up to white space, and what comes behind.
fn split_term(text: &str) -> (&str, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"').unwrap_or((quoted, ""));
    }
    text.split_at(text.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(raw: &str) -> SearchQuery {
        SearchQuery::parse(raw).unwrap()
    }

    #[test]
    fn a_query_has_words_phrases_an_author_and_tags() {
        let query = parse(r#"Søren "black coffee" from:"Ada Lovelace" #Café e-mail soren #café"#);
        assert_eq!(query.words, ["soren"]);
        assert_eq!(query.phrases, [["black", "coffee"], ["e", "mail"]]);
        assert_eq!(query.from.as_ref().map(Username::as_str), Some("Ada Lovelace"));
        assert_eq!(query.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["café"]);
        assert_eq!(query.all_words().collect::<Vec<_>>(), ["soren", "black", "coffee", "e", "mail"]);
    }

    #[test]
    fn a_query_is_read_leniently() {
        assert_eq!(parse("FROM:@bob x").from.as_ref().map(Username::as_str), Some("bob"));
        assert_eq!(parse("“black coffee”").phrases, [["black", "coffee"]]);
        assert_eq!(parse("\"black coffee").phrases, [["black", "coffee"]]);
        assert_eq!(parse("\"tea\"").words, ["tea"]);
        assert_eq!(parse("tea\"black coffee\"").words, ["tea"]);
        assert_eq!(parse("#1 from:a/b").words, ["1"]);
        assert_eq!(parse("#1 from:a/b").phrases, [["a", "b"]]);
        assert_eq!(parse("from: bob").words, ["bob"]);
        for nothing in ["", "  ", "\"\"", "!?", "from:", "#", "\""] {
            assert!(parse(nothing).is_empty(), "{nothing}");
        }
        assert!(SearchQuery::parse(&"é".repeat(MAX_CHARS)).is_ok());
        assert_eq!(SearchQuery::parse(&"x".repeat(MAX_CHARS + 1)), Err(SearchError::TooLong));
    }

    #[test]
    fn who_says_it_oftener_and_shorter_suits_better() {
        let query = parse("tea");
        let [much, short, long] =
            ["tea tea tea", "tea time", "there was no tea and we all had to drink a coffee instead"]
                .map(|text| query.score(text));
        assert!(much > short && short > long && long > 0, "{much} {short} {long}");
        assert_eq!(parse("#tea").score("#tea"), 0, "there is nothing to compare");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read(raw in "(from:|#|\"|[a-zé ]|@|\\PC){0,60}") {
            if let Ok(query) = SearchQuery::parse(&raw) {
                prop_assert!(query.phrases.iter().all(|phrase| phrase.len() > 1));
                prop_assert!(query.all_words().all(|word| words(word) == [word]));
            }
        }
    }
}
