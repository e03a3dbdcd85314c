//! The timelines of tags on the site.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::timeline;
use crate::{
    db::messages::{AuthoredMessage, Cursor, MessagePage},
    domain::{Tag, routes},
    error::Error,
    features::timeline::pieces::{Piece, pieces},
    http::{
        html::{self, Layout, Page},
        paging,
        routing::{READ, get, resource},
    },
    state::AppState,
};

/// Mounts `/tags/{tag}`.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource(&format!("/{}/{{tag}}", routes::TAGS), READ).route(get(show)));
}

#[derive(Template)]
#[template(path = "tags/tag.html")]
struct TagPage {
    layout: Layout,
    tag: Tag,
    is_first_page: bool,
    page: MessagePage,
    mentioned: HashMap<i64, Vec<String>>,
}

impl Page for TagPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl TagPage {
    fn messages(&self) -> impl Iterator<Item = (&AuthoredMessage, Vec<Piece<'_>>)> {
        let mentioned = |id| self.mentioned.get(&id).map(Vec::as_slice).unwrap_or_default();
        self.page.messages.iter().map(move |message| (message, pieces(&message.text, mentioned(message.id))))
    }

    fn older_path(&self) -> Option<String> {
        Some(paging::path_to(&self.tag.path(), self.page.older?))
    }
}

async fn show(
    request: HttpRequest,
    state: web::Data<AppState>,
    tag: web::Path<String>,
    layout: Layout,
    before: Cursor,
) -> Result<HttpResponse, Error> {
    let tag = Tag::parse(&tag).ok_or(Error::NotFound)?;
    let (page, mentioned) = timeline(&state, &tag, before).await?;
    let page = TagPage { layout, tag, is_first_page: before == Cursor::START, page, mentioned };
    Ok(html::answer(&request, StatusCode::OK, page))
}
