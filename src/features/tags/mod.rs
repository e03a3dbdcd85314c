//! The timelines of tags: `/tags/garden`.

pub mod html;

use super::timeline::{cut, look_around, page_after};
use crate::{
    db::{
        self,
        messages::{Cursor, MessagePage},
        search,
    },
    domain::{SearchQuery, Tag, UserId},
    error::Error,
    state::AppState,
};

/// A page of the messages that have a tag, newest first, as `viewer` sees it. Nothing is too rare: a tag that nobody
/// has used is an empty timeline.
///
/// # Errors
/// When the database does not answer.
pub async fn timeline(
    state: &AppState,
    tag: &Tag,
    before: Cursor,
    viewer: Option<UserId>,
) -> Result<MessagePage, Error> {
    let (size, request) = page_after(state, before);
    let query = SearchQuery { tags: vec![tag.clone()], ..SearchQuery::default() };
    let look = move |conn: &mut db::DbConnection| {
        let page = cut(search::list(conn, &query, request)?, size);
        look_around(conn, page, viewer)
    };
    state.db.read("tag_timeline", look).await
}
