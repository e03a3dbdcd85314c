//! Timelines on the site: the public one, one's own, a person's, and the box to post.

use std::{collections::HashMap, rc::Rc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::{
    Home, PostError, Profile, Relation,
    composer::Composer,
    entry::{self, Entry},
    home,
    owner::Owner,
    post, profile, public, read_text, surroundings,
};
use crate::{
    db::{
        messages::{Cursor, MessagePage},
        surroundings::Surroundings,
    },
    domain::{MessageError, routes},
    error::Error,
    features::{actor::Actor, profiles, suggestions::Suggested},
    first_pages::KeptPage,
    http::{
        client_address::ClientAddress,
        errors,
        forms::Form,
        html::{self, Layout, Page, Typed},
        paging,
        routing::{self, READ, get, resource},
        session::{MaybeViewer, SignedIn, Viewer},
    },
    state::AppState,
};

/// Mounts `/`, `/public` and `/add_message`.
pub fn mount(site: &mut web::ServiceConfig) {
    let path = |word: &str| format!("/{word}");
    site.service(resource("/", READ).route(get(show_home)))
        .service(resource(&path(routes::PUBLIC), READ).route(get(show_public)))
        .service(resource(&path(routes::ADD_MESSAGE), routing::POST).route(routing::post(add_message)));
}

/// Mounts `/{username}`: after everything else, since it takes every word. Names that are older than a page of
/// the site have theirs at `/{username}/profile`.
pub fn mount_profiles(site: &mut web::ServiceConfig) {
    site.service(resource("/{username}", READ).route(get(show_profile)))
        .service(resource("/{username}/profile", READ).route(get(show_profile)));
}

#[derive(Template)]
#[template(path = "timeline/timeline.html")]
struct TimelinePage<'a> {
    layout: Layout,
    title: String,
    heading: String,
    /// Path of this timeline's first page.
    path: String,
    is_first_page: bool,
    composer: Option<Composer>,
    profile: Option<Owner<'a>>,
    page: &'a MessagePage,
    /// This page's address.
    here: String,
    /// What stands around the messages of the page, for whom it is.
    surroundings: HashMap<i64, Surroundings>,
    /// A few people to follow.
    suggested: Vec<Suggested>,
}

/// Somebody posts faster than people do.
#[derive(Template)]
#[template(path = "timeline/refused.html")]
struct RefusedPage {
    layout: Layout,
    composer: Composer,
}

impl Page for RefusedPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl Page for TimelinePage<'_> {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl TimelinePage<'_> {
    /// The answer. The first page is the same for all who are not signed in and have nothing to be
    /// told: it is rendered once for as long as it is kept.
    fn answer(self, request: &HttpRequest, kept: &KeptPage) -> HttpResponse {
        if !self.is_first_page || self.layout.is_personal() {
            return html::answer(request, StatusCode::OK, self);
        }
        match self.render() {
            Ok(text) => html::shared(kept.html.get_or_init(|| text.into()).clone()),
            Err(_) => html::answer(request, StatusCode::OK, self),
        }
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        Entry::list(self.page, &self.surroundings)
    }

    fn older_path(&self) -> Option<String> {
        Some(paging::path_to(&self.path, self.page.older?))
    }
}

/// The answer that is kept, for somebody whom it suits: only first pages have one.
fn kept_answer(page: &KeptPage, layout: &Layout) -> Option<HttpResponse> {
    let kept = page.html.get().filter(|_| !layout.is_personal())?;
    Some(html::shared(kept.clone()))
}

async fn show_home(
    request: HttpRequest,
    state: web::Data<AppState>,
    MaybeViewer(viewer): MaybeViewer,
    before: Result<Cursor, Error>,
) -> Result<HttpResponse, Error> {
    let Some(viewer) = viewer else { return Ok(html::redirect(&format!("/{}", routes::PUBLIC))) };
    let composer = Composer::to_post(&state, &viewer);
    home_page(&request, &state, viewer, before?, composer).await
}

/// The home timeline, or, if something is wrong with what `composer` holds, 400 with that above it.
async fn home_page(
    request: &HttpRequest,
    state: &AppState,
    viewer: Rc<Viewer>,
    before: Cursor,
    composer: Composer,
) -> Result<HttpResponse, Error> {
    let status = if composer.error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let Home { page: found, suggested } = home(state, viewer.id, before).await?;
    let page = TimelinePage {
        title: "My Timeline".into(),
        heading: "My Timeline".into(),
        path: "/".into(),
        is_first_page: before == Cursor::START,
        composer: Some(composer),
        profile: None,
        page: &found,
        here: html::here(request),
        surroundings: found.surroundings.clone(),
        suggested,
        layout: Layout::new(request, Some(viewer)),
    };
    Ok(html::answer(request, status, page))
}

