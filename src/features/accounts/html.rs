//! Accounts on the site: the forms for registering, signing in and signing out.

use std::fmt;

use actix_web::{HttpRequest, HttpResponse, cookie::Cookie, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::{LoginError, NewAccount, RegisterError, Registrant, authenticate, register};
use crate::{
    domain::{UserId, Username, routes, username},
    error::Error,
    features::Source,
    http::{
        client_address::client_address,
        errors,
        forms::Form,
        html::{self, Layout, Page},
        routing::{ACT, READ_AND_POST, get, get_to_act, post, resource},
        session::{self, MaybeViewer},
    },
    state::AppState,
};

/// Mounts the forms.
pub fn mount(site: &mut web::ServiceConfig) {
    let path = |word: &str| format!("/{word}");
    site.service(
        resource(&path(routes::REGISTER), READ_AND_POST).route(get(register_form)).route(post(register_account)),
    )
    .service(resource(&path(routes::LOGIN), READ_AND_POST).route(get(login_form)).route(post(login)))
    .service(resource(&path(routes::LOGOUT), ACT).route(get_to_act("Sign out", logout)).route(post(logout)));
}

#[derive(Template)]
#[template(path = "accounts/register.html")]
struct RegisterPage {
    layout: Layout,
    error: Option<String>,
    username: String,
    email: String,
    min_length: usize,
}

#[derive(Template)]
#[template(path = "accounts/login.html")]
struct LoginPage {
    layout: Layout,
    error: Option<String>,
    username: String,
}

impl RegisterPage {
    const MAX_USERNAME: usize = username::MAX_CHARS;
}

impl Page for RegisterPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl Page for LoginPage {
    fn layout(&self) -> &Layout {
        &self.layout
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RegisterForm {
    username: String,
    email: String,
    password: String,
    password2: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LoginForm {
    username: String,
    password: String,
}

async fn register_form(
    request: HttpRequest,
    state: web::Data<AppState>,
    MaybeViewer(viewer): MaybeViewer,
) -> HttpResponse {
    match viewer {
        Some(_) => html::redirect("/"),
        None => register_page(&request, &state, Shown::Nothing, RegisterForm::default()),
    }
}

async fn register_account(
    request: HttpRequest,
    state: web::Data<AppState>,
    Form(form): Form<RegisterForm>,
) -> HttpResponse {
    match try_register(&request, &state, &form).await {
        Ok(Ok(_)) => {
            let welcome = "You were successfully registered and can login now".to_owned();
            html::redirect_with_flash(&request, &state, "/login", welcome)
        }
        Ok(Err(refusal)) => register_page(&request, &state, Shown::Refusal(&refusal), form),
        Err(failure) => register_page(&request, &state, Shown::Failure(&failure), form),
    }
}

async fn try_register(
    request: &HttpRequest,
    state: &AppState,
    form: &RegisterForm,
) -> Result<Result<UserId, RegisterError>, Error> {
    let registrant = Registrant::Person(client_address(request, &state.settings.server.trusted_proxies));
    let account = NewAccount {
        username: form.username.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        password_again: Some(form.password2.clone()),
    };
    register(state, Source::Web, registrant, account).await
}

/// What a form says above its fields.
#[derive(Clone, Copy)]
enum Shown<'a> {
    /// Nothing yet.
    Nothing,
    /// What the user should mend: 200, as the course's suites expect it.
    Refusal(&'a dyn fmt::Display),
    /// That it could not be done now, with its status: nothing typed is lost.
    Failure(&'a Error),
}

impl Shown<'_> {
    fn text(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Refusal(why) => Some(why.to_string()),
            Self::Failure(why) => Some(why.public_message().into_owned()),
        }
    }

    fn answer(self, request: &HttpRequest, state: &AppState, page: impl Page) -> HttpResponse {
        match self {
            Self::Failure(why) => errors::answer(request, state, why, page),
            _ => html::answer(request, state, StatusCode::OK, page),
        }
    }
}

/// The form again, with what was typed, but never the password.
fn register_page(request: &HttpRequest, state: &AppState, shown: Shown<'_>, form: RegisterForm) -> HttpResponse {
    let page = RegisterPage {
        layout: Layout::new(request, state, None),
        error: shown.text(),
        username: form.username,
        email: form.email,
        min_length: state.passwords.rules().min_length,
    };
    shown.answer(request, state, page)
}

async fn login_form(
    request: HttpRequest,
    state: web::Data<AppState>,
    MaybeViewer(viewer): MaybeViewer,
) -> HttpResponse {
    match viewer {
        Some(_) => html::redirect("/"),
        None => login_page(&request, &state, Shown::Nothing, String::new()),
    }
}

async fn login(
    request: HttpRequest,
    state: web::Data<AppState>,
    MaybeViewer(viewer): MaybeViewer,
    Form(form): Form<LoginForm>,
) -> HttpResponse {
    if viewer.is_some() {
        return html::redirect("/");
    }
    match try_login(&request, &state, &form).await {
        Ok(Ok(cookies)) => {
            let home = html::redirect_with_flash(&request, &state, "/", "You were logged in".to_owned());
            with_cookies(home, &cookies)
        }
        Ok(Err(refusal)) => login_page(&request, &state, Shown::Refusal(&refusal), form.username),
        Err(failure) => login_page(&request, &state, Shown::Failure(&failure), form.username),
    }
}

async fn try_login(
    request: &HttpRequest,
    state: &AppState,
    form: &LoginForm,
) -> Result<Result<[Cookie<'static>; 2], LoginError>, Error> {
    let address = client_address(request, &state.settings.server.trusted_proxies);
    // Two spellings of one name are one name, or each would have attempts of its own.
    let name = Username::parse(&form.username).map_or_else(|| form.username.clone(), |name| name.to_string());
    let attempt = state.throttle.sign_in(address, &name)?;
    match authenticate(state, &form.username, form.password.clone()).await {
        Ok(Ok(user)) => {
            attempt.succeeded();
            session::sign_in(request, user).await.map(Ok)
        }
        // It stays counted.
        Ok(Err(refusal)) => Ok(Err(refusal)),
        Err(failure) => {
            attempt.not_made();
            Err(failure)
        }
    }
}

fn login_page(request: &HttpRequest, state: &AppState, shown: Shown<'_>, username: String) -> HttpResponse {
    let page = LoginPage { layout: Layout::new(request, state, None), error: shown.text(), username };
    shown.answer(request, state, page)
}

async fn logout(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, Error> {
    let cookies = session::sign_out(&request).await?;
    let away = html::redirect_with_flash(&request, &state, "/public", "You were logged out".to_owned());
    Ok(with_cookies(away, &cookies))
}

fn with_cookies(mut response: HttpResponse, cookies: &[Cookie<'static>]) -> HttpResponse {
    for cookie in cookies {
        // Cannot fail: the cookies are of our own making.
        response.add_cookie(cookie).ok();
    }
    response
}
