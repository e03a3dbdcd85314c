//! `GET /api` says where the document and the UI are; the rest serves them.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Json, Path},
};
use anyhow::anyhow;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_swagger_ui::Config;

use super::document;
use crate::{
    VERSION,
    error::Error,
    features::simulator::guard::{Action, Caller},
    http::{
        routing::{READ, get, resource},
        slices::Slices,
    },
};

/// Swagger UI draws with inline SVG and styles it sets itself; scripts still come from here only.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(document);

/// Mounts `/api` itself, `/openapi.json` and `/docs`.
pub fn mount(api: &mut web::ServiceConfig) {
    api.service(resource("", READ).route(get(show_index)))
        .service(resource("/", READ).route(get(show_index)))
        .service(resource("/openapi.json", READ).route(get(show_document)))
        .service(resource("/docs", READ).route(get(show_page)))
        .service(resource("/docs/", READ).route(get(show_page)))
        .service(resource("/docs/{file}", READ).route(get(show_file)));
}

/// What this is.
#[derive(Serialize, ToSchema)]
pub(crate) struct IndexJson {
    #[schema(example = "Minitwit")]
    name: &'static str,
    /// The server's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Where a page to read about the API, and to try it out, is.
    #[schema(example = "/api/docs")]
    documentation: &'static str,
    /// Where its description as OpenAPI is.
    #[schema(example = "/api/openapi.json")]
    openapi: &'static str,
}

/// What this is, and where to read on. Open to all.
#[utoipa::path(
    get, path = "/api", tag = "simulator", operation_id = "index",
    params(("latest" = Option<i64>, Query, description = "Id of this action; stored with the right credentials only")),
    responses((status = 200, description = "Names and addresses", body = IndexJson)),
    security((), ("simulator" = []))
)]
pub(crate) async fn show_index(Caller(call): Caller) -> Json<IndexJson> {
    call.is(Action::Read);
    let (documentation, openapi) = ("/api/docs", "/api/openapi.json");
    Json(IndexJson { name: "Minitwit", version: VERSION.number, documentation, openapi })
}

async fn show_document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.as_str())
}

async fn show_page() -> Result<HttpResponse, Error> {
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
