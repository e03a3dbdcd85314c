//! The operators' listener of `minitwit backup-service`: `/livez`, `/readyz`, `/version`, `/metrics`.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    guard,
    http::StatusCode,
    web::{self, Data},
};
use serde_json::json;

use crate::{VERSION, metrics::BackupMetrics};

/// What the answers are made of.
struct Shared {
    metrics: BackupMetrics,
    stop: Arc<AtomicBool>,
}

/// Serves until its handle stops it.
pub(super) fn serve(listener: TcpListener, metrics: BackupMetrics, stop: Arc<AtomicBool>) -> anyhow::Result<Server> {
    let shared = Data::new(Shared { metrics, stop });
    let server = HttpServer::new(move || {
        let read = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
        App::new()
            .app_data(shared.clone())
            .route("/livez", read().to(livez))
            .route("/readyz", read().to(readyz))
            .route("/version", read().to(version))
            .route("/metrics", read().to(metrics_text))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// Ready as long as it keeps the time. A backup that fails is for the metrics to tell: a restart, which
/// is what unready services get, would mend nothing.
async fn readyz(shared: Data<Shared>) -> HttpResponse {
    if shared.stop.load(Ordering::Relaxed) {
        let why = json!({ "status": "not ready", "reason": "shutting down" });
        return HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE).json(why);
    }
    HttpResponse::Ok().json(json!({ "status": "ready" }))
}

async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "version": VERSION.number, "commit": VERSION.commit }))
}

async fn metrics_text(shared: Data<Shared>) -> HttpResponse {
    match shared.metrics.render() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text),
        Err(why) => {
            tracing::error!(causes = format!("{why:#}"), "metrics not written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
