//! Which door leads where, and through which middleware.
//!
//! The order of the middleware, outermost first:
//!
//! 1. request id, span and line in the log (`TracingLogger`),
//! 2. security headers, on errors too, and what an answer says about its request,
//!
//! then for each door, the site and `/api`:
//!
//! 3. requests in flight,
//! 4. the look of errors: pages or JSON,
//! 5. limits on sizes and methods,
//! 6. the metrics of the door: inside of the limits, so that no invented method becomes a label,
//!    outside of everything else, so that refusals count,
//! 7. the cross-site check of what writes,
//! 8. under `/api` the guard: credentials and `latest`,
//! 9. around each handler, a net for panics, and around those that act by GET the cross-site check.
//!
//! Who is signed in is no middleware: handlers that want to know ask for it by an extractor, so
//! that nobody else pays for it.

use actix_web::{
    App, Error as ActixError,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data, PayloadConfig, ServiceConfig},
};
use actix_web_prom::PrometheusMetrics;
use tracing_actix_web::TracingLogger;

use crate::{
    domain::routes,
    error::Error,
    features::{
        accounts,
        api_docs::{self, Document},
        avatars, conversation, follows, marks, notifications, ops, profiles, search, simulator, suggestions, tabs,
        tags, timeline,
    },
    http::{assets, cross_origin, errors, headers, limits, observe, operations::Api, routing},
    metrics::Surface,
    state::AppState,
};

/// What one worker's application shares with the others', beside the state. Cloning shares it.
#[derive(Clone)]
pub struct Shared {
    state: Data<AppState>,
    web_metrics: PrometheusMetrics,
    simulator_metrics: PrometheusMetrics,
    document: Data<Document>,
}

impl Shared {
    /// What the applications around `state` share: make it once.
    ///
    /// # Errors
    /// When it is made a second time: each surface is counted once.
    pub fn new(state: &Data<AppState>) -> anyhow::Result<Self> {
        Ok(Self {
            state: state.clone(),
            web_metrics: state.metrics.requests(Surface::Web)?,
            simulator_metrics: state.metrics.requests(Surface::Simulator)?,
            document: Data::new(document()),
        })
    }

    /// One worker's application: the site and the API.
    #[must_use]
    pub fn application(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = ActixError,
            InitError = (),
        > + use<>,
    > {
        App::new()
            .app_data(self.state.clone())
            .app_data(PayloadConfig::new(self.state.settings.server.body_limit))
            .configure(|app| mount_api(app, self))
            .configure(|app| mount_site(app, self.web_metrics.clone()))
            .wrap(from_fn(headers::about_the_request))
            .wrap(headers::security())
            .wrap(TracingLogger::<observe::RequestSpan>::new())
    }
}

/// The operators' application: nobody else comes there, so nothing is checked.
#[must_use]
pub fn operators(
    state: &Data<AppState>,
    metrics: PrometheusMetrics,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = ActixError,
        InitError = (),
    > + use<>,
> {
    App::new().app_data(state.clone()).service(
        web::scope("")
            .configure(ops::api::mount)
            .default_service(web::to(not_found))
            .wrap(from_fn(errors::as_json))
            .wrap(metrics)
            .wrap(from_fn(headers::about_the_request))
            .wrap(headers::security()),
    )
}

/// `/api`: the features' API doors.
fn mount_api(app: &mut ServiceConfig, shared: &Shared) {
    let scope = web::scope(&format!("/{}", routes::API)).app_data(shared.document.clone());
    let is_enabled = shared.state.settings.simulator.enabled;
    app.service(
        scope
            .configure(|scope| {
                if is_enabled {
                    api().mount(scope);
                }
            })
            .default_service(web::to(not_found))
            .wrap(from_fn(simulator::guard::guard))
            .wrap(from_fn(cross_origin::refuse_cross_site))
            .wrap(shared.simulator_metrics.clone())
            .wrap(from_fn(limits::refuse_oversize))
            .wrap(from_fn(errors::as_json))
            .wrap(from_fn(observe::in_flight_simulator)),
    );
}

fn api() -> Api {
    let mut api = Api::default();
    simulator::api::serve(&mut api);
    accounts::api::serve(&mut api);
    timeline::api::serve(&mut api);
    follows::api::serve(&mut api);
    api_docs::api::serve(&mut api);
    api
}

/// The description of the API as it is mounted.
#[must_use]
pub fn document() -> Document {
    Document::of(&api())
}

/// Everything else: the features' HTML doors.
fn mount_site(app: &mut ServiceConfig, metrics: PrometheusMetrics) {
    app.service(
        web::scope("")
            .configure(timeline::html::mount)
            .configure(accounts::html::mount)
            .configure(avatars::html::mount)
            .configure(mount_assets)
            .configure(search::html::mount)
            .configure(tags::html::mount)
            .configure(notifications::html::mount)
            .configure(suggestions::html::mount)
            .configure(profiles::html::mount)
            .configure(follows::html::mount)
            .configure(conversation::html::mount)
            .configure(marks::html::mount)
            .configure(tabs::html::mount)
            .configure(timeline::html::mount_profiles)
            .default_service(web::to(routing::lost))
            .wrap(from_fn(cross_origin::refuse_cross_site))
            .wrap(metrics)
            .wrap(from_fn(limits::refuse_oversize))
            .wrap(from_fn(errors::as_page))
            .wrap(from_fn(observe::in_flight_web)),
    );
}

fn mount_assets(site: &mut ServiceConfig) {
    use routing::{READ, get, resource};
    site.service(resource(&format!("/{}/{{name}}", routes::STATIC), READ).route(get(assets::serve)))
        .service(resource(&format!("/{}", routes::FAVICON), READ).route(get(assets::favicon)))
        .service(resource(&format!("/{}", routes::ROBOTS), READ).route(get(assets::robots)))
        .service(resource(&format!("/{}", routes::MANIFEST), READ).route(get(assets::manifest)))
        .service(resource(&format!("/{}", routes::APPLE_ICON), READ).route(get(assets::apple_icon)));
}

async fn not_found() -> Result<&'static str, Error> {
    Err(Error::NotFound)
}
