//! The timelines of tags: `/tags/garden`.

pub mod html;

use std::collections::HashMap;

use super::timeline::{cut, page_after};
use crate::{
    db::{
        self, mentions,
        messages::{Cursor, MessagePage},
        search,
    },
    domain::{SearchQuery, Tag},
    error::Error,
    state::AppState,
};

/// A page of the messages that have a tag, newest first, and whom they mention, by their ids. Nothing is too rare: a tag that nobody
/// has used is an empty timeline.
///
/// # Errors
/// When the database does not answer.
pub async fn timeline(
    state: &AppState,
    tag: &Tag,
    before: Cursor,
) -> Result<(MessagePage, HashMap<i64, Vec<String>>), Error> {
    let (size, request) = page_after(state, before);
    let query = SearchQuery { tags: vec![tag.clone()], ..SearchQuery::default() };
    let look = move |conn: &mut db::DbConnection| {
        let page = cut(search::list(conn, &query, request)?, size, None);
        let mentioned = mentions::list_names(conn, &page.messages)?;
        Ok((page, mentioned))
    };
    state.db.read("tag_timeline", look).await
}
