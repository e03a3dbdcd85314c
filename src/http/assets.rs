//! Static files: embedded in the binary, served under names that carry their hash.
//!
//! A name changes with its content, so browsers may keep what they have for a year.

use std::{collections::HashMap, sync::LazyLock};

use actix_web::{HttpResponse, http::header, web};
use rust_embed::RustEmbed;

use super::slices::Slices;
use crate::{domain::routes, error::Error};

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// How long a browser may keep what never changes under its name.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Embedded name to public name: `style.css` to `style.1f2e3d4c.css`.
static PUBLIC_NAMES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let hashed = |name: &str| {
        let digest = Files::get(name)?.metadata.sha256_hash();
        let (stem, extension) = name.rsplit_once('.')?;
        Some((name.to_owned(), format!("{stem}.{}.{extension}", hex::encode(&digest[..4]))))
    };
    Files::iter().filter_map(|name| hashed(&name)).collect()
});

/// The path under which `name` of `static/` is served. For templates.
///
/// # Panics
/// When there is no such file: a template is wrong, and every page test says so.
#[must_use]
pub fn path(name: &str) -> String {
    let public = PUBLIC_NAMES.get(name).unwrap_or_else(|| panic!("static/{name} does not exist"));
    format!("/{}/{public}", routes::STATIC)
}

/// `GET /static/{name}`.
///
/// # Errors
/// [`Error::NotFound`] when no file has this public name.
pub async fn serve(name: web::Path<String>) -> Result<HttpResponse, Error> {
    let embedded = PUBLIC_NAMES.iter().find(|(_, public)| **public == *name).map(|(embedded, _)| embedded.as_str());
    answer(embedded.ok_or(Error::NotFound)?, IMMUTABLE)
}

/// `GET /favicon.ico`: what browsers ask for unasked.
///
/// # Errors
/// Never: the file is embedded.
pub async fn favicon() -> Result<HttpResponse, Error> {
    answer("icon.svg", "public, max-age=86400")
}

/// `GET /manifest.webmanifest`: the site among somebody's apps.
///
/// # Errors
/// Never: the file is embedded.
pub async fn manifest() -> Result<HttpResponse, Error> {
    answer("manifest.webmanifest", "public, max-age=86400")
}

/// `GET /apple-touch-icon.png`: its picture there.
///
/// # Errors
/// Never: the file is embedded.
pub async fn apple_icon() -> Result<HttpResponse, Error> {
    answer("apple-touch-icon.png", "public, max-age=86400")
}

/// `GET /robots.txt`.
///
/// # Errors
/// Never: the file is embedded.
pub async fn robots() -> Result<HttpResponse, Error> {
    answer("robots.txt", "public, max-age=86400")
}

fn answer(name: &str, cache_control: &str) -> Result<HttpResponse, Error> {
    let file = Files::get(name).ok_or(Error::NotFound)?;
    let content_type = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, cache_control))
        .content_type(content_type)
        .body(Slices::from(file.data)))
}
