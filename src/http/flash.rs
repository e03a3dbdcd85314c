//! A message that survives one redirect: "You were logged in".
//!
//! It travels in a cookie of its own, so it works for people who are not signed in, through every
//! replica, and without memory on the server. It is text of ours, escaped like everything else
//! when it is shown; forging one tells the forger something.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, time::Duration},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::cookies;
use crate::config::Settings;

const COOKIE: &str = "flash";
/// Browsers keep 4 KB a cookie; nobody reads more than a few messages at once.
const MOST: usize = 5;
const MOST_CHARS: usize = 300;

/// The messages that came with the request, oldest first.
#[must_use]
pub fn read(request: &HttpRequest, settings: &Settings) -> Vec<String> {
    let Some(value) = cookies::read(request, settings, COOKIE) else { return Vec::new() };
    let messages: Vec<String> = BASE64_URL_SAFE_NO_PAD
        .decode(value)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    messages.into_iter().take(MOST).map(|text| text.chars().take(MOST_CHARS).collect()).collect()
}

/// Adds a message to those that nobody has seen yet.
#[must_use]
pub fn push(request: &HttpRequest, settings: &Settings, message: String) -> Cookie<'static> {
    let mut messages = read(request, settings);
    messages.push(message);
    let newest = &messages[messages.len().saturating_sub(MOST)..];
    let value = BASE64_URL_SAFE_NO_PAD.encode(serde_json::json!(newest).to_string());
    cookies::build(settings, COOKIE, value, Duration::minutes(5))
}

/// They have been shown.
#[must_use]
pub fn removal(settings: &Settings) -> Cookie<'static> {
    cookies::removal(settings, COOKIE)
}
