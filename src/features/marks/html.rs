//! Marks on the site: the buttons below a message, who pressed them, and what one keeps.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::{Change, Kind, Markers, change, list, markers};
use crate::{
    db::messages::{Cursor, MessagePage},
    domain::{MessageId, ReturnPath, UserId, routes},
    error::Error,
    features::{
        actor::Actor,
        timeline::entry::{self, Entry, message_path},
    },
    http::{
        client_address::ClientAddress,
        forms::Form,
        html::{self, Layout, Page},
        paging, query,
        routing::{self, READ, get, post, resource},
        session::SignedIn,
    },
    state::AppState,
};

/// The buttons' words in the addresses, and what each does.
const BUTTONS: [(&str, Change, Kind); 6] = [
    ("like", Change::Set, Kind::Like),
    ("unlike", Change::Unset, Kind::Like),
    ("repost", Change::Set, Kind::Repost),
    ("unrepost", Change::Unset, Kind::Repost),
    ("bookmark", Change::Set, Kind::Bookmark),
    ("unbookmark", Change::Unset, Kind::Bookmark),
];

/// Mounts the buttons, `/{username}/{id}/likes` and `/reposts`, and `/bookmarks`.
pub fn mount(site: &mut web::ServiceConfig) {
    let path = |word| format!("/{{username}}/{{id:[0-9]+}}/{word}");
    for (word, what, kind) in BUTTONS {
        let press = move |request, state, pressed: Press| press(request, state, pressed, what, kind);
        site.service(resource(&path(word), routing::POST).route(post(press)));
    }
    for (word, kind) in [("likes", Kind::Like), ("reposts", Kind::Repost)] {
        let show = move |request, state, layout, address| show_markers(request, state, layout, address, kind);
        site.service(resource(&path(word), READ).route(get(show)));
    }
    site.service(resource(&format!("/{}", routes::BOOKMARKS), READ).route(get(show_bookmarks)));
}

/// A message's address: its author and its id.
type Address = web::Path<(String, i64)>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct MarkForm {
    /// The page on which the button was.
    back: String,
}

/// Who presses a button, below which message, and on which page.
type Press = (SignedIn, Address, Form<MarkForm>);

async fn press(
    request: HttpRequest,
    state: web::Data<AppState>,
    (SignedIn(viewer), address, Form(form)): Press,
    what: Change,
    kind: Kind,
) -> Result<HttpResponse, Error> {
    let id = MessageId(address.1);
    let actor = Actor::Person(Rc::clone(&viewer), ClientAddress::of(&request).0);
    change(&state, &actor, what, kind, id).await?;
    let place = match ReturnPath::parse(&form.back) {
        Some(back) => back.at_message(id),
        None => message_path(&address.0, address.1),
    };
    Ok(html::redirect(&place))
}

#[derive(Template)]
#[template(path = "marks/bookmarks.html")]
struct BookmarksPage {
    layout: Layout,
    page: MessagePage,
    is_first_page: bool,
    here: String,
}

impl Page for BookmarksPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl BookmarksPage {
    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        Entry::list(&self.page, &self.page.surroundings)
    }

    fn older_path(&self) -> Option<String> {
        Some(paging::path_to(&format!("/{}", routes::BOOKMARKS), self.page.older?))
    }
}

async fn show_bookmarks(
    request: HttpRequest,
    state: web::Data<AppState>,
    SignedIn(viewer): SignedIn,
    before: Cursor,
) -> Result<HttpResponse, Error> {
    let page = list(&state, viewer.id, Kind::Bookmark, before, Some(viewer.id)).await?;
    let here = html::here(&request);
    let page = BookmarksPage {
        page,
        is_first_page: before == Cursor::START,
        here,
        layout: Layout::new(&request, Some(viewer)),
    };
    Ok(html::answer(&request, StatusCode::OK, page))
}

#[derive(Template)]
#[template(path = "marks/markers.html")]
struct MarkersPage {
    layout: Layout,
    title: String,
    message_path: String,
    /// Path of the list's first page.
    path: String,
    is_first_page: bool,
    markers: Markers,
}

impl Page for MarkersPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

async fn show_markers(
    request: HttpRequest,
    state: web::Data<AppState>,
    layout: Layout,
    address: Address,
    kind: Kind,
) -> Result<HttpResponse, Error> {
    let (author, id) = &*address;
    let after = UserId(query::integer(request.query_string(), "after").unwrap_or_default());
    let markers = markers(&state, author, MessageId(*id), kind, after).await?;
    let message_path = message_path(author, *id);
    let page = MarkersPage {
        title: match kind {
            Kind::Repost => format!("Who reposted {author}'s message"),
            Kind::Like | Kind::Bookmark => format!("Who likes {author}'s message"),
        },
        path: format!("{message_path}/{}", if kind == Kind::Repost { "reposts" } else { "likes" }),
        message_path,
        is_first_page: after == UserId(0),
        markers,
        layout,
    };
    Ok(html::answer(&request, StatusCode::OK, page))
}
