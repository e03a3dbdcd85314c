//! Accounts on the site: the forms for registering, signing in and signing out.

use std::fmt;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use super::{LoginError, NewAccount, authenticate, register};
use crate::{
    domain::{routes, username},
    error::Error,
    features::Source,
    http::{
        client_address::client_address,
        forms::Form,
        html::{self, Layout, Page},
        routing::{READ_AND_POST, get, post, resource},
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
    .service(resource(&path(routes::LOGOUT), READ_AND_POST).route(get(logout)).route(post(logout)));
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
        None => register_page(&request, &state, None, RegisterForm::default()),
    }
}

async fn register_account(
    request: HttpRequest,
    state: web::Data<AppState>,
    Form(form): Form<RegisterForm>,
) -> Result<HttpResponse, Error> {
    state.throttle.address(client_address(&request, &state.settings.server.trusted_proxies))?;
    let account = NewAccount {
        username: form.username.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        password_again: Some(form.password2.clone()),
    };
    Ok(match register(&state, Source::Web, account).await? {
        Ok(_) => {
            let welcome = "You were successfully registered and can login now".to_owned();
            html::redirect_with_flash(&request, &state, "/login", welcome)
        }
        Err(refusal) => register_page(&request, &state, Some(&refusal), form),
    })
}

/// The form again, with what was typed, but never the password.
fn register_page(
    request: &HttpRequest,
    state: &AppState,
    refusal: Option<&dyn fmt::Display>,
    form: RegisterForm,
) -> HttpResponse {
    let page = RegisterPage {
        layout: Layout::new(request, state, None),
        error: refusal.map(ToString::to_string),
        username: form.username,
        email: form.email,
        min_length: state.passwords.rules().min_length,
    };
    html::answer(request, state, StatusCode::OK, page)
}

async fn login_form(
    request: HttpRequest,
    state: web::Data<AppState>,
    MaybeViewer(viewer): MaybeViewer,
) -> HttpResponse {
    match viewer {
        Some(_) => html::redirect("/"),
        None => login_page(&request, &state, None, String::new()),
    }
}

async fn login(
    request: HttpRequest,
    state: web::Data<AppState>,
    MaybeViewer(viewer): MaybeViewer,
    Form(form): Form<LoginForm>,
) -> Result<HttpResponse, Error> {
    if viewer.is_some() {
        return Ok(html::redirect("/"));
    }
    let address = client_address(&request, &state.settings.server.trusted_proxies);
    state.throttle.login(address, &form.username)?;
    Ok(match authenticate(&state, &form.username, form.password).await? {
        Ok(user) => {
            let cookie = session::sign_in(&request, user).await?;
            let mut home = html::redirect_with_flash(&request, &state, "/", "You were logged in".to_owned());
            // Cannot fail: the cookie is of our own making.
            home.add_cookie(&cookie).ok();
            home
        }
        Err(refusal) => login_page(&request, &state, Some(refusal), form.username),
    })
}

fn login_page(request: &HttpRequest, state: &AppState, refusal: Option<LoginError>, username: String) -> HttpResponse {
    let layout = Layout::new(request, state, None);
    let page = LoginPage { layout, error: refusal.map(|why| why.to_string()), username };
    html::answer(request, state, StatusCode::OK, page)
}

async fn logout(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse, Error> {
    let cookie = session::sign_out(&request).await?;
    let mut away = html::redirect_with_flash(&request, &state, "/public", "You were logged out".to_owned());
    // Cannot fail: the cookie is of our own making.
    away.add_cookie(&cookie).ok();
    Ok(away)
}
