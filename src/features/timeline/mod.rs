//! Timelines: what people say, newest first.

pub mod api;
pub mod html;

use std::sync::{Arc, OnceLock};

use super::Source;
use crate::{
    db::{
        self,
        first_pages::{Excerpt, Subject},
        follows,
        home::{self, Stretch},
        messages::{self, Cursor, MessageRow, NewMessage, Slice},
        simulator::Recorded,
        users,
    },
    domain::{MessageError, MessageId, MessageRules, MessageText, UserId, Username},
    error::Error,
    state::AppState,
};

/// How somebody stands to the person whose page they look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is their own page.
    Oneself,
    /// They follow that person.
    Following,
    /// They do not.
    NotFollowing,
}

/// A person's page.
pub struct Profile {
    /// Whose it is.
    pub username: Username,
    /// What they said.
    pub excerpt: Arc<Excerpt>,
    /// How the viewer stands to them; none for strangers.
    pub relation: Option<Relation>,
}

/// A page of everyone's messages; the first one is kept for a moment.
///
/// # Errors
/// When the database does not answer; so for every function of this module.
pub async fn public(state: &AppState, before: Cursor) -> Result<Arc<Excerpt>, Error> {
    let (size, slice) = page_after(state, before);
    let load = async {
        let rows = state.db.read("public_timeline", move |conn| messages::list_public(conn, slice)).await?;
        Ok(cut(rows, size, None))
    };
    if before == Cursor::START {
        state.first_pages.get(Subject::Everyone, load).await
    } else {
        load.await.map(Arc::new)
    }
}

/// A page of what `reader` and those they follow said. Never kept: it is theirs alone. It is the one page
/// whose cost depends on what its reader has done, so each has only so many turns at a time.
///
/// # Errors
/// [`Error::TooManyRequests`] when no turn came in time; as [`public`].
pub async fn home(state: &AppState, reader: UserId, before: Cursor) -> Result<Arc<Excerpt>, Error> {
    let (size, slice) = page_after(state, before);
    let turn = state.turns.take(reader).await?;
    let look = move |conn: &mut db::DbConnection| {
        let _until_done = turn;
        home::list(conn, reader, slice)
    };
    let Stretch { messages, looked_to } = state.db.read("home_timeline", look).await?;
    let excerpt = cut(messages, size, Some(reader));
    Ok(Arc::new(Excerpt { older: excerpt.older.or(looked_to), ..excerpt }))
}

/// A page of what `name` said, as `viewer` sees it; the first one is kept for a moment, how the
/// viewer stands to them is not. Also [`Error::NotFound`].
///
/// # Errors
/// As [`public`].
pub async fn profile(state: &AppState, name: &str, viewer: Option<UserId>, before: Cursor) -> Result<Profile, Error> {
    let username = Username::parse(name).ok_or(Error::NotFound)?;
    let (size, slice) = page_after(state, before);
    let key = username.clone();
    let load = async {
        let look = move |conn: &mut db::DbConnection| match users::find_id(conn, key.as_str())? {
            Some(owner) => messages::list_by_author(conn, owner, slice).map(|rows| Some((owner, rows))),
            None => Ok(None),
        };
        let (owner, rows) = state.db.read("profile", look).await?.ok_or(Error::NotFound)?;
        Ok(cut(rows, size, Some(owner)))
    };
    let excerpt = if before == Cursor::START {
        state.first_pages.get(Subject::Author(username.clone()), load).await?
    } else {
        Arc::new(load.await?)
    };
    let relation = match (viewer, excerpt.owner) {
        (Some(viewer), Some(owner)) => Some(relation(state, viewer, owner).await?),
        _ => None,
    };
    Ok(Profile { username, excerpt, relation })
}

async fn relation(state: &AppState, viewer: UserId, owner: UserId) -> Result<Relation, Error> {
    if viewer == owner {
        return Ok(Relation::Oneself);
    }
    let follows = state.db.read("relation", move |conn| follows::exists_between(conn, viewer, owner)).await?;
    Ok(if follows { Relation::Following } else { Relation::NotFollowing })
}

/// The newest `limit` messages of everyone, kept for a moment.
///
/// # Errors
/// As [`public`].
pub async fn newest(state: &AppState, limit: i64) -> Result<Arc<Excerpt>, Error> {
    let slice = Slice { before: Cursor::START, limit };
    let load = async {
        let messages = state.db.read("newest_messages", move |conn| messages::list_public(conn, slice)).await?;
        Ok(cut(messages, usize::MAX, None))
    };
    state.first_pages.get(Subject::Newest(limit), load).await
}

/// The newest `limit` messages of one person. Also [`Error::NotFound`].
///
/// # Errors
/// As [`public`].
pub async fn newest_of(state: &AppState, name: &str, limit: i64) -> Result<Vec<MessageRow>, Error> {
    let username = Username::parse(name).ok_or(Error::NotFound)?;
    let slice = Slice { before: Cursor::START, limit };
    let look = move |conn: &mut db::DbConnection| match users::find_id(conn, username.as_str())? {
        Some(author) => messages::list_by_author(conn, author, slice).map(Some),
        None => Ok(None),
    };
    state.db.read("newest_messages_of", look).await?.ok_or(Error::NotFound)
}

/// The text of a message, as the settings want it.
///
/// # Errors
/// What the author has to mend.
pub fn read_text(state: &AppState, raw: &str) -> Result<MessageText, MessageError> {
    let settings = &state.settings.messages;
    MessageText::parse(raw, MessageRules { max_length: settings.max_length, max_bytes: settings.max_bytes })
}

/// Posts a message and stores the simulator's latest action with it, in one go. The outcome is `None` when
/// there is no such author.
///
/// # Errors
/// As [`public`].
pub async fn post(
    state: &AppState,
    source: Source,
    author: &str,
    text: MessageText,
    latest: Option<i64>,
) -> Result<Recorded<Option<MessageId>>, Error> {
    let author = Username::parse(author).ok_or(Error::NotFound)?;
    let new = NewMessage { author: author.to_string(), text, published_at: db::now() };
    let recorded = state.db.write_one("post_message", move |conn| messages::insert(conn, &new, latest)).await?;
    if recorded.outcome.is_some() {
        state.first_pages.message_stored(&author);
        state.metrics.messages_posted.with_label_values(&[source.as_str()]).inc();
    }
    Ok(recorded)
}

/// One more than a page: whether it comes says whether there is a next page.
fn page_after(state: &AppState, before: Cursor) -> (usize, Slice) {
    let size = state.settings.messages.page_size;
    (size as usize, Slice { before, limit: i64::from(size) + 1 })
}

fn cut(mut messages: Vec<MessageRow>, size: usize, owner: Option<UserId>) -> Excerpt {
    let more = messages.len() > size;
    messages.truncate(size);
    let last = messages.last().map(|row| Cursor { published_at: row.published_at, id: row.id });
    Excerpt { older: last.filter(|_| more), messages, owner, answer: OnceLock::new() }
}
