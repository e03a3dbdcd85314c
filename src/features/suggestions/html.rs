//! Whom to follow on the site: `/explore`, and the few beside other pages.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{Suggested, many};
use crate::{
    domain::routes,
    error::Error,
    http::{
        html::{self, Layout, Page},
        returning,
        routing::{READ, get, resource},
    },
    state::AppState,
};

/// Mounts the page.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(resource(&format!("/{}", routes::EXPLORE), READ).route(get(show)));
}

#[derive(Template)]
#[template(path = "suggestions/explore.html")]
struct ExplorePage {
    layout: Layout,
    suggested: Vec<Suggested>,
    /// This very page: where a button leads back to.
    here: String,
}

impl Page for ExplorePage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

async fn show(request: HttpRequest, state: web::Data<AppState>, layout: Layout) -> Result<HttpResponse, Error> {
    let reader = layout.viewer.as_ref().map(|viewer| viewer.id);
    let page = ExplorePage { suggested: many(&state, reader).await?, here: html::here(&request), layout };
    Ok(html::answer(&request, StatusCode::OK, page))
}
