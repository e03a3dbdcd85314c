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
        returning::Back,
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
    SignedIn(viewer): SignedIn,
    name: web::Path<String>,
    back: Back,
) -> Result<HttpResponse, Error> {
    carry_out(&request, viewer, Change::Follow, &name, back).await
}

async fn unfollow(
    request: HttpRequest,
    SignedIn(viewer): SignedIn,
    name: web::Path<String>,
    back: Back,
) -> Result<HttpResponse, Error> {
    carry_out(&request, viewer, Change::Unfollow, &name, back).await
}

async fn carry_out(
    request: &HttpRequest,
    viewer: Rc<Viewer>,
    what: Change,
    name: &str,
    Back(back): Back,
) -> Result<HttpResponse, Error> {
    let follower = Actor::Person(Rc::clone(&viewer), ClientAddress::of(request).0);
    let message = match (change(&AppState::of(request), &follower, what, name).await, what) {
        (Ok(Effect::Oneself), Change::Follow) => "You cannot follow yourself".to_owned(),
        (Ok(_), Change::Follow) => format!("You are now following \"{name}\""),
        (Ok(_), Change::Unfollow) => format!("You are no longer following \"{name}\""),
        (Err(why @ FollowError::TooManyFollows), _) => return Ok(refused_page(request, viewer, name, why)),
        (Err(why), _) => return Err(why.into()),
    };
    let place = back.map_or_else(|| html::profile_path(name), |back| back.as_str().to_owned());
    Ok(html::redirect_with_flash(request, &place, message))
}

fn refused_page(request: &HttpRequest, viewer: Rc<Viewer>, name: &str, why: FollowError) -> HttpResponse {
    let layout = Layout::new(request, Some(viewer));
    let page = RefusedPage { layout, message: why.to_string(), profile_path: html::profile_path(name), name };
    errors::answer(request, &why.into(), page)
}
