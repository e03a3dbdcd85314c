//! Follows on the site: two buttons. The course's suites press them by GET.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{Change, Effect, change};
use crate::{
    error::Error,
    features::Source,
    http::{
        client_address::client_address,
        errors,
        html::{self, Layout, Page},
        routing::{ACT, get_to_act, post, resource},
        session::{SignedIn, Viewer},
    },
    state::AppState,
};

/// Mounts `/{username}/follow` and `/{username}/unfollow`.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource("/{username}/follow", ACT).route(get_to_act("Follow", follow)).route(post(follow)))
        .service(resource("/{username}/unfollow", ACT).route(get_to_act("Unfollow", unfollow)).route(post(unfollow)));
}

/// Somebody follows as many as one can, and is led back.
#[derive(Template)]
#[template(path = "follows/refused.html")]
struct RefusedPage<'a> {
    layout: Layout,
    message: &'static str,
    profile_path: String,
    name: &'a str,
}

impl Page for RefusedPage<'_> {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

async fn follow(
    request: HttpRequest,
    state: web::Data<AppState>,
    signed_in: SignedIn,
    name: web::Path<String>,
) -> Result<HttpResponse, Error> {
    carry_out(&request, &state, &signed_in, Change::Follow, &name).await
}

async fn unfollow(
    request: HttpRequest,
    state: web::Data<AppState>,
    signed_in: SignedIn,
    name: web::Path<String>,
) -> Result<HttpResponse, Error> {
    carry_out(&request, &state, &signed_in, Change::Unfollow, &name).await
}

async fn carry_out(
    request: &HttpRequest,
    state: &AppState,
    SignedIn(viewer): &SignedIn,
    what: Change,
    name: &str,
) -> Result<HttpResponse, Error> {
    state.throttle.acts.follow(viewer.id, client_address(request, &state.settings.server.trusted_proxies))?;
    let recorded = match change(state, Source::Web, what, &viewer.username, name, None).await {
        Err(Error::Forbidden(message)) => return Ok(refused_page(request, state, viewer, name, message)),
        outcome => outcome?,
    };
    let message = match (recorded.outcome.ok_or(Error::NotFound)?, what) {
        (Effect::Oneself, Change::Follow) => "You cannot follow yourself".to_owned(),
        (_, Change::Follow) => format!("You are now following \"{name}\""),
        (_, Change::Unfollow) => format!("You are no longer following \"{name}\""),
    };
    Ok(html::redirect_with_flash(request, state, &html::profile_path(name), message))
}

fn refused_page(
    request: &HttpRequest,
    state: &AppState,
    viewer: &Rc<Viewer>,
    name: &str,
    message: &'static str,
) -> HttpResponse {
    let layout = Layout::new(request, state, Some(Rc::clone(viewer)));
    let page = RefusedPage { layout, message, profile_path: html::profile_path(name), name };
    errors::answer(request, state, &Error::Forbidden(message), page)
}
