//! The way in: sockets, connections, and what one of them may cost.
//!
//! actix-http speaks HTTP on a `Connection` of ours, which bounds what its timers leave open: a body that
//! never ends, an answer that nobody reads, requests sent faster than their answers are taken
//! (`docs/reports/actix-http-unfinished-body.md`). A `Watch` knows when a connection has to be over; the task
//! that serves it ends then, whatever the library waits for. A `Crowd` bounds what one address may hold.
//!
//! For each request this costs two looks at the clock, and no system call.

mod connection;
mod crowd;
mod noted;
mod refusal;
mod watch;

use std::{
    fmt,
    future::{pending, poll_fn},
    net::{SocketAddr, TcpListener},
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Poll, ready},
    time::Duration,
};

use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_server::Server;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, map_config};
use actix_web::{Error as ActixError, body::MessageBody, dev::AppConfig, rt::net::TcpStream, web::Data};
use anyhow::Context;
use prometheus::IntGauge;
use rustix::net::sockopt;
use tokio::time::{Instant, sleep_until};

use self::{connection::Connection, crowd::Crowd, watch::Watch};
use crate::{
    config::{ServerSettings, cannot_listen},
    http::rejected::Rejected,
    state::AppState,
};

/// Binds the `address` of a section of the settings (`server` or `ops`). What its connections inherit: how much of an answer the kernel keeps for a client that does
/// not read, and when it gives one up.
///
/// # Errors
/// When the address cannot be had.
pub fn bind(section: &str, address: SocketAddr, settings: &ServerSettings) -> anyhow::Result<TcpListener> {
    let socket = TcpListener::bind(address).map_err(|why| cannot_listen(section, address, why))?;
    let patience = u32::try_from(settings.response_timeout.as_millis()).unwrap_or(u32::MAX);
    sockopt::set_tcp_user_timeout(&socket, patience).context("cannot set TCP_USER_TIMEOUT")?;
    if settings.send_buffer > 0 {
        sockopt::set_socket_send_buffer_size(&socket, settings.send_buffer).context("cannot set SO_SNDBUF")?;
    }
    Ok(socket)
}

/// How many files a server with these settings can have open at once: its connections, those to the database
/// (three files each on SQLite), and some for the rest, as the processes' listeners, timers and log.
#[must_use]
pub fn files_needed(settings: &crate::config::Settings) -> u64 {
    const REST: u64 = 64;
    settings.server.max_connections as u64 + 3 * (u64::from(settings.database.pool_size) + 1) + REST
}

/// Serves the application that `factory` makes, once in each of `workers` threads, on `socket`.
///
/// # Errors
/// When the socket cannot be used.
///
/// # Panics
/// Never: each connection is given its watch.
pub fn serve<F, I, S, B>(
    state: &Data<AppState>,
    socket: TcpListener,
    workers: usize,
    factory: F,
) -> anyhow::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<ActixError>,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    let settings = &state.settings.server;
    let address = socket.local_addr()?;
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections(settings.max_connections.div_ceil(workers))
        .shutdown_timeout(whole_seconds(settings.shutdown_grace))
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    let crowd = Arc::new(Crowd::new(settings.max_connections_per_address, settings.trusted_proxies.clone()));
    let state = state.clone();
    let server = server.listen(address.to_string(), socket, move || {
        let settings = &state.settings.server;
        let stopping = stopping.clone();
        let application = factory().into_factory().map_err(|why| why.into().error_response());
        let watched =
            apply_fn_factory(map_config(application, |()| AppConfig::default()), |request: Request, next: &_| {
                let watch = request.conn_data::<Rc<Watch>>().cloned().expect("each connection is given its watch");
                let answer = watch.begin(request).map(|request| Service::call(next, request));
                async move {
                    // Who said that a request was the last is not answered again, and cut off.
                    let Some(answer) = answer else { pending().await };
                    let response: Response<B> = answer.await?.into();
                    Ok(watch::answer(watch, response))
                }
            });
        let http = HttpService::build()
            .keep_alive(keep_alive(settings))
            .client_request_timeout(settings.header_timeout)
            .client_disconnect_timeout(settings.disconnect_timeout)
            .local_addr(address)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|connection: &Connection, extensions| {
                extensions.insert(connection.watch());
            })
            .h1(watched);
        let (state, crowd) = (state.clone(), Arc::clone(&crowd));
        apply_fn_factory(http, move |stream: TcpStream, http: &_| {
            let peer = stream.peer_addr().ok();
            let place = peer.map(|peer| crowd.enter(peer.ip()));
            let accepted = match place {
                Some(None) => Err(stream),
                place => {
                    let watch = Watch::new(&state.settings.server);
                    let connection = Connection::new(stream, watch.clone(), state.metrics.clone());
                    Ok((place, watch, Service::call(http, (connection, peer))))
                }
            };
            let metrics = state.metrics.clone();
            async move {
                match accepted {
                    Ok((place, watch, served)) => {
                        let _counted = (place, Open::new(metrics.http_connections.clone()));
                        until_due(served, &watch).await.unwrap_or_else(|| {
                            Rejected::Slow.count(&metrics);
                            Ok(())
                        })
                    }
                    Err(stream) => {
                        Rejected::Crowd.count(&metrics);
                        refusal::turn_away(&stream);
                        Ok(())
                    }
                }
            }
        })
    })?;
    Ok(server.run())
}

/// Counts a connection until it is dropped, also by a panic.
struct Open(IntGauge);

impl Open {
    fn new(gauge: IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// As the library counts: what is begun is a whole one.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn keep_alive(settings: &ServerSettings) -> KeepAlive {
    if settings.keep_alive.is_zero() { KeepAlive::Disabled } else { KeepAlive::Timeout(settings.keep_alive) }
}

/// Runs `served` until it ends, or until `watch` says that it has to: then `None`.
///
/// The alarm is set anew only when it rings too early, or would ring too late.
async fn until_due<T>(served: impl Future<Output = T>, watch: &Watch) -> Option<T> {
    let mut served = pin!(served);
    let mut alarm = pin!(sleep_until(watch.due()));
    poll_fn(|context| {
        if let Poll::Ready(outcome) = served.as_mut().poll(context) {
            return Poll::Ready(Some(outcome));
        }
        if watch.due() < alarm.deadline() {
            alarm.as_mut().reset(watch.due());
        }
        loop {
            ready!(alarm.as_mut().poll(context));
            if watch.due() <= Instant::now() {
                return Poll::Ready(None);
            }
            alarm.as_mut().reset(watch.due());
        }
    })
    .await
}
