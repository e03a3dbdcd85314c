//! What stands around every page: who is looking, what they are told, and where the layout's files are.

use std::rc::Rc;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, web::Data};
use futures_util::future::LocalBoxFuture;

use super::{
    assets, flash, html,
    session::{self, Viewer},
};
use crate::{error::Error, state::AppState};

/// What the layout shows around every page.
pub struct Layout {
    /// Who is looking.
    pub viewer: Option<Rc<Viewer>>,
    /// Whether somebody may be signed in, and nobody could ask who.
    pub is_unsure: bool,
    /// What they should be told, once.
    pub flashes: Vec<String>,
    state: Data<AppState>,
}

/// Extractor: the layout of the request's answer, around whoever is asking.
impl FromRequest for Layout {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self::new(&request, session::find(&request).await?)) })
    }
}

impl Layout {
    /// The layout of an answer to `request`, where it is known who is asking, or does not matter.
    #[must_use]
    pub fn new(request: &HttpRequest, viewer: Option<Rc<Viewer>>) -> Self {
        let state = AppState::of(request);
        Self { viewer, is_unsure: false, flashes: flash::read(request, &state.settings), state }
    }

    /// The layout of a refusal, which must not need the database: who cannot be asked for stays unknown. Whoever
    /// is refused for being too many, or for what is ours to mend, is not asked for.
    pub async fn of_refusal(request: &HttpRequest, status: StatusCode) -> Self {
        let may_ask = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
        let viewer = if may_ask { session::find(request).await } else { session::recall(request) };
        Self {
            is_unsure: viewer.is_err(),
            viewer: viewer.unwrap_or_default(),
            flashes: Vec::new(),
            state: AppState::of(request),
        }
    }

    /// Whether the page is for one person only.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.viewer.is_some() || !self.flashes.is_empty()
    }

    /// Whether this user is the one who is looking.
    #[must_use]
    pub fn is_viewer(&self, user_id: &i64) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.id.0 == *user_id)
    }

    /// Where the viewer's own page is; the first page for whoever is nobody.
    #[must_use]
    pub fn own_path(&self) -> String {
        self.viewer.as_ref().map_or_else(|| "/".to_owned(), |viewer| html::profile_path(viewer.username.as_str()))
    }

    /// Where the style sheet is.
    #[must_use]
    pub fn style(&self) -> String {
        assets::path("style.css")
    }

    /// Where the icon is.
    #[must_use]
    pub fn icon(&self) -> String {
        assets::path("icon.svg")
    }

    /// Where our script is.
    #[must_use]
    pub fn script(&self) -> String {
        assets::path("minitwit.js")
    }

    /// The picture that other sites show beside a link to this one: they want the whole address.
    #[must_use]
    pub fn share_card(&self) -> String {
        format!("{}{}", self.state.settings.server.origin, assets::path("share-card.png"))
    }

    /// Whether there is an API to read about.
    #[must_use]
    pub fn has_api(&self) -> bool {
        self.state.settings.simulator.enabled
    }
}
