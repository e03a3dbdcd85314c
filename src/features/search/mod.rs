//! Search: messages by what is in them, and people by their names.

pub mod html;

use std::{cmp::Reverse, net::IpAddr};

use strum::{IntoStaticStr, VariantArray};

use super::timeline::{cut, look_around, page_after};
use crate::{
    db::{
        self,
        messages::{AuthoredMessage, Cursor, MessagePage},
        people::{self, FoundPerson},
        search,
    },
    domain::{SearchQuery, UserId},
    error::Error,
    metrics::{self, Label, Metrics},
    state::AppState,
};

/// People who are shown above the messages that were found.
const FIRST_PEOPLE: i64 = 3;

/// What is listed, and how; in metrics the label `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Messages, the newest first.
    Newest,
    /// Messages that suit best.
    Best,
    /// People.
    People,
}

/// Where a page of people begins: after one with this id, who was found by this word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The word.
    pub word: String,
    /// The id.
    pub id: i64,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Searcher {
    /// The account, if they are signed in.
    pub viewer: Option<UserId>,
    /// Where they come from.
    pub address: IpAddr,
}

/// What was found.
pub struct FoundMessages {
    /// A page of messages.
    pub page: MessagePage,
    /// A few people who are called so, on the first page.
    pub people: Vec<FoundPerson>,
}

/// What was found.
pub struct FoundPeople {
    /// Them.
    pub people: Vec<FoundPerson>,
    /// After whom the next page begins, if there is one.
    pub next: Option<Person>,
}

/// A page of the messages that have all of what `query` asks for, hidden and deleted ones left out. The best of them
/// are chosen among the newest. Limits: `limits.search_*` a minute.
///
/// # Errors
/// [`Error::TooManyRequests`], or when the database does not answer.
pub async fn messages(
    state: &AppState,
    searcher: Searcher,
    query: SearchQuery,
    is_best: bool,
    before: Cursor,
) -> Result<FoundMessages, Error> {
    let kind = if is_best { Kind::Best } else { Kind::Newest };
    count(state, searcher, kind)?;
    let (size, request) = page_after(state, before);
    let look = move |conn: &mut db::DbConnection| {
        let page = if is_best {
            best(&query, search::list_to_score(conn, &query, size + 1)?, size, before)
        } else {
            cut(search::list(conn, &query, request)?, size)
        };
        let page = look_around(conn, page, searcher.viewer)?;
        let is_first = before == Cursor::START;
        let words = words_of_names(&query).filter(|_| is_first).unwrap_or_default();
        let people = people::find(conn, &words, None, FIRST_PEOPLE)?;
        Ok(FoundMessages { page, people })
    };
    state.db.read(name(kind), look).await
}

/// A page of the people whose names have words that begin as those of `query` do. Limits: `limits.search_*` a minute.
///
/// # Errors
/// As [`messages`].
pub async fn people(
    state: &AppState,
    searcher: Searcher,
    query: SearchQuery,
    after: Option<Person>,
) -> Result<FoundPeople, Error> {
    count(state, searcher, Kind::People)?;
    let (size, request) = page_after(state, Cursor::START);
    let look = move |conn: &mut db::DbConnection| {
        let words = words_of_names(&query).unwrap_or_default();
        let after = after.as_ref().map(|person| (person.word.as_str(), person.id));
        people::find(conn, &words, after, request.limit)
    };
    let mut people = state.db.read(name(Kind::People), look).await?;
    let is_more = people.len() > size;
    people.truncate(size);
    let next = people.last().filter(|_| is_more).map(|last| Person { word: last.word.clone(), id: last.id });
    Ok(FoundPeople { people, next })
}

/// A query's words, if people can be found by it: what asks for an author or a tag asks for messages.
fn words_of_names(query: &SearchQuery) -> Option<Vec<&str>> {
    (query.from.is_none() && query.tags.is_empty()).then(|| query.all_words().collect())
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Newest => "search_newest",
        Kind::Best => "search_best",
        Kind::People => "search_people",
    }
}

fn count(state: &AppState, searcher: Searcher, kind: Kind) -> Result<(), Error> {
    state.throttle.search(searcher.address)?;
    state.metrics.searches.with_label_values(&[kind.label()]).inc();
    Ok(())
}

/// A page of those that suit best, the newer one first where two suit alike. A place in it is a score and an id.
fn best(query: &SearchQuery, found: Vec<AuthoredMessage>, size: usize, before: Cursor) -> MessagePage {
    let mut scored: Vec<(i64, AuthoredMessage)> =
        found.into_iter().map(|message| (query.score(&message.text), message)).collect();
    scored.retain(|(score, message)| (*score, message.id) < (before.published_at, before.id));
    scored.sort_by_key(|(score, message)| Reverse((*score, message.id)));
    let is_more = scored.len() > size;
    scored.truncate(size);
    let last = scored.last().map(|(score, message)| Cursor { published_at: *score, id: message.id });
    let messages = scored.into_iter().map(|(_, message)| message).collect();
    MessagePage { messages, older: last.filter(|_| is_more), ..MessagePage::default() }
}

/// Searches stand at 0 from the start.
pub(super) fn begin_at_zero(metrics: &Metrics) {
    for kind in Kind::VARIANTS {
        metrics::begin_at_zero(&metrics.searches, [kind.label()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_every_one_on_one_page() {
        let query = SearchQuery::parse("tea").unwrap();
        let texts = ["tea", "much tea tea", "tea", "some tea for the whole company of us", "tea tea"];
        let found = || {
            let message = |(id, text): (i64, &&str)| AuthoredMessage {
                id,
                text: (*text).to_owned(),
                published_at: id,
                author_id: 1,
                author: "a".to_owned(),
            };
            (1..).zip(&texts).map(message).collect::<Vec<_>>()
        };
        let mut ids = Vec::new();
        let mut before = Some(Cursor::START);
        while let Some(place) = before {
            let page = best(&query, found(), 2, place);
            assert!(page.messages.len() <= 2);
            ids.extend(page.messages.iter().map(|message| message.id));
            before = page.older;
        }
        assert_eq!(ids, [5, 2, 3, 1, 4]);
    }
}
