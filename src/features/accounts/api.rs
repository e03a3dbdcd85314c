//! Accounts in the API: registering.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{NewAccount, RegisterError, Registrant, register};
use crate::{
    error::Error,
    features::simulator::call::{Action, Caller},
    http::{
        client_address::ClientAddress,
        json::{ErrorJson, JsonBody},
        operations::{Api, operation},
    },
    state::AppState,
};

/// Serves `/register`.
pub fn serve(api: &mut Api) {
    api.serve(operation!(register_account));
}

/// A missing key counts as an empty value, and is refused in the same words.
#[derive(Deserialize, ToSchema)]
struct RegisterRequest {
    /// 1 to 50 visible characters, single spaces between them, no `/ \ ? # %`, no route of the site in any case.
    #[schema(nullable = false, required, min_length = 1, example = "Roger Histand")]
    username: Option<String>,
    /// Contains an `@`, at most 254 bytes.
    #[schema(nullable = false, required, max_length = 254, pattern = "^.*@", example = "roger@example.org")]
    email: Option<String>,
    /// At most 1,024 bytes; the least length is a setting.
    #[schema(nullable = false, required, min_length = 1, max_length = 1024, example = "']S!{'")]
    pwd: Option<String>,
}

/// Make an account. Open to all, as registration is on the site; only calls with the simulator's
/// credentials store `latest`; they are not throttled, their passwords may be short, and
/// their names may look like another's.
#[utoipa::path(
    post, path = "/api/register", tag = "simulator", operation_id = "register",
    params(("latest" = Option<i64>, Query, description = "Id of this action")),
    request_body = RegisterRequest,
    responses(
        (status = 204, description = "Registered"),
        (status = 400, description = "Refused; the text is the site's", body = ErrorJson),
        (status = 429, description = "Too many registrations from this address", body = ErrorJson),
    ),
    security((), ("simulator" = []))
)]
async fn register_account(
    state: Data<AppState>,
    Caller(call): Caller,
    ClientAddress(address): ClientAddress,
    JsonBody(body): JsonBody<RegisterRequest>,
) -> Result<HttpResponse, Error> {
    call.set_action(Action::Register);
    let registrant = if call.is_simulator() { Registrant::Simulator } else { Registrant::Caller(address) };
    let account = NewAccount {
        username: body.username.unwrap_or_default(),
        email: body.email.unwrap_or_default(),
        password: body.pwd.unwrap_or_default(),
        password_again: None,
    };
    match register(&state, registrant, account).await {
        Ok(_) => Ok(HttpResponse::NoContent().finish()),
        Err(RegisterError::Failed(why)) => Err(why),
        Err(refusal) => Err(Error::BadRequest(refusal.to_string().into())),
    }
}
