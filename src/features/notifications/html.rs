//! Notifications on the site: `/notifications`.

use std::{borrow::Cow, rc::Rc};

use actix_web::{HttpRequest, HttpResponse, http::Method, http::StatusCode, web};
use askama::Template;

use super::{About, Asked, Group, Kind, NotificationPage, list, see};
use crate::{
    domain::{message, routes},
    error::Error,
    features::timeline::entry::message_path,
    http::{
        html::{self, Layout, Page},
        query,
        routing::{READ, get, resource},
        session::{SignedIn, Viewer},
    },
    state::AppState,
};

/// Mounts the page.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource(&format!("/{}", routes::NOTIFICATIONS), READ).route(get(show)));
}

/// How much of a message is shown, in characters: enough to know it by.
const EXCERPT: usize = 200;

#[derive(Template)]
#[template(path = "notifications/notifications.html")]
struct NotificationsPage {
    layout: Layout,
    asked: Asked,
    page: NotificationPage,
}

impl Page for NotificationsPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// A way to look at them.
#[derive(Clone, Copy)]
struct Filter {
    /// Which are shown; none: all.
    kind: Option<Kind>,
    word: &'static str,
}

static FILTERS: [Filter; 6] = [
    Filter { kind: None, word: "All" },
    Filter { kind: Some(Kind::Reply), word: "Replies" },
    Filter { kind: Some(Kind::Mention), word: "Mentions" },
    Filter { kind: Some(Kind::Like), word: "Likes" },
    Filter { kind: Some(Kind::Repost), word: "Reposts" },
    Filter { kind: Some(Kind::Follow), word: "Followers" },
];

impl Filter {
    fn path(&self) -> String {
        path_of(self.kind)
    }
}

impl NotificationsPage {
    fn is_shown(&self, filter: &Filter) -> bool {
        self.asked.kind == filter.kind
    }

    fn first_path(&self) -> String {
        path_of(self.asked.kind)
    }

    fn older_path(&self) -> Option<String> {
        let joint = if self.asked.kind.is_some() { '&' } else { '?' };
        Some(format!("{}{joint}before={}", self.first_path(), self.page.older?))
    }
}

fn path_of(kind: Option<Kind>) -> String {
    let kind = kind.map(|kind| format!("?kind={}", kind.word())).unwrap_or_default();
    format!("/{}{kind}", routes::NOTIFICATIONS)
}

/// What they did, as the sentence behind their names goes on.
fn deed(group: &Group) -> &'static str {
    match group.kind {
        Kind::Reply => "answered you",
        Kind::Mention => "mentioned you",
        Kind::Like => "liked your message",
        Kind::Repost => "reposted your message",
        Kind::Follow if group.actors.len() == 1 => "follows you",
        Kind::Follow => "follow you",
    }
}

fn path_to(about: &About) -> String {
    message_path(&about.author, about.id.0)
}

fn excerpt(text: &str) -> Cow<'_, str> {
    message::excerpt(text, EXCERPT)
}

async fn show(
    request: HttpRequest,
    state: web::Data<AppState>,
    SignedIn(viewer): SignedIn,
) -> Result<HttpResponse, Error> {
    let query = request.query_string();
    let asked = Asked {
        kind: query::find(query, "kind").and_then(|kind| kind.parse().ok()),
        before: query::integer(query, "before"),
    };
    let page = list(&state, viewer.id, asked).await?;
    let is_visit = asked.is_everything_new() && is_seen(&request);
    let viewer = if is_visit {
        see(&state, &viewer, &page).await?;
        Rc::new(Viewer { unread: 0, id: viewer.id, username: viewer.username.clone() })
    } else {
        viewer
    };
    let page = NotificationsPage { layout: Layout::new(&request, Some(viewer)), asked, page };
    Ok(html::answer(&request, StatusCode::OK, page))
}

/// Whether somebody will see the answer: it is not asked for its headers, nor fetched in case somebody comes.
fn is_seen(request: &HttpRequest) -> bool {
    let is_ahead = request.headers().get("sec-purpose").is_some_and(|purpose| {
        purpose.to_str().is_ok_and(|purpose| purpose.contains("prefetch") || purpose.contains("prerender"))
    });
    *request.method() == Method::GET && !is_ahead
}
