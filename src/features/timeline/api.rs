//! Timelines in the API: reading and posting messages.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{newest, newest_of, post, read_text};
use crate::{
    db::messages::AuthoredMessage,
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

/// Serves `/msgs` and `/msgs/{username}`.
pub fn serve(api: &mut Api) {
    api.serve(operation!(list_messages)).serve(operation!(list_messages_of)).serve(operation!(post_message));
}

/// A message.
#[derive(Serialize, ToSchema)]
struct MessageJson<'a> {
    /// What it says.
    #[schema(example = "It has to be seen to be believed.")]
    content: &'a str,
    /// Seconds since 1970-01-01 UTC.
    #[schema(example = 1_582_246_862)]
    pub_date: i64,
    /// Its author.
    #[schema(example = "Roger Histand")]
    user: &'a str,
}

impl<'a> From<&'a AuthoredMessage> for MessageJson<'a> {
    fn from(row: &'a AuthoredMessage) -> Self {
        Self { content: &row.text, pub_date: row.published_at, user: &row.author }
    }
}

/// A message to be. A missing key is a blank message.
#[derive(Deserialize, ToSchema)]
struct MessageRequest {
    /// Trimmed; 1 to 500 characters and at most 12,500 bytes (settings), at most 8 combining marks on a
    /// character, no control characters but line breaks.
    #[schema(
        nullable = false,
        required,
        min_length = 1,
        max_length = 500,
        example = "It has to be seen to be believed."
    )]
    content: Option<String>,
}

/// The newest messages of everyone, flagged ones left out.
#[utoipa::path(
    get, path = "/api/msgs", tag = "simulator", operation_id = "messages",
    params(
        ("no" = Option<i64>, Query, description = "How many; brought into 0 to 1000, 100 by default"),
        ("latest" = Option<i64>, Query, description = "Id of this action"),
    ),
    responses(
        (status = 200, description = "Newest first", body = [MessageJson]),
        (status = 403, description = "Without the simulator's credentials", body = ErrorJson),
    ),
    security(("simulator" = []))
)]
async fn list_messages(
    Simulator(call): Simulator,
    state: Data<AppState>,
    ListLimit(limit): ListLimit,
) -> Result<HttpResponse, Error> {
    call.set_action(Action::Read);
    let page = newest(&state, limit).await?;
    let body = page.json.get_or_init(|| json(&page.messages)).clone();
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}

/// Strings and numbers cannot fail to be written.
fn json(messages: &[AuthoredMessage]) -> Bytes {
    let list: Vec<MessageJson<'_>> = messages.iter().map(MessageJson::from).collect();
    serde_json::to_vec(&list).unwrap_or_default().into()
}

/// The newest messages of one user, flagged ones left out.
#[utoipa::path(
    get, path = "/api/msgs/{username}", tag = "simulator", operation_id = "messages_of",
    params(
        ("username" = String, Path, description = "A user's name", example = "Roger Histand"),
        ("no" = Option<i64>, Query, description = "How many; brought into 0 to 1000, 100 by default"),
        ("latest" = Option<i64>, Query, description = "Id of this action"),
    ),
    responses(
        (status = 200, description = "Newest first", body = [MessageJson]),
        (status = 403, description = "Without the simulator's credentials", body = ErrorJson),
        (status = 404, description = "No such user", body = ErrorJson),
    ),
    security(("simulator" = []))
)]
async fn list_messages_of(
    Simulator(call): Simulator,
    state: Data<AppState>,
    name: Path<String>,
    ListLimit(limit): ListLimit,
) -> Result<HttpResponse, Error> {
    call.set_action(Action::Read);
    let rows = newest_of(&state, &name, limit).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(json(&rows)))
}

/// Post a message as a user.
#[utoipa::path(
    post, path = "/api/msgs/{username}", tag = "simulator", operation_id = "post_message",
    params(
        ("username" = String, Path, description = "The author's name", example = "Roger Histand"),
        ("latest" = Option<i64>, Query, description = "Id of this action"),
    ),
    request_body = MessageRequest,
    responses(
        (status = 204, description = "Posted"),
        (status = 400, description = "Blank, too long or too large, or with control characters or towers of marks", body = ErrorJson),
        (status = 403, description = "Without the simulator's credentials", body = ErrorJson),
        (status = 404, description = "No such user", body = ErrorJson),
    ),
    security(("simulator" = []))
)]
async fn post_message(
    Simulator(call): Simulator,
    state: Data<AppState>,
    name: Path<String>,
    JsonBody(body): JsonBody<MessageRequest>,
) -> Result<HttpResponse, Error> {
    call.set_action(Action::Tweet);
    let text = body.content.unwrap_or_default();
    let text = read_text(&state, &text).map_err(|refusal| Error::BadRequest(refusal.to_string().into()))?;
    post(&state, &Actor::simulated(&name, call)?, text).await?;
    Ok(HttpResponse::NoContent().finish())
}
