//! A person's other lists on the site.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{Tab, list};
use crate::{
    db::messages::{Cursor, MessagePage},
    domain::Username,
    error::Error,
    features::timeline::entry::{self, Entry},
    http::{
        html::{self, Layout, Page},
        paging,
        routing::{READ, get, resource},
    },
    state::AppState,
};

/// Mounts `/{username}/replies` and `/{username}/likes`.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource("/{username}/replies", READ).route(get(show_replies)))
        .service(resource("/{username}/likes", READ).route(get(show_likes)));
}

#[derive(Template)]
#[template(path = "tabs/tab.html")]
struct TabPage {
    layout: Layout,
    username: Username,
    tab: Tab,
    is_first_page: bool,
    page: MessagePage,
    /// This page's address.
    here: String,
}

impl Page for TabPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl TabPage {
    fn title(&self) -> String {
        match self.tab {
            Tab::Replies => format!("{}'s messages and replies", self.username),
            Tab::Likes => format!("What {} likes", self.username),
        }
    }

    fn path(&self) -> String {
        let word = match self.tab {
            Tab::Replies => "replies",
            Tab::Likes => "likes",
        };
        format!("{}/{word}", self.username.profile_path())
    }

    fn is(&self, tab: Tab) -> bool {
        self.tab == tab
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        Entry::list(&self.page, &self.page.surroundings)
    }

    fn older_path(&self) -> Option<String> {
        Some(paging::path_to(&self.path(), self.page.older?))
    }
}

async fn show_replies(
    request: HttpRequest,
    state: web::Data<AppState>,
    name: web::Path<String>,
    layout: Layout,
    before: Cursor,
) -> Result<HttpResponse, Error> {
    show(&request, &state, (&name, Tab::Replies), layout, before).await
}

async fn show_likes(
    request: HttpRequest,
    state: web::Data<AppState>,
    name: web::Path<String>,
    layout: Layout,
    before: Cursor,
) -> Result<HttpResponse, Error> {
    show(&request, &state, (&name, Tab::Likes), layout, before).await
}

async fn show(
    request: &HttpRequest,
    state: &AppState,
    (name, tab): (&str, Tab),
    layout: Layout,
    before: Cursor,
) -> Result<HttpResponse, Error> {
    let username = Username::parse(name).ok_or(Error::NotFound)?;
    let viewer = layout.viewer.as_ref().map(|viewer| viewer.id);
    let page = list(state, username.clone(), tab, before, viewer).await?;
    let (is_first_page, here) = (before == Cursor::START, html::here(request));
    Ok(html::answer(request, StatusCode::OK, TabPage { layout, username, tab, is_first_page, page, here }))
}
