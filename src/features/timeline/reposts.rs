//! Timelines in which reposts stand among messages: one's home, and a person's page.
//!
//! A message has a place by when it was posted, a repost by when that was. Both are read newest first down to the same
//! moment and merged; a message that would stand on a page twice stays where it comes first.

use std::collections::{HashMap, HashSet};

use crate::{
    db::{
        DbConnection, QueryResult,
        home::{self, Stretch},
        marks::{self, Kind, Marked},
        messages::{self, AuthoredMessage, Cursor, MessagePage, PageRequest},
        replies,
    },
    domain::UserId,
};

/// For readers who follow many the reposts of everyone are looked at, so many for a page; further ones come on the next.
const WALKED: i64 = 10_000;
/// How many times a person's messages are read for a page because those read were replies.
const ATTEMPTS: usize = 8;

/// What a reader and those they follow said, and what those reposted: a page of at most `size`.
pub(super) fn home(
    conn: &mut DbConnection,
    reader: UserId,
    request: PageRequest,
    size: usize,
) -> QueryResult<MessagePage> {
    let Stretch { mut messages, mut looked_to, follows_many } = home::list(conn, reader, request)?;
    if follows_many && let Some(end) = marks::find_repost(conn, request.before, WALKED)? {
        let end = Cursor { published_at: end, id: 0 };
        messages.retain(|message| message.place() > end);
        looked_to = Some(looked_to.map_or(end, |place| place.max(end)));
    }
    let since = since(&messages, looked_to, request);
    let reposts = marks::list_reposts_for(conn, reader, request, since, follows_many)?;
    Ok(merge(messages, reposts, size, looked_to))
}

/// What a person said, replies left out, and what they reposted: a page of at most `size`.
pub(super) fn profile(
    conn: &mut DbConnection,
    owner: UserId,
    request: PageRequest,
    size: usize,
) -> QueryResult<MessagePage> {
    let (messages, looked_to) = without_replies(conn, owner, request)?;
    let since = since(&messages, looked_to, request);
    let reposts = marks::list_by_user(conn, Kind::Repost, owner, request, since)?;
    Ok(merge(messages, reposts, size, looked_to))
}

/// The messages of `owner` that are no replies, and where to look further, if these are fewer than were asked for and
/// yet may not be all: whoever only replies has so many looked at for each page, and no more.
fn without_replies(
    conn: &mut DbConnection,
    owner: UserId,
    request: PageRequest,
) -> QueryResult<(Vec<AuthoredMessage>, Option<Cursor>)> {
    let wanted = usize::try_from(request.limit).unwrap_or_default();
    let (mut found, mut before) = (Vec::new(), request.before);
    for _ in 0..ATTEMPTS {
        let read = messages::list_by_author(conn, owner, PageRequest { before, ..request })?;
        let is_all = read.len() < wanted;
        before = read.last().map_or(before, AuthoredMessage::place);
        let replies = replies::among(conn, &read)?;
        found.extend(read.into_iter().filter(|message| !replies.contains(&message.id)));
        if is_all || found.len() >= wanted {
            found.truncate(wanted);
            return Ok((found, None));
        }
    }
    Ok((found, Some(before)))
}

/// The second down to which reposts belong on the page: the messages' last, if they fill it.
fn since(messages: &[AuthoredMessage], looked_to: Option<Cursor>, request: PageRequest) -> i64 {
    let is_full = i64::try_from(messages.len()).is_ok_and(|found| found >= request.limit);
    let end = messages.last().map(AuthoredMessage::place).filter(|_| is_full).or(looked_to);
    end.map_or(i64::MIN, |end| end.published_at)
}

/// A page of at most `size`, newest first. What is given is all there is down to its last, or to `looked_to`.
fn merge(messages: Vec<AuthoredMessage>, reposts: Vec<Marked>, size: usize, looked_to: Option<Cursor>) -> MessagePage {
    let own = messages.into_iter().map(|message| (message.place(), None, message));
    let others = reposts.into_iter().map(|repost| (repost.place(), Some(repost.marked_by), repost.message));
    let mut items: Vec<_> = own.chain(others).collect();
    // Where one's own message and a repost of it fall together, the message comes first.
    items.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let older = (items.len() > size).then(|| items[size - 1].0).or(looked_to);
    items.truncate(size);
    let (mut seen, mut reposters, mut messages) = (HashSet::new(), HashMap::new(), Vec::with_capacity(items.len()));
    for (_, reposter, message) in items {
        if seen.insert(message.id) {
            reposters.extend(reposter.map(|name| (message.id, name)));
            messages.push(message);
        }
    }
    MessagePage { messages, reposters, older, ..MessagePage::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: i64, published_at: i64) -> AuthoredMessage {
        AuthoredMessage { id, text: String::new(), published_at, author_id: 1, author: "ann".into() }
    }

    fn repost(id: i64, published_at: i64, marked_at: i64, by: &str) -> Marked {
        Marked { message: message(id, published_at), marked_at, marked_by: by.into() }
    }

    fn ids(page: &MessagePage) -> Vec<i64> {
        page.messages.iter().map(|message| message.id).collect()
    }

    #[test]
    fn reposts_stand_at_their_own_time() {
        let page = merge(vec![message(5, 50), message(3, 30)], vec![repost(1, 10, 40, "bob")], 9, None);
        assert_eq!((ids(&page), page.older), (vec![5, 1, 3], None));
        assert_eq!(page.reposters, HashMap::from([(1, "bob".to_owned())]));
    }

    #[test]
    fn a_message_stands_on_a_page_once_where_it_comes_first() {
        let reposts = vec![repost(3, 30, 60, "bob"), repost(3, 30, 55, "cid")];
        let page = merge(vec![message(5, 50), message(3, 30)], reposts, 9, None);
        assert_eq!(ids(&page), [3, 5]);
        assert_eq!(page.reposters[&3], "bob");
    }

    #[test]
    fn the_next_page_begins_after_the_last_place_even_if_that_showed_nothing_new() {
        let page = merge(vec![message(3, 30), message(2, 20)], vec![repost(3, 30, 40, "bob")], 2, None);
        assert_eq!(ids(&page), [3]);
        assert_eq!(page.older, Some(Cursor { published_at: 30, id: 3 }));
    }
}
