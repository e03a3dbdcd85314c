//! Where somebody goes on after signing in or after pressing a button: `?next=/path` in links, `back` in forms.
//!
//! Both come from clients, so both are read as a [`ReturnPath`], which is a path of this site or nothing.

use std::convert::Infallible;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::Method};
use futures_util::future::LocalBoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{forms::Form, query};
use crate::domain::{ReturnPath, routes};

/// The page to go on to, if there is one.
pub struct Next(Option<ReturnPath>);

impl Next {
    /// The path that the request's address names as `next`, if it is one of ours.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        Self(query::find(request.query_string(), "next").and_then(|next| ReturnPath::parse(&next)))
    }

    /// Where to go on: there, or else to the first page.
    #[must_use]
    pub fn place(&self) -> &str {
        self.0.as_ref().map_or("/", ReturnPath::as_str)
    }

    /// The address of the form for signing in, from which it goes on there.
    #[must_use]
    pub fn sign_in_path(&self) -> String {
        self.path_of(routes::LOGIN)
    }

    /// The same for signing up.
    #[must_use]
    pub fn sign_up_path(&self) -> String {
        self.path_of(routes::REGISTER)
    }

    fn path_of(&self, word: &str) -> String {
        match &self.0 {
            Some(next) => format!("/{word}?next={}", utf8_percent_encode(next.as_str(), NON_ALPHANUMERIC)),
            None => format!("/{word}"),
        }
    }

    /// The page that was asked for, for whoever has to sign in first; none where asking again would not bring it.
    #[must_use]
    pub fn this_page(request: &HttpRequest) -> Self {
        let is_page = *request.method() == Method::GET;
        let path = request.uri().path_and_query().filter(|_| is_page);
        Self(path.and_then(|path| ReturnPath::parse(path.as_str())))
    }
}

/// The address of the form for signing in, from which it goes on to `path`, which is ours.
#[must_use]
pub fn sign_in_path(path: &str) -> String {
    Next(ReturnPath::parse(path)).sign_in_path()
}

/// Extractor: the page that a form was on, as its field `back` says it, if it is one of ours. A form without it, or a
/// request without a form, is as good.
pub struct Back(pub Option<ReturnPath>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct BackForm {
    back: String,
}

impl FromRequest for Back {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = Form::<BackForm>::from_request(request, payload);
        Box::pin(async move {
            let back = form.await.map(|Form(form)| form.back).unwrap_or_default();
            Ok(Self(ReturnPath::parse(&back)))
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn signing_in_goes_on_to_a_page_of_ours_and_nowhere_else() {
        assert_eq!(sign_in_path("/Ada%20Lovelace"), "/login?next=%2FAda%2520Lovelace");
        assert_eq!(sign_in_path("//evil.example"), "/login");
        let next = |query: &str| {
            let next = Next::of(&TestRequest::with_uri(&format!("/login?{query}")).to_http_request());
            (next.place().to_owned(), next.sign_up_path())
        };
        assert_eq!(
            next("next=%2FAda%2520Lovelace"),
            ("/Ada%20Lovelace".into(), "/register?next=%2FAda%2520Lovelace".into())
        );
        for nowhere in
            ["", "next=", "next=https%3A%2F%2Fevil.example", "next=%2F%5Cevil.example", "next=%2Fbob%2Ffollow"]
        {
            assert_eq!(next(nowhere), ("/".into(), "/register".into()), "{nowhere}");
        }
    }

    #[test]
    fn only_what_was_asked_for_by_get_is_asked_for_again() {
        let page = |request: TestRequest| Next::this_page(&request.to_http_request()).sign_in_path();
        assert_eq!(
            page(TestRequest::with_uri("/notifications?kind=like")),
            "/login?next=%2Fnotifications%3Fkind%3Dlike"
        );
        assert_eq!(page(TestRequest::post().uri("/settings/profile")), "/login");
        assert_eq!(page(TestRequest::with_uri("/bob/follow")), "/login");
    }
}
