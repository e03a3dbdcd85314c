//! The operations of the API: each is mounted where its description says, and described because it is mounted.
//!
//! A handler under `/api` carries its path and its method in `#[utoipa::path]`, once. [`Api`] reads both there,
//! so that neither the router nor the OpenAPI document needs a list of its own.

use std::collections::BTreeMap;

use actix_web::{FromRequest, Handler, Resource, Responder, Route, web::ServiceConfig};
use utoipa::openapi::OpenApi;

use super::routing::{POST, READ, READ_AND_POST, get, post, resource};
use crate::domain::routes;

/// The API as it is put together by the features' doors.
#[derive(Default)]
pub struct Api {
    description: OpenApi,
    paths: BTreeMap<String, Methods>,
    undescribed: Vec<Resource>,
}

/// What can be done at a path.
#[derive(Default)]
struct Methods {
    get: Option<Route>,
    post: Option<Route>,
}

impl Api {
    /// Adds the handler that `operation!` names.
    ///
    /// # Panics
    /// When it is described as anything but one GET or POST under `/api`: every test that starts the
    /// application says so.
    pub fn serve<F, Args>(&mut self, (description, handler): (OpenApi, F)) -> &mut Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let (path, item) = description.paths.paths.first_key_value().expect("an operation has a path");
        let methods = self.paths.entry(path.clone()).or_default();
        match (&item.get, &item.post) {
            (Some(_), None) => methods.get = Some(get(handler)),
            (None, Some(_)) => methods.post = Some(post(handler)),
            _ => panic!("{path} is served by GET or POST"),
        }
        self.description.merge(description);
        self
    }

    /// Adds what is no operation: pages and files about the API.
    pub fn serve_undescribed(&mut self, resource: Resource) -> &mut Self {
        self.undescribed.push(resource);
        self
    }

    /// What it says of its operations, and no more.
    #[must_use]
    pub fn description(&self) -> OpenApi {
        self.description.clone()
    }

    /// Mounts everything in the scope `/api`. What is not served at a path is 405 there.
    ///
    /// # Panics
    /// As [`Api::serve`].
    pub fn mount(self, scope: &mut ServiceConfig) {
        for (path, Methods { get, post }) in self.paths {
            let allow = match (&get, &post) {
                (Some(_), Some(_)) => READ_AND_POST,
                (None, Some(_)) => POST,
                _ => READ,
            };
            let inside = path.strip_prefix('/').and_then(|path| path.strip_prefix(routes::API));
            let resource = resource(inside.expect("operations are under /api"), allow);
            scope.service([get, post].into_iter().flatten().fold(resource, Resource::route));
        }
        for resource in self.undescribed {
            scope.service(resource);
        }
    }
}

/// `operation!(handler)`: a handler that bears `#[utoipa::path]`, and what that says.
macro_rules! operation {
    ($handler:ident) => {{
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($handler))]
        struct Described;
        (<Described as utoipa::OpenApi>::openapi(), $handler)
    }};
}
pub(crate) use operation;
