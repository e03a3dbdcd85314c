//! `/livez`, `/readyz`, `/version`, `/metrics`.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Data},
};
use serde_json::json;

use super::readiness;
use crate::{
    VERSION,
    error::Error,
    http::routing::{READ, get, resource},
    state::AppState,
};

/// Mounts all four.
pub fn mount(ops: &mut web::ServiceConfig) {
    ops.service(resource("/livez", READ).route(get(livez)))
        .service(resource("/readyz", READ).route(get(readyz)))
        .service(resource("/version", READ).route(get(version)))
        .service(resource("/metrics", READ).route(get(metrics)));
}

/// 200 as long as the process answers: restarting helps against nothing else that it could check.
async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// 200 when requests may come, 503 with the reason otherwise.
async fn readyz(state: Data<AppState>) -> HttpResponse {
    match readiness(&state).await {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "ready" })),
        Err(why) => HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE)
            .json(json!({ "status": "not ready", "reason": why.to_string() })),
    }
}

async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "version": VERSION.number, "commit": VERSION.commit }))
}

/// Costs the same at one row and at ten million: the tables are counted in the background.
async fn metrics(state: Data<AppState>) -> Result<HttpResponse, Error> {
    state.db.observe_pool();
    let text = state.metrics.render().map_err(Error::Internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
