//! `GET /avatars/{id}.svg`.

use actix_web::{HttpResponse, http::header, web};

use super::identicon;
use crate::{
    domain::{UserId, routes},
    error::Error,
    http::{
        assets::IMMUTABLE,
        routing::{READ, get, resource},
    },
};

/// Mounts the pictures.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource(&format!("/{}/{{id}}.svg", routes::AVATARS), READ).route(get(show)));
}

/// Asks no database: an id that nobody has gets a picture too.
async fn show(id: web::Path<String>) -> Result<HttpResponse, Error> {
    let id: i64 = id.parse().map_err(|_| Error::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, IMMUTABLE))
        .content_type("image/svg+xml")
        .body(identicon(UserId(id))))
}
