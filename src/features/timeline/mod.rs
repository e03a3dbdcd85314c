//! Timelines: what people say, newest first.

pub mod api;
pub mod composer;
pub mod entry;
pub mod html;
pub mod owner;
pub mod pieces;
mod reposts;

use std::{collections::HashMap, sync::Arc};

use strum::VariantArray;

use super::{
    Source,
    actor::Actor,
    suggestions::{self, Suggested},
};
use crate::{
    db::{
        self, follows,
        messages::{self, AuthoredMessage, Cursor, MessagePage, NewMessage, PageRequest},
        profiles,
        surroundings::{self, Surroundings},
        users,
    },
    domain::{MessageError, MessageId, MessageRules, MessageText, UserId, Username},
    error::Error,
    first_pages::{KeptPage, Subject},
    metrics::{self, Label, Metrics},
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
    pub page: Arc<KeptPage>,
    /// How the viewer stands to them; none for strangers.
    pub relation: Option<Relation>,
    /// Whether they follow the viewer.
    pub is_follower: bool,
    /// What stands around the messages, as the viewer sees it.
    pub surroundings: HashMap<i64, Surroundings>,
}

/// Somebody's home timeline.
pub struct Home {
    /// What they and those they follow said.
    pub page: MessagePage,
    /// On the first page, a few people whom they could follow.
    pub suggested: Vec<Suggested>,
}

/// Why a message was not posted. `Display` is what its author reads.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// There is no such author, or no longer.
    #[error("There is no such user")]
    UnknownAuthor,
    /// The account, or its address, posts faster than people do: says when the next one may pass.
    #[error(transparent)]
    TooFast(Error),
    /// The database does not answer.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<PostError> for Error {
    fn from(why: PostError) -> Self {
        match why {
            PostError::UnknownAuthor => Self::NotFound,
            PostError::TooFast(why) | PostError::Failed(why) => why,
        }
    }
}

/// A page of everyone's messages; the first one is kept for a moment.
///
/// # Errors
/// When the database does not answer.
pub async fn public(state: &AppState, before: Cursor) -> Result<Arc<KeptPage>, Error> {
    let (size, request) = page_after(state, before);
    let load = async {
        let look = move |conn: &mut db::DbConnection| {
            let page = cut(messages::list_public(conn, request)?, size);
            look_around(conn, page, None)
        };
        state.db.read("public_timeline", look).await
    };
    if before == Cursor::START {
        state.first_pages.get(Subject::Everyone, load).await
    } else {
        Ok(Arc::new(load.await?.into()))
    }
}

/// A page of what `reader` and those they follow said, and whom they could follow. Never kept: it is theirs alone. It is the one page
/// whose cost depends on what its reader has done, so each has only so many turns at a time
/// (`limits.home_pages_at_once`).
///
/// # Errors
/// [`Error::TooManyRequests`] when no turn came in time, or when the database does not answer.
pub async fn home(state: &AppState, reader: UserId, before: Cursor) -> Result<Home, Error> {
    let (size, request) = page_after(state, before);
    let turn = state.turns.take(reader).await?;
    let look = move |conn: &mut db::DbConnection| {
        let _until_done = turn;
        let page = reposts::home(conn, reader, request, size)?;
        let surroundings = surroundings::list(conn, &page.messages, Some(reader))?;
        let suggested = if before == Cursor::START { suggestions::few(conn, reader)? } else { Vec::new() };
        Ok(Home { page: MessagePage { surroundings, ..page }, suggested })
    };
    state.db.read("home_timeline", look).await
}

/// A page of what `name` said, as `viewer` sees it; the first one is kept for a moment, how the
/// viewer stands to them is not.
///
/// # Errors
/// [`Error::NotFound`], or when the database does not answer.
pub async fn profile(state: &AppState, name: &str, viewer: Option<UserId>, before: Cursor) -> Result<Profile, Error> {
    let username = Username::parse(name).ok_or(Error::NotFound)?;
    let (size, request) = page_after(state, before);
    let key = username.clone();
    let load = async {
        let look = move |conn: &mut db::DbConnection| match profiles::find_header(conn, key.as_str())? {
            Some(owner) => {
                let page = reposts::profile(conn, UserId(owner.id), request, size)?;
                look_around(conn, MessagePage { owner: Some(Box::new(owner)), ..page }, None).map(Some)
            }
            None => Ok(None),
        };
        state.db.read("profile", look).await?.ok_or(Error::NotFound)
    };
    let page = if before == Cursor::START {
        state.first_pages.get(Subject::Author(username.clone()), load).await?
    } else {
        Arc::new(load.await?.into())
    };
    let (Some(viewer), Some(owner)) = (viewer, page.owner.as_ref().map(|owner| UserId(owner.id))) else {
        let surroundings = page.surroundings.clone();
        return Ok(Profile { username, page, relation: None, is_follower: false, surroundings });
    };
    let messages = page.messages.clone();
    let look = move |conn: &mut db::DbConnection| {
        let is_follower = follows::exists_between(conn, owner, viewer)?;
        Ok((relation(conn, viewer, owner)?, is_follower, surroundings::list(conn, &messages, Some(viewer))?))
    };
    let (relation, is_follower, surroundings) = state.db.read("profile_as_seen", look).await?;
    Ok(Profile { username, page, relation: Some(relation), is_follower, surroundings })
}

