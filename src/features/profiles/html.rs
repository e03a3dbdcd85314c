//! Profiles on the site: the form for one's own, and the lists of people.

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::{Circle, EditError, PeoplePage, Said, circle, edit, said};
use crate::{
    domain::{
        ProfileError, UserId,
        profile::{MAX_BIO, MAX_NAME, MAX_WEBSITE},
        routes,
    },
    error::Error,
    features::actor::Actor,
    http::{
        client_address::ClientAddress,
        errors,
        forms::Form,
        html::{self, Layout, Page},
        query,
        routing::{READ, READ_AND_POST, get, post, resource},
        session::SignedIn,
    },
    state::AppState,
};

/// Mounts `/settings/profile`, `/{username}/following` and `/{username}/followers`.
pub fn mount(site: &mut web::ServiceConfig) {
    site.service(
        resource(&format!("/{}/profile", routes::SETTINGS), READ_AND_POST).route(get(form)).route(post(change)),
    )
    .service(resource("/{username}/following", READ).route(get(show_following)))
    .service(resource("/{username}/followers", READ).route(get(show_followers)));
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    DisplayName,
    Bio,
    Website,
}

impl From<ProfileError> for Field {
    fn from(why: ProfileError) -> Self {
        match why {
            ProfileError::NameTooLong | ProfileError::NameNotFit => Self::DisplayName,
            ProfileError::BioTooLong | ProfileError::BioNotFit => Self::Bio,
            ProfileError::NoWebsite => Self::Website,
        }
    }
}

#[derive(Template)]
#[template(path = "profiles/edit.html")]
struct EditPage {
    layout: Layout,
    said: Said,
    error: Option<String>,
    /// The field to be mended, if one is.
    bad: Option<Field>,
}

impl Page for EditPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl EditPage {
    fn is_bad(&self, field: Field) -> bool {
        self.bad == Some(field)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProfileForm {
    display_name: String,
    bio: String,
    website: String,
}

async fn form(
    request: HttpRequest,
    state: web::Data<AppState>,
    SignedIn(viewer): SignedIn,
) -> Result<HttpResponse, Error> {
    let said = said(&state, viewer.id).await?;
    let page = EditPage { layout: Layout::new(&request, Some(viewer)), said, error: None, bad: None };
    Ok(html::answer(&request, StatusCode::OK, page))
}

async fn change(
    request: HttpRequest,
    state: web::Data<AppState>,
    SignedIn(viewer): SignedIn,
    Form(ProfileForm { display_name, bio, website }): Form<ProfileForm>,
) -> HttpResponse {
    let said = Said { display_name, bio, website };
    let actor = Actor::Person(Rc::clone(&viewer), ClientAddress::of(&request).0);
    let (why, bad) = match edit(&state, &actor, &said).await {
        Ok(()) => {
            let profile = html::profile_path(viewer.username.as_str());
            return html::redirect_with_flash(&request, &profile, "Your profile was changed".to_owned());
        }
        Err(EditError::NotFit(why)) => (Error::BadRequest(why.to_string().into()), Some(Field::from(why))),
        Err(EditError::Failed(why)) => (why, None),
    };
    let error = Some(why.public_message().into_owned());
    errors::answer(&request, &why, EditPage { layout: Layout::new(&request, Some(viewer)), said, error, bad })
}

#[derive(Template)]
#[template(path = "profiles/people.html")]
struct PeopleListPage {
    layout: Layout,
    circle: Circle,
    list: PeoplePage,
    profile_path: String,
    is_first_page: bool,
    /// This very page: where a button leads back to.
    here: String,
}

impl Page for PeopleListPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl PeopleListPage {
    fn title(&self) -> String {
        match self.circle {
            Circle::Following => format!("{} follows", self.list.owner),
            Circle::Followers => format!("{}'s followers", self.list.owner),
        }
    }

    fn path(&self) -> String {
        let word = match self.circle {
            Circle::Following => "following",
            Circle::Followers => "followers",
        };
        format!("{}/{word}", self.profile_path)
    }

    fn next_path(&self) -> Option<String> {
        Some(format!("{}?after={}", self.path(), self.list.next?))
    }
}

async fn show_following(
    request: HttpRequest,
    state: web::Data<AppState>,
    name: web::Path<String>,
    layout: Layout,
) -> Result<HttpResponse, Error> {
    show(&request, &state, &name, Circle::Following, layout).await
}

async fn show_followers(
    request: HttpRequest,
    state: web::Data<AppState>,
    name: web::Path<String>,
    layout: Layout,
) -> Result<HttpResponse, Error> {
    show(&request, &state, &name, Circle::Followers, layout).await
}

async fn show(
    request: &HttpRequest,
    state: &AppState,
    name: &str,
    which: Circle,
    layout: Layout,
) -> Result<HttpResponse, Error> {
    let after = UserId(query::integer(request.query_string(), "after").unwrap_or_default());
    let viewer = layout.viewer.as_ref().map(|viewer| viewer.id);
    let list = circle(state, name, which, viewer, after).await?;
    let page = PeopleListPage {
        circle: which,
        profile_path: html::profile_path(list.owner.as_str()),
        list,
        is_first_page: after == UserId(0),
        here: html::here(request),
        layout,
    };
    Ok(html::answer(request, StatusCode::OK, page))
}
