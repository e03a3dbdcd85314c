//! Conversations: a message's own page with what it answers and what answers it, replying, and taking back.

pub mod html;

use std::collections::HashMap;

use strum::VariantArray;

use super::{Source, actor::Actor};
use crate::{
    db::{
        self,
        messages::{self, NewMessage},
        replies,
        surroundings::{self, Surroundings},
        threads::{self, NESTED, ThreadMessage},
    },
    domain::{MessageId, MessageText, UserId},
    error::Error,
    metrics::{self, Label, Metrics},
    state::AppState,
};

/// A message with its conversation.
#[derive(Debug)]
pub struct Thread {
    /// What it answers, the first message first; at most [`threads::ABOVE`].
    pub above: Vec<ThreadMessage>,
    /// The message.
    pub message: ThreadMessage,
    /// A page of what answers it, in order.
    pub branches: Vec<Branch>,
    /// The reply after which the next page begins, if there is one.
    pub next: Option<MessageId>,
    /// What stands around all of them, by their ids.
    pub surroundings: HashMap<i64, Surroundings>,
}

/// A reply, and the first replies to that.
#[derive(Debug)]
pub struct Branch {
    /// The reply.
    pub reply: ThreadMessage,
    /// At most [`threads::NESTED`] replies to it.
    pub nested: Vec<ThreadMessage>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Why a message was not answered. `Display` is what its author reads.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// What was to be answered is hidden or gone, or the author is.
    #[error("The message that you answer is gone")]
    Gone,
    /// The account, or its address, posts faster than people do: says when the next one may pass.
    #[error(transparent)]
    TooFast(Error),
    /// The database does not answer.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The conversation around the message `id` of `author`, its replies from the one after `after` on, as `viewer` sees it.
///
/// # Errors
/// [`Error::NotFound`] when `author` has no such message, or nothing of it is left: it is gone and nobody answered. Or
/// when the database does not answer.
pub async fn thread(
    state: &AppState,
    author: &str,
    id: MessageId,
    after: MessageId,
    viewer: Option<UserId>,
) -> Result<Thread, Error> {
    let author = author.to_owned();
    let size = state.settings.messages.page_size;
    let look = move |conn: &mut db::DbConnection| {
        let mut above = threads::list_upwards(conn, id)?;
        let Some(message) = above.pop().filter(|last| last.message.id == id.0 && last.message.author == author) else {
            return Ok(None);
        };
        let mut replies = threads::list_replies(conn, id, after, i64::from(size) + 1)?;
        if message.is_hidden && replies.is_empty() && after == MessageId(0) {
            return Ok(None);
        }
        let more = replies.len() > size as usize;
        replies.truncate(size as usize);
        let next = replies.last().filter(|_| more).map(|last| MessageId(last.message.id));
        let nested = threads::list_nested(conn, &replies)?;
        let shown = above.iter().chain([&message]).chain(&replies).chain(&nested);
        let shown: Vec<_> = shown.map(|shown| shown.message.clone()).collect();
        let surroundings = surroundings::list(conn, &shown, viewer)?;
        Ok(Some(Thread { above, message, branches: branches(replies, nested), next, surroundings }))
    };
    state.db.read("thread", look).await?.ok_or(Error::NotFound)
}

fn branches(replies: Vec<ThreadMessage>, nested: Vec<ThreadMessage>) -> Vec<Branch> {
    let mut below: HashMap<i64, Vec<ThreadMessage>> = HashMap::new();
    for reply in nested {
        below.entry(reply.parent_id.unwrap_or_default()).or_default().push(reply);
    }
    let branch = |reply: ThreadMessage| {
        let mut nested = below.remove(&reply.message.id).unwrap_or_default();
        let has_more = i64::try_from(nested.len()).is_ok_and(|found| found > NESTED);
        nested.truncate(usize::try_from(NESTED).unwrap_or_default());
        Branch { reply, nested, has_more }
    };
    replies.into_iter().map(branch).collect()
}

/// Answers a message. Limits: those of posting, `limits.post_*` a minute.
///
/// # Errors
/// See [`ReplyError`]. What is too fast is looked at first.
pub async fn reply(
    state: &AppState,
    author: &Actor,
    parent: MessageId,
    text: MessageText,
) -> Result<MessageId, ReplyError> {
    author.count_post(state).map_err(ReplyError::TooFast)?;
    let (key, new) = (author.key(), NewMessage { text, published_at: db::now() });
    let insert = move |conn: &mut db::DbConnection| replies::insert(conn, &key, &new, parent);
    let id = author.write(state, "post_reply", insert).await?.ok_or(ReplyError::Gone)?;
    state.first_pages.messages_changed(author.username());
    state.metrics.messages_posted.with_label_values(&[author.source().label()]).inc();
    Ok(id)
}

/// Takes back a message of `author`'s own, for good. Replies to it stay.
///
/// # Errors
/// [`Error::NotFound`] when they have no such message, or when the database does not answer.
pub async fn delete(state: &AppState, author: &Actor, id: MessageId) -> Result<(), Error> {
    let key = author.key();
    let delete = move |conn: &mut db::DbConnection| messages::delete(conn, &key, id);
    if !author.write(state, "delete_message", delete).await? {
        return Err(Error::NotFound);
    }
    state.first_pages.messages_changed(author.username());
    state.metrics.messages_deleted.with_label_values(&[author.source().label()]).inc();
    Ok(())
}

/// What is taken back stands at 0 from the start.
pub(super) fn begin_at_zero(metrics: &Metrics) {
    for source in Source::VARIANTS {
        metrics::begin_at_zero(&metrics.messages_deleted, [source.label()]);
    }
}