async fn show_public(
    request: HttpRequest,
    state: web::Data<AppState>,
    layout: Layout,
    before: Cursor,
) -> Result<HttpResponse, Error> {
    let kept = public(&state, before).await?;
    if let Some(answer) = kept_answer(&kept, &layout) {
        return Ok(answer);
    }
    let page = TimelinePage {
        title: "Public Timeline".into(),
        heading: "Public Timeline".into(),
        path: format!("/{}", routes::PUBLIC),
        is_first_page: before == Cursor::START,
        composer: layout.viewer.as_ref().map(|viewer| Composer::to_post(&state, viewer)),
        profile: None,
        surroundings: surroundings(&state, &kept, layout.viewer.as_ref().map(|viewer| viewer.id)).await?,
        suggested: Vec::new(),
        page: &kept,
        here: html::here(&request),
        layout,
    };
    Ok(page.answer(&request, &kept))
}

async fn show_profile(
    request: HttpRequest,
    state: web::Data<AppState>,
    name: web::Path<String>,
    layout: Layout,
    before: Cursor,
) -> Result<HttpResponse, Error> {
    let viewer = layout.viewer.as_ref().map(|viewer| viewer.id);
    let Profile { username, page: kept, relation, is_follower, surroundings } =
        profile(&state, &name, viewer, before).await?;
    if let Some(answer) = kept_answer(&kept, &layout) {
        return Ok(answer);
    }
    let title = format!("{username}'s Timeline");
    let page = TimelinePage {
        heading: title.clone(),
        title,
        path: username.profile_path(),
        is_first_page: before == Cursor::START,
        composer: layout
            .viewer
            .as_ref()
            .filter(|_| relation == Some(Relation::Oneself))
            .map(|me| Composer::to_post(&state, me)),
        profile: kept.owner.as_deref().map(|header| Owner { username: &username, header, relation, is_follower }),
        surroundings,
        suggested: Vec::new(),
        page: &kept,
        here: html::here(&request),
        layout,
    };
    Ok(page.answer(&request, &kept))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MessageForm {
    text: Option<String>,
    #[serde(flatten)]
    others: HashMap<String, String>,
}

async fn add_message(
    request: HttpRequest,
    state: web::Data<AppState>,
    Form(form): Form<MessageForm>,
) -> Result<HttpResponse, Error> {
    // Before anything can fail: whoever was signed out meanwhile gets the text back with the refusal.
    if let Some(text) = &form.text {
        request.extensions_mut().insert(Typed(text.clone()));
    }
    let SignedIn(viewer) = SignedIn::extract(&request).await?;
    // A blank message is nothing to speak of; one that came under another name is.
    if form.text.is_none() && !form.others.is_empty() {
        return Err(Error::BadRequest("The form has no field called text.".into()));
    }
    let text = form.text.unwrap_or_default();
    let fit = match read_text(&state, &text) {
        Ok(fit) => fit,
        Err(MessageError::Blank) => return Ok(html::redirect("/")),
        Err(refusal) => {
            let composer = Composer { text, error: Some(refusal.to_string()), ..Composer::to_post(&state, &viewer) };
            let before = Cursor::extract(&request).await?;
            return home_page(&request, &state, viewer, before, composer).await;
        }
    };
    let author = Actor::Person(Rc::clone(&viewer), ClientAddress::of(&request).0);
    match post(&state, &author, fit).await {
        Ok(_) => Ok(html::redirect_with_flash(&request, "/", "Your message was recorded".to_owned())),
        Err(PostError::TooFast(why)) => {
            let composer = Composer { text, ..Composer::to_post(&state, &viewer) };
            Ok(refused_page(&request, viewer, composer, &why))
        }
        // Their account has gone since their session was found.
        Err(PostError::UnknownAuthor) => Err(Error::LoginRequired),
        Err(PostError::Failed(why)) => Err(why),
    }
}

/// The box with what was typed, to be sent again in a moment, and nothing that would cost a query.
fn refused_page(request: &HttpRequest, viewer: Rc<Viewer>, composer: Composer, why: &Error) -> HttpResponse {
    let composer = Composer { error: Some(why.public_message().into_owned()), ..composer };
    let page = RefusedPage { composer, layout: Layout::new(request, Some(viewer)) };
    errors::answer(request, why, page)
}
