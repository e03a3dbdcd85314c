//! A service that makes a backup every `backup.interval_hours`, verifies it, keeps `backup.keep` of them, and
//! tells Prometheus: `minitwit backup-service`.
//!
//! The work is the `keeper`'s, on a thread of its own; the folder is all its memory, so that a restart
//! forgets nothing.

pub mod folder;
mod keeper;
mod listener;

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::timeout,
};
use tracing::{info, warn};

use self::keeper::Keeper;
use crate::{
    VERSION,
    config::{Settings, cannot_listen},
    db::Target,
    metrics::BackupMetrics,
};

/// For a statement that is under way when the end comes: containers are killed soon after.
const PATIENCE: Duration = Duration::from_secs(8);

/// Works until SIGTERM or SIGINT. A backup that is being made then is given up, and leaves nothing. What fails
/// later is logged and counted, and tried again.
///
/// # Errors
/// When the folder cannot be written to, the listener's address cannot be had, or the database's URL names none.
pub fn run(settings: &Settings) -> anyhow::Result<()> {
    let metrics = BackupMetrics::new(VERSION.number, VERSION.commit)?;
    let stop = Arc::new(AtomicBool::new(false));
    let target = Target::parse(&settings.database.url)?;
    let keeper = Keeper::new(target, settings.backup.clone(), metrics.clone(), Arc::clone(&stop))?;
    let address = settings.ops.address();
    let listener = TcpListener::bind(address).map_err(|why| cannot_listen("ops", address, why))?;
    let ops_address = listener.local_addr()?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let server = listener::serve(listener, metrics, Arc::clone(&stop))?;
        let handle = server.handle();
        let server = tokio::spawn(server);
        let (order, orders) = mpsc::channel();
        let (end, mut ended) = oneshot::channel();
        thread::spawn(move || {
            keeper.run(&orders);
            end.send(()).ok();
        });
        info!(%ops_address, directory = %settings.backup.directory.display(), "keeping backups");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = &mut ended => bail!("the work ended by itself, which is a bug"),
        }
        stop.store(true, Ordering::Relaxed);
        drop(order);
        if timeout(PATIENCE, ended).await.is_err() {
            warn!("the work does not end; what it leaves is removed later");
        }
        handle.stop(false).await;
        server.await?.context("the operators' listener failed")?;
        info!("stopped");
        Ok(())
    })
}
