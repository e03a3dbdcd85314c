//! Follows on the site: two buttons. The course's suites press them by GET.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{Change, Effect, FollowError, change};
use crate::{
    error::Error,
    features::actor::Actor,
    http::{
        client_address::ClientAddress,
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
    message: String,
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
    SignedIn(viewer): SignedIn,
    name: web::Path<String>,
) -> Result<HttpResponse, Error> {
    carry_out(&request, &state, viewer, Change::Follow, &name).await
}

async fn unfollow(
    request: HttpRequest,
    state: web::Data<AppState>,
    SignedIn(viewer): SignedIn,
    name: web::Path<String>,
) -> Result<HttpResponse, Error> {
    carry_out(&request, &state, viewer, Change::Unfollow, &name).await
}

async fn carry_out(
    request: &HttpRequest,
    state: &AppState,
    viewer: Rc<Viewer>,
    what: Change,
    name: &str,
) -> Result<HttpResponse, Error> {
    let follower = Actor::Person(Rc::clone(&viewer), ClientAddress::of(request).0);
    let message = match (change(state, &follower, what, name).await, what) {
        (Ok(Effect::Oneself), Change::Follow) => "You cannot follow yourself".to_owned(),
        (Ok(_), Change::Follow) => format!("You are now following \"{name}\""),
        (Ok(_), Change::Unfollow) => format!("You are no longer following \"{name}\""),
        (Err(why @ FollowError::TooManyFollows), _) => return Ok(refused_page(request, viewer, name, why)),
        (Err(why), _) => return Err(why.into()),
    };
    Ok(html::redirect_with_flash(request, &html::profile_path(name), message))
}

fn refused_page(request: &HttpRequest, viewer: Rc<Viewer>, name: &str, why: FollowError) -> HttpResponse {
    let layout = Layout::new(request, Some(viewer));
    let page = RefusedPage { layout, message: why.to_string(), profile_path: html::profile_path(name), name };
    errors::answer(request, &why.into(), page)
}
