//! How Minitwit's cookies are made: one shape, so that none forgets an attribute.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
    http::header,
};

use crate::config::Settings;

/// Behind https a name that browsers accept only with `Secure`, `Path=/` and no `Domain`: no other
/// host of the same domain can plant it.
fn full_name(settings: &Settings, name: &str) -> String {
    let prefix = if settings.server.origin.is_secure() { "__Host-" } else { "" };
    format!("{prefix}minitwit_{name}")
}

/// The value that came with the request.
#[must_use]
pub fn read(request: &HttpRequest, settings: &Settings, name: &str) -> Option<String> {
    // Most visitors bring none, and pay for nothing.
    if !request.headers().contains_key(header::COOKIE) {
        return None;
    }
    request.cookie(&full_name(settings, name)).map(|cookie| cookie.value().to_owned())
}

/// A cookie for this site only, unseen by scripts. It comes along when a link elsewhere leads here.
#[must_use]
pub fn build(settings: &Settings, name: &str, value: String, max_age: Duration) -> Cookie<'static> {
    Cookie::build(full_name(settings, name), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(settings.server.origin.is_secure())
        .max_age(max_age)
        .finish()
}

/// The same, but it comes only with requests that our own pages make, or that a person types.
#[must_use]
pub fn build_strict(settings: &Settings, name: &str, value: String, max_age: Duration) -> Cookie<'static> {
    let mut cookie = build(settings, name, value, max_age);
    cookie.set_same_site(SameSite::Strict);
    cookie
}

/// Takes the cookie away.
#[must_use]
pub fn removal(settings: &Settings, name: &str) -> Cookie<'static> {
    build(settings, name, String::new(), Duration::ZERO)
}
