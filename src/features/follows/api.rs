//! Follows in the API.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, change, followees};
use crate::{
    error::Error,
    features::{
        actor::Actor,
        simulator::call::{Action, Simulator},
    },
    http::{
        json::{ErrorJson, JsonBody},
        operations::{Api, operation},
        query::ListLimit,
    },
    state::AppState,
};

/// Serves `/fllws/{username}`.
pub fn serve(api: &mut Api) {
    api.serve(operation!(list_followees)).serve(operation!(change_follow));
}

/// Whom a user follows.
#[derive(Serialize, ToSchema)]
struct FollowsJson {
    /// Names.
    follows: Vec<String>,
}

/// Exactly one of the two keys.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, try_from = "Keys")]
enum ChangeFollowRequest {
    Follow(FollowRequest),
    Unfollow(UnfollowRequest),
}

/// Follow somebody.
#[derive(ToSchema)]
struct FollowRequest {
    /// The name of a user to follow.
    #[schema(example = "Jacqualine Gilcoine")]
    follow: String,
}

/// Follow somebody no longer.
#[derive(ToSchema)]
struct UnfollowRequest {
    /// The name of a user to follow no longer.
    #[schema(example = "Jacqualine Gilcoine")]
    unfollow: String,
}

/// What came: `null` counts as absent.
#[derive(Deserialize)]
struct Keys {
    follow: Option<String>,
    unfollow: Option<String>,
}

impl TryFrom<Keys> for ChangeFollowRequest {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, Self::Error> {
        match (keys.follow, keys.unfollow) {
            (Some(follow), None) => Ok(Self::Follow(FollowRequest { follow })),
            (None, Some(unfollow)) => Ok(Self::Unfollow(UnfollowRequest { unfollow })),
            _ => Err("it has to have one key, follow or unfollow"),
        }
    }
}

/// Whom a user follows, in the order in which those registered.
#[utoipa::path(
    get, path = "/api/fllws/{username}", tag = "simulator", operation_id = "follows",
    params(
        ("username" = String, Path, description = "A user's name", example = "Roger Histand"),
        ("no" = Option<i64>, Query, description = "How many; brought into 0 to 1000, 100 by default"),
        ("latest" = Option<i64>, Query, description = "Id of this action"),
    ),
    responses(
        (status = 200, description = "Names", body = FollowsJson),
        (status = 403, description = "Without the simulator's credentials", body = ErrorJson),
        (status = 404, description = "No such user", body = ErrorJson),
    ),
    security(("simulator" = []))
)]
async fn list_followees(
    Simulator(call): Simulator,
    state: Data<AppState>,
    name: Path<String>,
    ListLimit(limit): ListLimit,
) -> Result<Json<FollowsJson>, Error> {
    call.set_action(Action::Read);
    Ok(Json(FollowsJson { follows: followees(&state, &name, limit).await? }))
}

/// Follow or unfollow as a user. Doing it twice is as good as once.
#[utoipa::path(
    post, path = "/api/fllws/{username}", tag = "simulator", operation_id = "change_follow",
    params(
        ("username" = String, Path, description = "The follower's name", example = "Roger Histand"),
        ("latest" = Option<i64>, Query, description = "Id of this action"),
    ),
    request_body = ChangeFollowRequest,
    responses(
        (status = 204, description = "So it is now"),
        (status = 400, description = "Neither key, or both", body = ErrorJson),
        (status = 403, description = "Without the simulator's credentials", body = ErrorJson),
        (status = 404, description = "No such user, either of them", body = ErrorJson),
    ),
    security(("simulator" = []))
)]
async fn change_follow(
    Simulator(call): Simulator,
    state: Data<AppState>,
    name: Path<String>,
    JsonBody(body): JsonBody<ChangeFollowRequest>,
) -> Result<HttpResponse, Error> {
    let (what, followee) = match body {
        ChangeFollowRequest::Follow(body) => (Change::Follow, body.follow),
        ChangeFollowRequest::Unfollow(body) => (Change::Unfollow, body.unfollow),
    };
    call.set_action(if what == Change::Follow { Action::Follow } else { Action::Unfollow });
    change(&state, &Actor::simulated(&name, call)?, what, &followee).await?;
    Ok(HttpResponse::NoContent().finish())
}
