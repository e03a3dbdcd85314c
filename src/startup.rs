//! The application: two listeners, the background work, and how it all ends. What the listeners lead to is in
//! `router.rs`.

use std::net::{SocketAddr, TcpListener};

use actix_server::Server;
use actix_web::web::Data;
use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use crate::{
    VERSION,
    config::{Mode, Settings},
    db::{Target, capacity, migrations},
    features::{self, ops},
    http::{errors, rejected::Rejected},
    listener,
    metrics::{Metrics, Surface},
    router,
    state::AppState,
};

/// A Minitwit that is listening, but does not serve yet.
pub struct Application {
    state: Data<AppState>,
    public: Server,
    public_address: SocketAddr,
    ops: Server,
    ops_address: SocketAddr,
}

impl Application {
    /// Migrates (if `database.migrate_at_start`), opens the pools and binds both listeners.
    ///
    /// # Errors
    /// When a migration fails or a port is taken.
    pub fn build(settings: Settings) -> anyhow::Result<Self> {
        if settings.database.migrate_at_start {
            for name in migrations::run(&Target::parse(&settings.database.url)?)? {
                info!(migration = name, "migrated");
            }
        }
        if settings.mode == Mode::Production && !settings.server.origin.is_secure() {
            warn!("server.origin is http: cookies are not Secure; set MINITWIT__SERVER__ORIGIN to the https address");
        }
        capacity::check_at_start(&settings)?;
        let metrics = Metrics::new(VERSION.number, VERSION.commit)?;
        Rejected::begin_at_zero(&metrics);
        features::begin_at_zero(&metrics);
        metrics.open_files_needed.set(i64::try_from(listener::files_needed(&settings)).unwrap_or(i64::MAX));
        let state = Data::new(AppState::new(settings, metrics)?);

        let socket = listener::bind("server", state.settings.server.address(), &state.settings.server)?;
        let public_address = socket.local_addr()?;
        let public = public_server(&state, socket)?;

        let socket = listener::bind("ops", state.settings.ops.address(), &state.settings.server)?;
        let ops_address = socket.local_addr()?;
        let ops = ops_server(&state, socket)?;
        Ok(Self { state, public, public_address, ops, ops_address })
    }

    /// Where the site and the API are.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.public_address
    }

    /// Where `/metrics` and `/readyz` are.
    #[must_use]
    pub fn ops_address(&self) -> SocketAddr {
        self.ops_address
    }

    /// What the handlers share; for tests.
    #[must_use]
    pub fn state(&self) -> &Data<AppState> {
        &self.state
    }

    /// Serves until SIGTERM or SIGINT. See [`Application::run_until`].
    ///
    /// # Errors
    /// When a listener fails.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        let stop = stop_signals()?;
        self.run_until(stop).await
    }

    /// Serves until `stop`. If it asks to drain, readiness fails for `server.drain_delay` before the
    /// listener closes; then running requests finish, within `server.shutdown_grace`, and SQLite's journal is
    /// emptied into the database.
    ///
    /// # Errors
    /// When a listener fails.
    pub async fn run_until(self, stop: impl Future<Output = Stop> + Send + 'static) -> anyhow::Result<()> {
        let (handle, state) = (self.public.handle(), self.state.clone());
        let ops_handle = self.ops.handle();
        let background = tokio::spawn({
            let state = self.state.clone();
            async move {
                tokio::join!(
                    ops::refresh::sweep_regularly(&state),
                    ops::refresh::count_regularly(&state),
                    ops::refresh::try_to_write_regularly(&state)
                )
            }
        });
        let ops = tokio::spawn(self.ops);
        let stopper = tokio::spawn(async move {
            let stop = stop.await;
            state.begin_shutdown();
            let save = async {
                if let Err(why) = state.db.prepare_to_stop().await {
                    warn!(causes = errors::causes(&why), "the journal is not folded into the database yet");
                }
            };
            let drain = async {
                if stop == Stop::AfterDraining {
                    let delay = state.settings.server.drain_delay;
                    info!(delay_s = delay.as_secs(), "SIGTERM: not ready any more, still serving");
                    tokio::time::sleep(delay).await;
                }
                info!("finishing the running requests");
                handle.stop(true).await;
            };
            tokio::join!(save, drain);
        });
        let served = self.public.await.context("the public listener failed");
        stopper.abort();
        background.abort();
        if let Err(why) = self.state.db.stop().await {
            error!(
                causes = errors::causes(&why),
                "the database's files are left as they lie, as SIGKILL would leave them"
            );
        }
        // Last: whoever asks how it is going down gets an answer.
        ops_handle.stop(false).await;
        ops.await?.context("the operators' listener failed")?;
        info!("stopped");
        served
    }
}

/// How to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Be not ready for a while first: there is a proxy that should look away (SIGTERM).
    AfterDraining,
    /// Close the listener at once (Ctrl-C).
    Now,
}

/// Listens for signals from now on, before anything could be interrupted.
fn stop_signals() -> anyhow::Result<impl Future<Output = Stop>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => Stop::AfterDraining,
            _ = interrupt.recv() => Stop::Now,
        }
    })
}

fn public_server(state: &Data<AppState>, socket: TcpListener) -> anyhow::Result<Server> {
    let workers = match state.settings.server.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let shared = router::Shared::new(state)?;
    listener::serve(state, socket, workers, move || shared.application())
}

/// One worker and no limits worth speaking of: only operators come here.
fn ops_server(state: &Data<AppState>, socket: TcpListener) -> anyhow::Result<Server> {
    let metrics = state.metrics.requests(Surface::Ops)?;
    let shared = state.clone();
    listener::serve(state, socket, 1, move || router::operators(&shared, metrics.clone()))
}
