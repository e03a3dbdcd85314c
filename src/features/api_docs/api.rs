//! Serves the document and the UI.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Path},
};
use anyhow::anyhow;
use utoipa_swagger_ui::Config;

use super::document;
use crate::{
    error::Error,
    http::{
        routing::{READ, get, resource},
        slices::Slices,
    },
};

/// Swagger UI draws with inline SVG and styles it sets itself; scripts still come from here only.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(document);

/// Mounts `/openapi.json` and `/docs`.
pub fn mount(api: &mut web::ServiceConfig) {
    api.service(resource("/openapi.json", READ).route(get(show_document)))
        .service(resource("/docs", READ).route(get(show_index)))
        .service(resource("/docs/", READ).route(get(show_index)))
        .service(resource("/docs/{file}", READ).route(get(show_file)));
}

async fn show_document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.as_str())
}

async fn show_index() -> Result<HttpResponse, Error> {
    serve("index.html")
}

async fn show_file(file: Path<String>) -> Result<HttpResponse, Error> {
    serve(&file)
}

fn serve(name: &str) -> Result<HttpResponse, Error> {
    // Without the bar that loads other documents: its logo brings a style of its own, which the policy refuses.
    let config = Arc::new(Config::from("/api/openapi.json").use_base_layout());
    let file = utoipa_swagger_ui::serve(name, config)
        .map_err(|why| Error::Internal(anyhow!("Swagger UI: {why}")))?
        .ok_or(Error::NotFound)?;
    let mut body = file.bytes;
    if name == "index.html" {
        // Its links are relative to a directory, and `/api/docs` is none: a redirect would make it
        // one, but no redirect is ever sent under /api.
        body = String::from_utf8_lossy(&body)
            .replace("\"./", "\"/api/docs/")
            .replace("\"index.css", "\"/api/docs/index.css")
            .into_bytes()
            .into();
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .content_type(file.content_type)
        .body(Slices::from(body)))
}
