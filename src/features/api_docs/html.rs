//! The page about the API: its calls in words, in the site's layout, without a script.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::{COMMON_ERRORS, COMMON_ERRORS_OF_POST, Document, calls::Call};
use crate::http::html::{self, Layout, Page};

#[derive(Template)]
#[template(path = "api_docs/calls.html")]
struct CallsPage<'a> {
    layout: Layout,
    calls: &'a [Call],
}

impl Page for CallsPage<'_> {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl CallsPage<'_> {
    fn common_errors() -> impl Iterator<Item = (&'static str, &'static str)> {
        COMMON_ERRORS.into_iter().chain(COMMON_ERRORS_OF_POST)
    }
}

/// `GET /api/docs`.
pub async fn show_calls(request: HttpRequest, layout: Layout, document: Data<Document>) -> HttpResponse {
    html::answer(&request, StatusCode::OK, CallsPage { layout, calls: document.calls() })
}
