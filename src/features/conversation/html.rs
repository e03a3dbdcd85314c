//! Conversations on the site: a message's page, replying, and the page to delete one's own.

use std::rc::Rc;

use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::{ReplyError, Thread, delete, reply, thread};
use crate::{
    db::threads::ThreadMessage,
    domain::{MessageError, MessageId},
    error::Error,
    features::{
        actor::Actor,
        timeline::{
            composer::Composer,
            entry::{self, Entry, message_path},
            read_text,
        },
    },
    http::{
        client_address::ClientAddress,
        errors,
        forms::Form,
        html::{self, Layout, Page, Typed},
        query, returning,
        routing::{self, READ, READ_AND_POST, get, resource},
        session::{SignedIn, Viewer},
    },
    state::AppState,
};

/// Mounts `/{username}/{id}` and what is done there.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource("/{username}/{id:[0-9]+}", READ).route(get(show)))
        .service(resource("/{username}/{id:[0-9]+}/reply", routing::POST).route(routing::post(answer)))
        .service(
            resource("/{username}/{id:[0-9]+}/delete", READ_AND_POST)
                .route(get(ask_to_delete))
                .route(routing::post(take_back)),
        );
}

#[derive(Template)]
#[template(path = "conversation/thread.html")]
struct ThreadPage {
    layout: Layout,
    title: String,
    path: String,
    is_first_page: bool,
    composer: Option<Composer>,
    thread: Thread,
    /// This page's address.
    here: String,
}

impl Page for ThreadPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl ThreadPage {
    fn entry<'a>(&'a self, shown: &'a ThreadMessage) -> Entry<'a> {
        Entry { is_whole: true, ..Entry::new(&shown.message, self.thread.surroundings.get(&shown.message.id)) }
    }

    fn has_replies(&self, shown: &ThreadMessage) -> bool {
        self.entry(shown).around.replies > 0
    }
}

#[derive(Template)]
#[template(path = "conversation/delete.html")]
struct DeletePage {
    layout: Layout,
    path: String,
    text: String,
}

impl Page for DeletePage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// A message's address: its author and its id.
type Address = web::Path<(String, i64)>;

async fn show(
    request: HttpRequest,
    state: web::Data<AppState>,
    address: Address,
    layout: Layout,
) -> Result<HttpResponse, Error> {
    let after = MessageId(query::integer(request.query_string(), "after").unwrap_or_default());
    let viewer = layout.viewer.as_ref().map(|viewer| viewer.id);
    let thread = thread(&state, &address.0, MessageId(address.1), after, viewer).await?;
    let path = message_path(&address.0, address.1);
    let composer = layout.viewer.as_ref().filter(|_| !thread.message.is_hidden);
    let composer = composer.map(|viewer| Composer::to_reply(&state, viewer, &path, &address.0));
    let status = if thread.message.is_hidden { StatusCode::GONE } else { StatusCode::OK };
    let page = ThreadPage {
        title: title(&address.0),
        path,
        is_first_page: after == MessageId(0),
        composer,
        thread,
        here: html::here(&request),
        layout,
    };
    Ok(html::answer(&request, status, page))
}

fn title(author: &str) -> String {
    format!("{author}'s message")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReplyForm {
    text: String,
}

async fn answer(
    request: HttpRequest,
    state: web::Data<AppState>,
    address: Address,
    Form(ReplyForm { text }): Form<ReplyForm>,
) -> Result<HttpResponse, Error> {
    // Before anything can fail: whoever was signed out meanwhile gets the text back with the refusal.
    request.extensions_mut().insert(Typed(text.clone()));
    let SignedIn(viewer) = SignedIn::extract(&request).await?;
    let path = message_path(&address.0, address.1);
    let refusal = match read_text(&state, &text) {
        Ok(fit) => {
            let author = Actor::Person(Rc::clone(&viewer), ClientAddress::of(&request).0);
            match reply(&state, &author, MessageId(address.1), fit).await {
                Ok(id) => {
                    let place = format!("{path}#m{id}");
                    return Ok(html::redirect_with_flash(&request, &place, "Your reply was recorded".to_owned()));
                }
                Err(ReplyError::Failed(why)) => return Err(why),
                Err(ReplyError::Gone) => return Err(Error::NotFound),
                Err(ReplyError::TooFast(why)) => why,
            }
        }
        Err(MessageError::Blank) => return Ok(html::redirect(&path)),
        Err(refusal) => Error::BadRequest(refusal.to_string().into()),
    };
    refused(&request, viewer, &address, text, &refusal).await
}

/// The conversation again, with what was typed and what is wrong with it.
async fn refused(
    request: &HttpRequest,
    viewer: Rc<Viewer>,
    address: &(String, i64),
    text: String,
    refusal: &Error,
) -> Result<HttpResponse, Error> {
    let (state, (author, id)) = (AppState::of(request), address);
    let thread = thread(&state, author, MessageId(*id), MessageId(0), Some(viewer.id)).await?;
    let path = message_path(author, *id);
    let error = Some(refusal.public_message().into_owned());
    let composer = Composer { text, error, ..Composer::to_reply(&state, &viewer, &path, author) };
    let layout = Layout::new(request, Some(viewer));
    let page = ThreadPage {
        title: title(author),
        here: path.clone(),
        path,
        is_first_page: true,
        composer: Some(composer),
        thread,
        layout,
    };
    Ok(errors::answer(request, refusal, page))
}

async fn ask_to_delete(
    request: HttpRequest,
    state: web::Data<AppState>,
    SignedIn(viewer): SignedIn,
    address: Address,
) -> Result<HttpResponse, Error> {
    let found = thread(&state, &address.0, MessageId(address.1), MessageId(0), Some(viewer.id)).await?;
    if found.message.is_hidden {
        return Err(Error::NotFound);
    }
    if found.message.message.author_id != viewer.id.0 {
        return Err(Error::Forbidden("Only its author can delete a message."));
    }
    let page = DeletePage {
        path: message_path(&address.0, address.1),
        text: found.message.message.text,
        layout: Layout::new(&request, Some(viewer)),
    };
    Ok(html::answer(&request, StatusCode::OK, page))
}

async fn take_back(
    request: HttpRequest,
    state: web::Data<AppState>,
    SignedIn(viewer): SignedIn,
    address: Address,
) -> Result<HttpResponse, Error> {
    let author = Actor::Person(Rc::clone(&viewer), ClientAddress::of(&request).0);
    delete(&state, &author, MessageId(address.1)).await?;
    let profile = viewer.username.profile_path();
    Ok(html::redirect_with_flash(&request, &profile, "Your message was deleted".to_owned()))
}
