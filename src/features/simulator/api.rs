//! `GET /api/latest`: how far the simulator has come.

use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    call::{Action, Caller},
    latest,
};
use crate::{
    error::Error,
    http::operations::{Api, operation},
    state::AppState,
};

/// Serves `/latest`.
pub fn serve(api: &mut Api) {
    api.serve(operation!(show_latest));
}

/// The answer of `GET /latest`.
#[derive(Serialize, ToSchema)]
struct LatestJson {
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
async fn show_latest(state: Data<AppState>, Caller(call): Caller) -> Result<Json<LatestJson>, Error> {
    call.set_action(Action::Read);
    call.store_pending(&state).await?;
    Ok(Json(LatestJson { latest: latest(&state).await? }))
}
