//! The API's description: OpenAPI at `/api/openapi.json`, Swagger UI at `/api/docs`.
//!
//! The document is generated from the handlers; `openapi.json` at the project's root is the same,
//! committed so that a change of the contract shows in a diff (a test compares them). The UI's
//! files are embedded: no page asks a third party for anything.

pub mod api;

use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::{accounts, follows, simulator, timeline};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Minitwit simulator API",
        description = "The API that the course's simulator speaks. Every error is a JSON object with `status` and \
                       `error_msg`. Any call may bring `latest=N`, the id of the simulator's action: with the right \
                       credentials it is stored as the latest action seen, also when the call is answered 400 or 404. \
                       What is no integer counts as absent.",
    ),
    paths(
        simulator::api::show_latest,
        accounts::api::register_account,
        timeline::api::list_messages,
        timeline::api::list_messages_of,
        timeline::api::post_message,
        follows::api::list_followees,
        follows::api::change_follow,
    ),
    modifiers(&Credentials),
    tags((name = "simulator", description = "What the course's simulator calls")),
)]
struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
        document.components.get_or_insert_default().add_security_scheme("simulator", basic);
    }
}

/// The document, pretty-printed.
///
/// # Panics
/// Never: it is made of strings and numbers.
#[must_use]
pub fn document() -> String {
    Document::openapi().to_pretty_json().expect("a document of strings and numbers")
}
