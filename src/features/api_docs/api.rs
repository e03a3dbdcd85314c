//! `GET /api` says where the document and its pages are; the rest serves them.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Json, Path},
};
use anyhow::anyhow;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_swagger_ui::Config;

use super::{Document, html::show_calls};
use crate::{
    VERSION,
    error::Error,
    features::simulator::call::{Action, Caller},
    http::{
        operations::{Api, operation},
        routing::{READ, get, resource},
        slices::Slices,
    },
};

/// Swagger UI draws with inline SVG and styles it sets itself; scripts still come from here only.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves `/api` itself, `/openapi.json`, `/docs` and what is below it.
pub fn serve(api: &mut Api) {
    api.serve(operation!(show_index))
        .serve_undescribed(resource("/", READ).route(get(show_index)))
        .serve_undescribed(resource("/openapi.json", READ).route(get(show_document)))
        .serve_undescribed(resource("/docs", READ).route(get(show_calls)))
        .serve_undescribed(resource("/docs/", READ).route(get(show_calls)))
        .serve_undescribed(resource("/docs/interactive", READ).route(get(show_page)))
        .serve_undescribed(resource("/docs/{file}", READ).route(get(show_file)));
}

/// What this is.
#[derive(Serialize, ToSchema)]
struct IndexJson {
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
async fn show_index(Caller(call): Caller) -> Json<IndexJson> {
    call.set_action(Action::Read);
    let (documentation, openapi) = ("/api/docs", "/api/openapi.json");
    Json(IndexJson { name: "Minitwit", version: VERSION.number, documentation, openapi })
}

async fn show_document(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.text())
}

async fn show_page() -> Result<HttpResponse, Error> {
    answer_file("index.html")
}

async fn show_file(file: Path<String>) -> Result<HttpResponse, Error> {
    answer_file(&file)
}

fn answer_file(name: &str) -> Result<HttpResponse, Error> {
    // Without the bar that loads other documents: its logo brings a style of its own, which the policy refuses.
    let config = Arc::new(Config::from("/api/openapi.json").use_base_layout());
    let file = utoipa_swagger_ui::serve(name, config)
        .map_err(|why| Error::Internal(anyhow!("Swagger UI: {why}")))?
        .ok_or(Error::NotFound)?;
    let mut body = file.bytes;
    if name == "index.html" {
        // Its links are relative to its own place, which is another one here.
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
