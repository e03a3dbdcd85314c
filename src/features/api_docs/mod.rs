//! The API's description: OpenAPI at `/api/openapi.json`, its calls in words at `/api/docs`, and Swagger UI, which
//! needs JavaScript, at `/api/docs/interactive`.
//!
//! The document is made of what the mounted handlers say of themselves (`http/operations.rs`) and of what holds
//! for all of them, which is said here. `openapi.json` at the project's root is the same, committed so that a
//! change of the contract shows in a diff (a test compares them). The UI's files are embedded: no page asks a
//! third party for anything.

pub mod api;
mod calls;
pub mod html;

use actix_web::web::Bytes;
use utoipa::{
    OpenApi as _,
    openapi::{
        ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use self::calls::Call;
use crate::http::{json::ErrorJson, operations::Api};

/// What holds for the whole API.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Minitwit simulator API",
        description = "The API that the course's simulator speaks. Every error is a JSON object with `status` and \
                       `error_msg`. Any call may bring `latest=N`, the id of the simulator's action: with the right \
                       credentials it is stored as the latest action seen, also when the call is answered 400 or 404. \
                       What is no integer counts as absent.",
    ),
    servers((url = "/", description = "The server that this document came from")),
    components(schemas(ErrorJson)),
    tags((name = "simulator", description = "What the course's simulator calls")),
)]
struct WholeApi;

/// The API's description: as JSON, pretty-printed, and as people read it.
pub struct Document {
    text: Bytes,
    calls: Vec<Call>,
}

impl Document {
    /// The description of what is mounted.
    ///
    /// # Panics
    /// Never: it is made of strings and numbers.
    #[must_use]
    pub fn of(api: &Api) -> Self {
        let mut document = WholeApi::openapi();
        document.merge(api.description());
        let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
        document.components.get_or_insert_default().add_security_scheme("simulator", basic);
        add_common_errors(&mut document);
        let text = document.to_pretty_json().expect("a document of strings and numbers");
        let common = [COMMON_ERRORS, COMMON_ERRORS_OF_POST].concat();
        let calls = calls::read(&serde_json::from_str(&text).unwrap_or_default(), &common);
        Self { text: text.into(), calls }
    }

    /// The text, in UTF-8.
    #[must_use]
    pub fn text(&self) -> Bytes {
        self.text.clone()
    }

    /// The calls, in the order of their paths.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }
}

/// What any call can be answered, whatever it asks for: said once, here.
const COMMON_ERRORS: [(&str, &str); 5] = [
    ("414", "Path or query over their limits"),
    ("429", "Too many attempts from this address: try again after `Retry-After` seconds"),
    ("431", "Headers over their limit"),
    ("500", "Our fault"),
    ("503", "Busy: try again after `Retry-After` seconds"),
];

/// What any call with a body can be answered, too.
const COMMON_ERRORS_OF_POST: [(&str, &str); 5] = [
    ("400", "The body is no such JSON object, or a value in it is refused"),
    ("403", "Sent by a browser for another site"),
    ("408", "The body took too long to arrive"),
    ("413", "Body over its limit"),
    ("415", "A compressed body: only plain ones are read"),
];

/// Adds them where an operation says nothing of its own.
fn add_common_errors(document: &mut OpenApi) {
    for path in document.paths.paths.values_mut() {
        if let Some(post) = &mut path.post {
            add(post, COMMON_ERRORS_OF_POST);
        }
        for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
            add(operation, COMMON_ERRORS);
        }
    }
}

fn add(operation: &mut Operation, errors: [(&str, &str); 5]) {
    for (status, description) in errors {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| error(description));
    }
}

fn error(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorJson"))).build();
    ResponseBuilder::new().description(description).content("application/json", content).build().into()
}
