//! Follows on the site: two buttons. The course's suites press them by GET.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{Change, Effect, change};
use crate::{
    error::Error,
    features::Source,
    http::{
        client_address::client_address,
        html,
        routing::{ACT, get_to_act, post, resource},
        session::SignedIn,
    },
    state::AppState,
};

/// Mounts `/{username}/follow` and `/{username}/unfollow`.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource("/{username}/follow", ACT).route(get_to_act("Follow", follow)).route(post(follow)))
        .service(resource("/{username}/unfollow", ACT).route(get_to_act("Unfollow", unfollow)).route(post(unfollow)));
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
    let recorded = change(state, Source::Web, what, &viewer.username, name, None).await?;
    let message = match (recorded.outcome.ok_or(Error::NotFound)?, what) {
        (Effect::Oneself, _) => "You cannot follow yourself".to_owned(),
        (_, Change::Follow) => format!("You are now following \"{name}\""),
        (_, Change::Unfollow) => format!("You are no longer following \"{name}\""),
    };
    Ok(html::redirect_with_flash(request, state, &html::profile_path(name), message))
}
