//! Logs: bunyan JSON lines for machines, readable lines for people.
//!
//! One line a request (`http/observe.rs` writes it), one line a failure, at the boundary, with its
//! causes. A request's fields (id, method, route) are on every line that it causes, database work
//! included. Never in a log: passwords, tokens, e-mail addresses, cookies, bodies, query strings.

use std::io::IsTerminal;

use anyhow::Context;
use prometheus::IntCounter;
use tracing::{Event, Subscriber};
use tracing_bunyan_formatter::{BunyanFormattingLayer, JsonStorageLayer};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::MakeWriter,
    layer::{Context as LayerContext, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::{
    config::{LogFormat, LogSettings},
    sampling::{Line, Sampler},
};

/// A layer that hears of events alone. The formatter would make a line also of a span that opens and of one
/// that closes: three lines for what one says, and a tenth of the time of a short request.
struct EventsOnly<L>(L);

impl<S, L> Layer<S> for EventsOnly<L>
where
    S: Subscriber,
    L: Layer<S>,
{
    fn on_event(&self, event: &Event<'_>, context: LayerContext<'_, S>) {
        self.0.on_event(event, context);
    }
}

/// A subscriber that writes to `sink` as the settings say.
///
/// # Errors
/// When `log.filter` is no filter.
pub fn subscriber<W>(settings: &LogSettings, sink: W) -> anyhow::Result<impl Subscriber + Send + Sync + 'static>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&settings.filter)
        .with_context(|| format!("log.filter {:?} is no filter", settings.filter))?;
    let for_people = match settings.format {
        LogFormat::Auto => std::io::stdout().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Pretty => true,
    };
    let layer: Box<dyn Layer<_> + Send + Sync> = if for_people {
        tracing_subscriber::fmt::layer().with_writer(sink).with_target(false).boxed()
    } else {
        JsonStorageLayer.and_then(EventsOnly(BunyanFormattingLayer::new("minitwit".into(), sink))).boxed()
    };
    Ok(Registry::default().with(filter).with(layer))
}

/// Makes it the process's subscriber, for the `log` crate's records too.
///
/// # Errors
/// When the process has one already.
pub fn install(subscriber: impl Subscriber + Send + Sync + 'static) -> anyhow::Result<()> {
    subscriber.try_init().context("logging is set up twice")
}

/// Counts every panic of the process and logs it, as often as `lines` lets it, wherever it happens: also in a
/// library, or in a task that nobody waits for.
pub fn watch_panics(counter: IntCounter, lines: Sampler) {
    std::panic::set_hook(Box::new(move |panic| {
        counter.inc();
        if let Some(Line { left_out }) = lines.admit("panic", 500) {
            // Where, not what: a panic's message may carry the value that nobody expected.
            let location = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(location, left_out, "panic");
        }
    }));
}