fn relation(conn: &mut db::DbConnection, viewer: UserId, owner: UserId) -> db::QueryResult<Relation> {
    if viewer == owner {
        return Ok(Relation::Oneself);
    }
    let follows = follows::exists_between(conn, viewer, owner)?;
    Ok(if follows { Relation::Following } else { Relation::NotFollowing })
}

/// The newest `limit` messages of everyone, kept for a moment.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(state: &AppState, limit: i64) -> Result<Arc<KeptPage>, Error> {
    let request = PageRequest { before: Cursor::START, limit };
    let load = async {
        let messages = state.db.read("newest_messages", move |conn| messages::list_public(conn, request)).await?;
        Ok(cut(messages, usize::MAX))
    };
    state.first_pages.get(Subject::Newest(limit), load).await
}

/// The newest `limit` messages of one person.
///
/// # Errors
/// [`Error::NotFound`], or when the database does not answer.
pub async fn newest_of(state: &AppState, name: &str, limit: i64) -> Result<Vec<AuthoredMessage>, Error> {
    let username = Username::parse(name).ok_or(Error::NotFound)?;
    let request = PageRequest { before: Cursor::START, limit };
    let look = move |conn: &mut db::DbConnection| match users::find_id(conn, username.as_str())? {
        Some(author) => messages::list_by_author(conn, author, request).map(Some),
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

/// Posts a message. Limits: `limits.post_*` a minute.
///
/// # Errors
/// See [`PostError`]. What is too fast is looked at first.
pub async fn post(state: &AppState, author: &Actor, text: MessageText) -> Result<MessageId, PostError> {
    author.count_post(state).map_err(PostError::TooFast)?;
    let (key, new) = (author.key(), NewMessage { text, published_at: db::now() });
    let insert = move |write: &mut db::Write<'_>| messages::insert(write, &key, &new);
    let id = author.write_one(state, "post_message", insert).await?.ok_or(PostError::UnknownAuthor)?;
    state.first_pages.messages_changed(author.username());
    state.metrics.messages_posted.with_label_values(&[author.source().label()]).inc();
    Ok(id)
}

/// What stands around the messages of a page that is kept, as `viewer` sees it: it shows at once what they have done.
///
/// # Errors
/// When the database does not answer.
pub async fn surroundings(
    state: &AppState,
    page: &MessagePage,
    viewer: Option<UserId>,
) -> Result<HashMap<i64, Surroundings>, Error> {
    let Some(viewer) = viewer else { return Ok(page.surroundings.clone()) };
    let messages = page.messages.clone();
    state.db.read("surroundings", move |conn| surroundings::list(conn, &messages, Some(viewer))).await
}

/// The page with what stands around its messages, as `viewer` sees it.
pub(super) fn look_around(
    conn: &mut db::DbConnection,
    page: MessagePage,
    viewer: Option<UserId>,
) -> db::QueryResult<MessagePage> {
    let surroundings = surroundings::list(conn, &page.messages, viewer)?;
    Ok(MessagePage { surroundings, ..page })
}

/// One more than a page: whether it comes says whether there is a next page.
pub(super) fn page_after(state: &AppState, before: Cursor) -> (usize, PageRequest) {
    let size = state.settings.messages.page_size;
    (size as usize, PageRequest { before, limit: i64::from(size) + 1 })
}

/// A page of at most `size` messages, of which one more were asked for.
pub(super) fn cut(mut messages: Vec<AuthoredMessage>, size: usize) -> MessagePage {
    let more = messages.len() > size;
    messages.truncate(size);
    let last = messages.last().map(AuthoredMessage::place);
    MessagePage { older: last.filter(|_| more), messages, ..MessagePage::default() }
}

/// Posts stand at 0 from the start.
pub(super) fn begin_at_zero(metrics: &Metrics) {
    for source in Source::VARIANTS {
        metrics::begin_at_zero(&metrics.messages_posted, [source.label()]);
    }
}
