//! Timelines on the site: the public one, one's own, a person's, and the box to post.

use std::{collections::HashMap, rc::Rc, sync::Arc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::{Profile, Relation, home, post, profile, public, read_text};
use crate::{
    db::{first_pages::Excerpt, messages::Cursor},
    domain::{MessageError, routes},
    error::Error,
    features::Source,
    http::{
        client_address::client_address,
        errors,
        forms::Form,
        html::{self, Layout, Page, Typed},
        query,
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

/// Mounts `/{username}`: after everything else, since it takes every word.
pub fn mount_profiles(site: &mut web::ServiceConfig) {
    site.service(resource("/{username}", READ).route(get(show_profile)));
}

#[derive(Template)]
#[template(path = "timeline/timeline.html")]
struct TimelinePage {
    layout: Layout,
    title: String,
    heading: String,
    /// Path of this timeline's first page.
    path: String,
    is_first_page: bool,
    composer: Option<Composer>,
    followstatus: Option<FollowStatus>,
    excerpt: Arc<Excerpt>,
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

/// The box to post, with what was typed if it was refused.
struct Composer {
    username: String,
    text: String,
    error: Option<String>,
    max_length: usize,
}

struct FollowStatus {
    relation: Relation,
    profile_path: String,
    username: String,
}

impl Page for TimelinePage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl TimelinePage {
    /// The answer. The first page is the same for all who are not signed in and have nothing to be
    /// told: it is rendered once for as long as its excerpt is kept.
    fn answer(self, request: &HttpRequest, state: &AppState) -> HttpResponse {
        if !self.is_first_page || self.layout.is_personal() {
            return html::answer(request, state, StatusCode::OK, self);
        }
        match self.render() {
            Ok(text) => html::shared(self.excerpt.answer.get_or_init(|| text.into()).clone()),
            Err(_) => html::answer(request, state, StatusCode::OK, self),
        }
    }

    fn older_path(&self) -> Option<String> {
        let cursor = self.excerpt.older?;
        Some(format!("{}?before={}-{}", self.path, cursor.published_at, cursor.id))
    }
}

/// The answer that is kept, for somebody whom it suits: only first pages have one.
fn kept_answer(excerpt: &Excerpt, layout: &Layout) -> Option<HttpResponse> {
    let kept = excerpt.answer.get().filter(|_| !layout.is_personal())?;
    Some(html::shared(kept.clone()))
}

impl FollowStatus {
    fn is(&self, relation: Relation) -> bool {
        self.relation == relation
    }
}

async fn show_home(
    request: HttpRequest,
    state: web::Data<AppState>,
    MaybeViewer(viewer): MaybeViewer,
) -> Result<HttpResponse, Error> {
    let Some(viewer) = viewer else { return Ok(html::redirect(&format!("/{}", routes::PUBLIC))) };
    home_page(&request, &state, viewer, StatusCode::OK, String::new(), None).await
}

async fn home_page(
    request: &HttpRequest,
    state: &AppState,
    viewer: Rc<Viewer>,
    status: StatusCode,
    text: String,
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let before = cursor(request)?;
    let excerpt = home(state, viewer.id, before).await?;
    let page = TimelinePage {
        title: "My Timeline".into(),
        heading: "My Timeline".into(),
        path: "/".into(),
        is_first_page: before == Cursor::START,
        composer: Some(Composer { text, error, ..composer(state, &viewer) }),
        followstatus: None,
        excerpt,
        layout: Layout::new(request, state, Some(viewer)),
    };
    Ok(html::answer(request, state, status, page))
}

async fn show_public(
    request: HttpRequest,
    state: web::Data<AppState>,
    MaybeViewer(viewer): MaybeViewer,
) -> Result<HttpResponse, Error> {
    let before = cursor(&request)?;
    let excerpt = public(&state, before).await?;
    let layout = Layout::new(&request, &state, viewer);
    if let Some(kept) = kept_answer(&excerpt, &layout) {
        return Ok(kept);
    }
    let page = TimelinePage {
        title: "Public Timeline".into(),
        heading: "Public Timeline".into(),
        path: format!("/{}", routes::PUBLIC),
        is_first_page: before == Cursor::START,
        composer: layout.viewer.as_ref().map(|viewer| composer(&state, viewer)),
        followstatus: None,
        excerpt,
        layout,
    };
    Ok(page.answer(&request, &state))
}

async fn show_profile(
    request: HttpRequest,
    state: web::Data<AppState>,
    name: web::Path<String>,
    MaybeViewer(viewer): MaybeViewer,
) -> Result<HttpResponse, Error> {
    let before = cursor(&request)?;
    let Profile { username, excerpt, relation } =
        profile(&state, &name, viewer.as_ref().map(|viewer| viewer.id), before).await?;
    let layout = Layout::new(&request, &state, viewer);
    if let Some(kept) = kept_answer(&excerpt, &layout) {
        return Ok(kept);
    }
    let title = format!("{username}'s Timeline");
    let followstatus = relation.map(|relation| FollowStatus {
        relation,
        profile_path: username.profile_path(),
        username: username.to_string(),
    });
    let page = TimelinePage {
        heading: title.clone(),
        title,
        path: username.profile_path(),
        is_first_page: before == Cursor::START,
        composer: layout.viewer.as_ref().filter(|_| relation == Some(Relation::Oneself)).map(|me| composer(&state, me)),
        followstatus,
        excerpt,
        layout,
    };
    Ok(page.answer(&request, &state))
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
            let why = Some(refusal.to_string());
            return home_page(&request, &state, viewer, StatusCode::BAD_REQUEST, text, why).await;
        }
    };
    let address = client_address(&request, &state.settings.server.trusted_proxies);
    if let Err(why) = state.throttle.acts.post(viewer.id, address) {
        return Ok(refused_page(&request, &state, viewer, text, &why));
    }
    post(&state, Source::Web, &viewer.username, fit, None).await?;
    Ok(html::redirect_with_flash(&request, &state, "/", "Your message was recorded".to_owned()))
}

/// The box with what was typed, to be sent again in a moment, and nothing that would cost a query.
fn refused_page(
    request: &HttpRequest,
    state: &AppState,
    viewer: Rc<Viewer>,
    text: String,
    why: &Error,
) -> HttpResponse {
    let error = Some(why.public_message().into_owned());
    let composer = Composer { text, error, ..composer(state, &viewer) };
    let page = RefusedPage { composer, layout: Layout::new(request, state, Some(viewer)) };
    errors::answer(request, state, why, page)
}

fn composer(state: &AppState, viewer: &Viewer) -> Composer {
    Composer {
        username: viewer.username.clone(),
        text: String::new(),
        error: None,
        max_length: state.settings.messages.max_length,
    }
}

/// `?before=TIME-ID`, as the "Older" links write it.
fn cursor(request: &HttpRequest) -> Result<Cursor, Error> {
    let Some(text) = query::find(request.query_string(), "before") else { return Ok(Cursor::START) };
    let parse = || {
        let (published_at, id) = text.split_once('-')?;
        Some(Cursor { published_at: published_at.parse().ok()?, id: id.parse().ok()? })
    };
    parse().ok_or(Error::BadRequest("This is no place in a timeline: follow the links at its end.".into()))
}
