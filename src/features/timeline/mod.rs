//! Timelines: what people say, newest first.

pub mod api;
pub mod html;

use super::Source;
use crate::{
    db::{
        self, follows,
        messages::{self, Cursor, MessageRow, NewMessage, Slice},
        simulator::Recorded,
        users,
    },
    domain::{MessageError, MessageId, MessageText, UserId, Username},
    error::Error,
    state::AppState,
};

/// A page of a timeline.
pub struct Timeline {
    /// Newest first.
    pub messages: Vec<MessageRow>,
    /// Where the next page begins, if there is one.
    pub older: Option<Cursor>,
}

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
    pub timeline: Timeline,
    /// How the viewer stands to them; none for strangers.
    pub relation: Option<Relation>,
}

/// A page of everyone's messages.
///
/// # Errors
/// When the database does not answer; so for every function of this module.
pub async fn public(state: &AppState, before: Cursor) -> Result<Timeline, Error> {
    let (size, slice) = page_after(state, before);
    let rows = state.db.read("public_timeline", move |conn| messages::list_public(conn, slice)).await?;
    Ok(cut(rows, size))
}

/// A page of what `reader` and those they follow said.
///
/// # Errors
/// As [`public`].
pub async fn home(state: &AppState, reader: UserId, before: Cursor) -> Result<Timeline, Error> {
    let (size, slice) = page_after(state, before);
    let rows = state.db.read("home_timeline", move |conn| messages::list_home(conn, reader, slice)).await?;
    Ok(cut(rows, size))
}

/// A page of what `name` said, as `viewer` sees it. Also [`Error::NotFound`].
///
/// # Errors
/// As [`public`].
pub async fn profile(state: &AppState, name: &str, viewer: Option<UserId>, before: Cursor) -> Result<Profile, Error> {
    let username = Username::parse(name).ok_or(Error::NotFound)?;
    let (size, slice) = page_after(state, before);
    let key = username.clone();
    let look = move |conn: &mut db::DbConnection| {
        let Some(owner) = users::find_id(conn, key.as_str())? else { return Ok(None) };
        let rows = messages::list_by_author(conn, owner, slice)?;
        let relation = match viewer {
            None => None,
            Some(viewer) if viewer == owner => Some(Relation::Oneself),
            Some(viewer) if follows::exists_between(conn, viewer, owner)? => Some(Relation::Following),
            Some(_) => Some(Relation::NotFollowing),
        };
        Ok(Some((rows, relation)))
    };
    let (rows, relation) = state.db.read("profile", look).await?.ok_or(Error::NotFound)?;
    Ok(Profile { username, timeline: cut(rows, size), relation })
}

/// The newest `limit` messages of everyone.
///
/// # Errors
/// As [`public`].
pub async fn newest(state: &AppState, limit: i64) -> Result<Vec<MessageRow>, Error> {
    let slice = Slice { before: Cursor::START, limit };
    state.db.read("newest_messages", move |conn| messages::list_public(conn, slice)).await
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

/// Posts a message and stores the simulator's latest action with it, in one go. The inner error is
/// the author's to mend; the outcome is `None` when there is no such author.
///
/// # Errors
/// As [`public`].
pub async fn post(
    state: &AppState,
    source: Source,
    author: &str,
    text: &str,
    latest: Option<i64>,
) -> Result<Result<Recorded<Option<MessageId>>, MessageError>, Error> {
    let text = match MessageText::parse(text, state.settings.messages.max_length) {
        Ok(text) => text,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let author = Username::parse(author).ok_or(Error::NotFound)?;
    let new = NewMessage { author: author.as_str().to_owned(), text, published_at: db::now() };
    let recorded = state.db.write_one("post_message", move |conn| messages::insert(conn, &new, latest)).await?;
    if recorded.outcome.is_some() {
        state.metrics.messages_posted.with_label_values(&[source.as_str()]).inc();
    }
    Ok(Ok(recorded))
}

/// One more than a page: whether it comes says whether there is a next page.
fn page_after(state: &AppState, before: Cursor) -> (usize, Slice) {
    let size = state.settings.messages.page_size;
    (size as usize, Slice { before, limit: i64::from(size) + 1 })
}

fn cut(mut rows: Vec<MessageRow>, size: usize) -> Timeline {
    let more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().map(|row| Cursor { published_at: row.published_at, id: row.id });
    Timeline { older: last.filter(|_| more), messages: rows }
}
