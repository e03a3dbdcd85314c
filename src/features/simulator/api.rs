//! `GET /api/latest`: how far the simulator has come.

use actix_web::web::{self, Data, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    guard::{Action, Caller},
    latest,
};
use crate::{
    error::Error,
    http::routing::{READ, get, resource},
    state::AppState,
};

/// Mounts `/latest`.
pub fn mount(api: &mut web::ServiceConfig) {
    api.service(resource("/latest", READ).route(get(show_latest)));
}

/// The answer of `GET /latest`.
#[derive(Serialize, ToSchema)]
pub(crate) struct LatestJson {
    /// Id of the latest action seen; -1 before the first.
    #[schema(example = 1337)]
    latest: i64,
}

/// The latest action seen: the last one to come, not the largest. Open to all.
#[utoipa::path(
    get, path = "/api/latest", tag = "simulator", operation_id = "latest",
    params(("latest" = Option<i64>, Query, description = "Id of this action; stored first, with the right credentials only")),
    responses(
        (status = 200, description = "The latest action seen", body = LatestJson),
    ),
    security((), ("simulator" = []))
)]
pub(crate) async fn show_latest(state: Data<AppState>, Caller(call): Caller) -> Result<Json<LatestJson>, Error> {
    call.is(Action::Read);
    call.store_pending(&state).await?;
    Ok(Json(LatestJson { latest: latest(&state).await? }))
}
