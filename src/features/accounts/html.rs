//! Accounts on the site: the forms for registering, signing in and signing out.

use std::fmt;

use actix_web::{HttpRequest, HttpResponse, cookie::Cookie, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::{LoginError, NewAccount, RegisterError, Registrant, password_rules, register, sign_in};
use crate::{
    domain::{routes, username},
    error::Error,
    http::{
        client_address::ClientAddress,
        errors,
        forms::Form,
        html::{self, Layout, Page},
        returning::Next,
        routing::{ACT, READ_AND_POST, get, get_to_act, post, resource},
        session,
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
    bad: Option<Field>,
    username: String,
    email: String,
    min_length: usize,
    next: Next,
}

#[derive(Template)]
#[template(path = "accounts/login.html")]
struct LoginPage {
    layout: Layout,
    error: Option<String>,
    bad: Option<Field>,
    username: String,
    next: Next,
}

/// What has to be filled in differently. The browser puts the focus there, and the reason stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Username,
    Email,
    Password,
}

impl RegisterError {
    fn field(&self) -> Option<Field> {
        match self {
            Self::MissingUsername | Self::InvalidUsername | Self::NameTaken | Self::Lookalike => Some(Field::Username),
            Self::InvalidEmail => Some(Field::Email),
            // Both fields come back empty, so the first of them is where to go on.
            Self::Password(_) | Self::PasswordMismatch => Some(Field::Password),
            Self::Failed(_) => None,
        }
    }
}

impl LoginError {
    fn field(&self) -> Option<Field> {
        match self {
            Self::UnknownUser => Some(Field::Username),
            Self::WrongPassword => Some(Field::Password),
            Self::Failed(_) => None,
        }
    }
}

impl RegisterPage {
    const MAX_USERNAME: usize = username::MAX_CHARS;

    fn is_bad(&self, field: Field) -> bool {
        self.bad == Some(field)
    }
}

impl LoginPage {
    fn is_bad(&self, field: Field) -> bool {
        self.bad == Some(field)
    }
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

async fn register_form(request: HttpRequest, state: web::Data<AppState>, layout: Layout) -> HttpResponse {
    if layout.viewer.is_some() {
        return html::redirect(Next::of(&request).place());
    }
    register_page(&request, &state, layout, Shown::Nothing, RegisterForm::default())
}

async fn register_account(
    request: HttpRequest,
    state: web::Data<AppState>,
    ClientAddress(address): ClientAddress,
    Form(form): Form<RegisterForm>,
) -> HttpResponse {
    let account = NewAccount {
        username: form.username.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        password_again: Some(form.password2.clone()),
    };
    let again = |shown: Shown<'_>, form| register_page(&request, &state, Layout::new(&request, None), shown, form);
    match register(&state, Registrant::Visitor(address), account).await {
        Ok(_) => {
            let welcome = "You were successfully registered and can login now".to_owned();
            html::redirect_with_flash(&request, &Next::of(&request).sign_in_path(), welcome)
        }
        Err(RegisterError::Failed(why)) => again(Shown::Failure(&why), form),
        Err(refusal) => again(Shown::Refusal(&refusal, refusal.field()), form),
    }
}

/// What a form says above its fields.
#[derive(Clone, Copy)]
enum Shown<'a> {
    /// Nothing yet.
    Nothing,
    /// What the user should mend, and where: 200, as the course's suites expect it.
    Refusal(&'a dyn fmt::Display, Option<Field>),
    /// That it could not be done now, with its status: nothing typed is lost.
    Failure(&'a Error),
}

impl Shown<'_> {
    fn text(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Refusal(why, _) => Some(why.to_string()),
            Self::Failure(why) => Some(why.public_message().into_owned()),
        }
    }

    fn field(self) -> Option<Field> {
        if let Self::Refusal(_, field) = self { field } else { None }
    }

    fn answer(self, request: &HttpRequest, page: impl Page) -> HttpResponse {
        match self {
            Self::Failure(why) => errors::answer(request, why, page),
            Self::Nothing | Self::Refusal(..) => html::answer(request, StatusCode::OK, page),
        }
    }
}

/// The form again, with what was typed, but never the password.
fn register_page(
    request: &HttpRequest,
    state: &AppState,
    layout: Layout,
    shown: Shown<'_>,
    form: RegisterForm,
) -> HttpResponse {
    let page = RegisterPage {
        layout,
        error: shown.text(),
        bad: shown.field(),
        username: form.username,
        email: form.email,
        min_length: password_rules(state).min_length,
        next: Next::of(request),
    };
    shown.answer(request, page)
}

async fn login_form(request: HttpRequest, layout: Layout) -> HttpResponse {
    if layout.viewer.is_some() {
        return html::redirect(Next::of(&request).place());
    }
    login_page(&request, layout, Shown::Nothing, String::new())
}

async fn login(
    request: HttpRequest,
    state: web::Data<AppState>,
    layout: Layout,
    ClientAddress(address): ClientAddress,
    Form(form): Form<LoginForm>,
) -> HttpResponse {
    if layout.viewer.is_some() {
        return html::redirect(Next::of(&request).place());
    }
    let opened = match sign_in(&state, address, &form.username, form.password).await {
        Ok(user) => session::open(&request, user).await.map_err(LoginError::Failed),
        Err(why) => Err(why),
    };
    match opened {
        Ok(cookies) => {
            let next = Next::of(&request);
            with_cookies(html::redirect_with_flash(&request, next.place(), "You were logged in".to_owned()), &cookies)
        }
        Err(LoginError::Failed(why)) => login_page(&request, layout, Shown::Failure(&why), form.username),
        Err(refusal) => login_page(&request, layout, Shown::Refusal(&refusal, refusal.field()), form.username),
    }
}

fn login_page(request: &HttpRequest, layout: Layout, shown: Shown<'_>, username: String) -> HttpResponse {
    let page = LoginPage { layout, error: shown.text(), bad: shown.field(), username, next: Next::of(request) };
    shown.answer(request, page)
}

async fn logout(request: HttpRequest) -> Result<HttpResponse, Error> {
    let cookies = session::close(&request).await?;
    let away = html::redirect_with_flash(&request, "/public", "You were logged out".to_owned());
    Ok(with_cookies(away, &cookies))
}

fn with_cookies(mut response: HttpResponse, cookies: &[Cookie<'static>]) -> HttpResponse {
    for cookie in cookies {
        // Cannot fail: the cookies are of our own making.
        response.add_cookie(cookie).ok();
    }
    response
}
