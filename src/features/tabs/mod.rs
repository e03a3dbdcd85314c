//! A person's other lists beside their messages: with their replies, and what they like.

pub mod html;

use super::{
    marks::{Kind, page_of},
    timeline::{cut, look_around, page_after},
};
use crate::{
    db::{
        self,
        messages::{self, Cursor, MessagePage},
        users,
    },
    domain::{UserId, Username},
    error::Error,
    state::AppState,
};

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// All that they said, replies too.
    Replies,
    /// What they like, the last like first.
    Likes,
}

/// A page of a list of `username`'s, as `viewer` sees it.
///
/// # Errors
/// [`Error::NotFound`], or when the database does not answer.
pub async fn list(
    state: &AppState,
    username: Username,
    tab: Tab,
    before: Cursor,
    viewer: Option<UserId>,
) -> Result<MessagePage, Error> {
    let (size, request) = page_after(state, before);
    let look = move |conn: &mut db::DbConnection| {
        let Some(owner) = users::find_id(conn, username.as_str())? else { return Ok(None) };
        let page = match tab {
            Tab::Replies => cut(messages::list_by_author(conn, owner, request)?, size),
            Tab::Likes => page_of(conn, owner, Kind::Like, request, size)?,
        };
        look_around(conn, page, viewer).map(Some)
    };
    state.db.read("profile_tab", look).await?.ok_or(Error::NotFound)
}
