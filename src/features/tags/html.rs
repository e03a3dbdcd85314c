//! The timelines of tags on the site.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::timeline;
use crate::{
    db::messages::{Cursor, MessagePage},
    domain::{Tag, routes},
    error::Error,
    features::timeline::entry::{self, Entry},
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
    /// This page's address.
    here: String,
}

impl Page for TagPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl TagPage {
    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        Entry::list(&self.page, &self.page.surroundings)
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
    let page = timeline(&state, &tag, before, layout.viewer.as_ref().map(|viewer| viewer.id)).await?;
    let is_first_page = before == Cursor::START;
    let page = TagPage { here: html::here(&request), layout, tag, is_first_page, page };
    Ok(html::answer(&request, StatusCode::OK, page))
}
