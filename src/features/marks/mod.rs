//! Marks: liking, reposting and keeping messages, and the lists of them.

pub mod html;

use strum::VariantArray;

use super::{
    Source,
    actor::Actor,
    timeline::{look_around, page_after},
};
pub use crate::db::marks::{Change, Effect, Kind};
use crate::{
    db::{
        self, marks,
        messages::{self, Cursor, MessagePage, PageRequest},
    },
    domain::{MessageId, UserId, Username},
    error::Error,
    metrics::{self, Label, Metrics},
    state::AppState,
};

/// Has `actor` mark a message, or take a mark back. Twice is as good as once. Limits: `limits.follow_*` a minute.
///
/// # Errors
/// [`Error::NotFound`] when the message is not there or hidden, [`Error::TooManyRequests`], or when the database does not
/// answer. What is too fast is looked at first.
pub async fn change(
    state: &AppState,
    actor: &Actor,
    change: Change,
    kind: Kind,
    message: MessageId,
) -> Result<Effect, Error> {
    actor.count_follow(state)?;
    let (key, now) = (actor.key(), db::now());
    let apply = move |conn: &mut db::DbConnection| marks::apply(conn, &key, (change, kind), message, now);
    let effect = actor.write(state, "mark", apply).await?.ok_or(Error::NotFound)?;
    if kind == Kind::Repost {
        state.first_pages.messages_changed(actor.username());
    }
    let labels = [kind.label(), change.label(), effect.label(), actor.source().label()];
    state.metrics.marks.with_label_values(&labels).inc();
    Ok(effect)
}

/// A list of messages by their marks: what `owner` likes or keeps, as `viewer` sees it, the last mark first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    state: &AppState,
    owner: UserId,
    kind: Kind,
    before: Cursor,
    viewer: Option<UserId>,
) -> Result<MessagePage, Error> {
    let (size, request) = page_after(state, before);
    let look = move |conn: &mut db::DbConnection| {
        let page = page_of(conn, owner, kind, request, size)?;
        look_around(conn, page, viewer)
    };
    state.db.read("marked_messages", look).await
}

/// The messages that `owner` marked as `kind`, the last mark first: a page of at most `size`, of which one more is asked
/// for.
pub(super) fn page_of(
    conn: &mut db::DbConnection,
    owner: UserId,
    kind: Kind,
    request: PageRequest,
    size: usize,
) -> db::QueryResult<MessagePage> {
    let mut marked = marks::list_by_user(conn, kind, owner, request, i64::MIN)?;
    let more = marked.len() > size;
    marked.truncate(size);
    let older = marked.last().map(marks::Marked::place).filter(|_| more);
    let messages = marked.into_iter().map(|marked| marked.message).collect();
    Ok(MessagePage { messages, older, ..MessagePage::default() })
}

/// Who marked a message.
#[derive(Debug)]
pub struct Markers {
    /// Their ids and names, in the order in which they registered.
    pub people: Vec<(i64, String)>,
    /// After whom the next page begins, if there is one.
    pub next: Option<UserId>,
}

/// Who marked the message `id` of `author` as `kind`, from the one after `after` on.
///
/// # Errors
/// [`Error::NotFound`] when `author` has no such message, or it is hidden; or when the database does not answer.
pub async fn markers(
    state: &AppState,
    author: &str,
    id: MessageId,
    kind: Kind,
    after: UserId,
) -> Result<Markers, Error> {
    let author = Username::parse(author).ok_or(Error::NotFound)?;
    let size = state.settings.messages.page_size;
    let look = move |conn: &mut db::DbConnection| {
        if messages::find_author(conn, id)?.is_none_or(|(_, name)| name != author.as_str()) {
            return Ok(None);
        }
        let mut people = marks::list_users(conn, kind, id, after, i64::from(size) + 1)?;
        let more = people.len() > size as usize;
        people.truncate(size as usize);
        let next = people.last().filter(|_| more).map(|(id, _)| UserId(*id));
        Ok(Some(Markers { people, next }))
    };
    state.db.read("markers", look).await?.ok_or(Error::NotFound)
}

/// Everything that people can do stands at 0.
pub(super) fn begin_at_zero(metrics: &Metrics) {
    for kind in Kind::VARIANTS {
        for change in Change::VARIANTS {
            for effect in Effect::VARIANTS {
                let labels = [kind.label(), change.label(), effect.label(), Source::Web.label()];
                metrics::begin_at_zero(&metrics.marks, labels);
            }
        }
    }
}
