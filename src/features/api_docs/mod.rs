//! The API's description: OpenAPI at `/api/openapi.json`, Swagger UI at `/api/docs`.
//!
//! The document is generated from the handlers; `openapi.json` at the project's root is the same,
//! committed so that a change of the contract shows in a diff (a test compares them). The UI's
//! files are embedded: no page asks a third party for anything.

pub mod api;

use utoipa::{
    Modify, OpenApi,
    openapi::{
        ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::{accounts, follows, simulator, timeline};
use crate::http::json::ErrorJson;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Minitwit simulator API",
        description = "The API that the course's simulator speaks. Every error is a JSON object with `status` and \
                       `error_msg`. Any call may bring `latest=N`, the id of the simulator's action: with the right \
                       credentials it is stored as the latest action seen, also when the call is answered 400 or 404. \
                       What is no integer counts as absent.",
    ),
    servers((url = "/", description = "The server that this document came from")),
    paths(
        api::show_index,
        simulator::api::show_latest,
        accounts::api::register_account,
        timeline::api::list_messages,
        timeline::api::list_messages_of,
        timeline::api::post_message,
        follows::api::list_followees,
        follows::api::change_follow,
    ),
    components(schemas(ErrorJson)),
    modifiers(&Credentials, &CommonErrors),
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

/// What any call can be answered, whatever it asks for: said once, here.
struct CommonErrors;

impl CommonErrors {
    const ALL: [(&str, &str); 5] = [
        ("414", "Path or query over their limits"),
        ("429", "Too many attempts from this address: try again after `Retry-After` seconds"),
        ("431", "Headers over their limit"),
        ("500", "Our fault"),
        ("503", "Busy: try again after `Retry-After` seconds"),
    ];

    fn add(operation: &mut Operation, status: &str, description: &str) {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| Self::error(description));
    }

    fn error(description: &str) -> RefOr<Response> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorJson"))).build();
        ResponseBuilder::new().description(description).content("application/json", content).build().into()
    }
}

impl Modify for CommonErrors {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for path in document.paths.paths.values_mut() {
            if let Some(post) = &mut path.post {
                Self::add(post, "400", "The body is no such JSON object, or a value in it is refused");
                Self::add(post, "403", "Sent by a browser for another site");
                Self::add(post, "408", "The body took too long to arrive");
                Self::add(post, "413", "Body over its limit");
                Self::add(post, "415", "A compressed body: only plain ones are read");
            }
            for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
                for (status, description) in Self::ALL {
                    Self::add(operation, status, description);
                }
            }
        }
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
