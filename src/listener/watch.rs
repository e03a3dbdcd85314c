//! When a connection has to be over.
//!
//! A client may be slow in four ways, and each has its limit: the head of a request (`server.header_timeout`),
//! its body (`body_timeout`), reading the answer (`response_timeout`), and the pause before the next request
//! (`keep_alive`). actix-http sees to the first head and to the pause; the rest is here.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
    time::Duration,
};

use actix_http::{BoxedPayloadStream, ConnectionType, Payload, Request, Response};
use tokio::time::Instant;

use super::noted::{End, NotedAnswer, NotedBody};
use crate::config::ServerSettings;

/// Bytes that may come beyond a request's largest body: the requests that a client sends ahead, and the rest of
/// a body that was refused, which a client that has not yet read the refusal still sends.
const AHEAD: usize = 512 * 1024;
/// Bytes that are handed over at once, at first and at most. The library reads what it gets into a queue of
/// requests, each of them some kilobytes: 128 KiB of the shortest requests became 20 MB. A head that is longer
/// is read in larger steps, for the library begins anew with each.
const BURST: usize = 1024;
const LARGEST_BURST: usize = 4 * BURST;

/// Longer than any process lives.
const NO_LIMIT: Duration = Duration::from_hours(24 * 3650);

#[derive(Clone, Copy)]
struct Limits {
    head: Duration,
    body: Duration,
    answer: Duration,
    pause: Duration,
    close: Duration,
    bytes: usize,
}

/// What one connection is doing, and until when it may. The connection, the requests on it and the task that
/// serves them share it.
pub struct Watch {
    limits: Limits,
    /// When it is over, if nothing more happens.
    deadline: Cell<Instant>,
    /// When the last request began.
    begun: Cell<Instant>,
    /// Whether the last request's body has come whole.
    body_is_whole: Cell<bool>,
    /// Whether a request is being served.
    is_busy: Cell<bool>,
    /// Whether the client wants the connection closed after the last request.
    wants_close: Cell<bool>,
    /// Whether this is the last answer on the connection.
    is_closing: Cell<bool>,
    /// Whether an answer waits for the client to read.
    is_blocked: Cell<bool>,
    /// Bytes that may still come before the next request begins.
    allowance: Cell<usize>,
    /// Bytes that were handed over and may not have been looked at.
    burst: Cell<usize>,
    /// How many that may be.
    largest_burst: Cell<usize>,
    /// Who waits to read until the answer is taken, or what was read is looked at.
    reader: RefCell<Option<Waker>>,
}

impl Watch {
    /// Of a connection that has just begun: the first head is due.
    pub(super) fn new(settings: &ServerSettings) -> Rc<Self> {
        let limit = |setting: Duration| if setting.is_zero() { NO_LIMIT } else { setting };
        let limits = Limits {
            head: limit(settings.header_timeout),
            body: settings.body_timeout,
            answer: limit(settings.response_timeout),
            pause: settings.keep_alive,
            close: settings.disconnect_timeout,
            bytes: settings.body_limit.saturating_add(AHEAD),
        };
        let now = Instant::now();
        Rc::new(Self {
            limits,
            // The library answers a slow head with 408; if it could not, it is over soon after.
            deadline: Cell::new(now + limits.head + limits.close),
            begun: Cell::new(now),
            body_is_whole: Cell::new(true),
            is_busy: Cell::new(false),
            wants_close: Cell::new(false),
            is_closing: Cell::new(false),
            is_blocked: Cell::new(false),
            allowance: Cell::new(limits.bytes),
            burst: Cell::new(0),
            largest_burst: Cell::new(BURST),
            reader: RefCell::new(None),
        })
    }

    /// When the connection has to be over, as things stand.
    pub(super) fn due(&self) -> Instant {
        let deadline = self.deadline.get();
        if self.is_blocked.get() { deadline.max(self.begun.get() + self.limits.answer) } else { deadline }
    }

    /// A request's head has come. `None` if it must not be served: the one before it was the last.
    pub(super) fn begin(self: &Rc<Self>, mut request: Request) -> Option<Request> {
        let now = Instant::now();
        if self.is_closing.get() {
            self.deadline.set(now);
            return None;
        }
        self.begun.set(now);
        self.is_busy.set(true);
        self.deadline.set(now + self.limits.answer);
        self.allowance.set(self.limits.bytes);
        self.largest_burst.set(BURST);
        self.wants_close.set(request.head().connection_type() == ConnectionType::Close);
        let body = request.take_payload();
        self.body_is_whole.set(matches!(body, Payload::None));
        if self.body_is_whole.get() {
            return Some(request);
        }
        self.largest_burst.set(LARGEST_BURST);
        let stream: BoxedPayloadStream = Box::pin(NotedBody { body, watch: Rc::clone(self) });
        Some(request.replace_payload(Payload::Stream { payload: stream }).0)
    }

    /// The request's body has come whole.
    pub(super) fn body_has_come(&self) {
        self.body_is_whole.set(true);
    }

    /// The answer has been handed over: what may come next is another request, or the rest of a body that
    /// nobody wanted.
    pub(super) fn end(&self) {
        self.is_busy.set(false);
        let now = Instant::now();
        self.deadline.set(if self.body_is_whole.get() && !self.is_closing.get() {
            now + self.limits.pause + self.limits.head
        } else {
            (now + self.limits.close).max((self.begun.get() + self.limits.body).min(now + self.limits.pause))
        });
    }

    /// How many bytes may be read: none while an answer waits to be taken, when those before have not been
    /// looked at, or when too much has come. Whoever gets none is woken when that has changed, or never.
    pub(super) fn may_read(&self, context: &Context<'_>) -> usize {
        let bytes = self.largest_burst.get().saturating_sub(self.burst.get());
        if bytes > 0 && !self.is_blocked.get() {
            return bytes.min(self.allowance.get());
        }
        if self.is_blocked.get() || self.is_busy.get() {
            *self.reader.borrow_mut() = Some(context.waker().clone());
        } else {
            // At once: the library flushes before it reads again, also when it discards what it reads.
            context.waker().wake_by_ref();
        }
        0
    }

    /// So many bytes have been read.
    pub(super) fn have_read(&self, bytes: usize) {
        self.allowance.set(self.allowance.get().saturating_sub(bytes));
        self.burst.set(self.burst.get() + bytes);
    }

    /// The client takes no more for now.
    pub(super) fn block(&self) {
        self.is_blocked.set(true);
    }

    /// All that was written is with the kernel, and the library has looked at all that it has read. While it
    /// serves a request, those behind it wait in its queue, and its body is asked for by whoever wants it.
    pub(super) fn flushed(&self) {
        if self.is_blocked.replace(false) && !self.is_busy.get() {
            // Whoever read slowly has as long for the next request as the others.
            self.end();
        }
        if !self.is_busy.get() {
            if self.burst.get() >= self.largest_burst.get() {
                self.largest_burst.set((2 * self.largest_burst.get()).min(LARGEST_BURST));
            }
            self.want_more();
        }
    }

    /// What was read has been looked at.
    pub(super) fn want_more(&self) {
        self.burst.set(0);
        if let Some(reader) = self.reader.borrow_mut().take() {
            reader.wake();
        }
    }

    /// Whether nothing may be said any more on this connection: the last answer is on its way or out.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }
}

/// Notes on `watch` how `response` goes out, and that it is the last one where a body has not come whole: it may
/// never.
pub(super) fn answer<B>(watch: Rc<Watch>, mut response: Response<B>) -> Response<NotedAnswer<B>> {
    if !watch.body_is_whole.get() || watch.wants_close.get() {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    watch.is_closing.set(response.head().connection_type() == ConnectionType::Close);
    response.map_body(|_, body| NotedAnswer { body, end: End(watch) })
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt, stream};

    use super::*;
    use crate::config::Settings;

    fn context() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    /// Reads as the library does, until there is no more for now.
    fn read_all(watch: &Watch) -> usize {
        let mut all = 0;
        while let more @ 1.. = watch.may_read(&context()) {
            watch.have_read(more);
            all += more;
        }
        all
    }

    #[test]
    fn a_body_that_nobody_asks_for_is_not_read_on() {
        let watch = Watch::new(&Settings::defaults().server);
        let payload: BoxedPayloadStream = Box::pin(stream::pending());
        let request = Request::new().replace_payload(Payload::Stream { payload }).0;
        let mut request = watch.begin(request).unwrap();
        assert_eq!(read_all(&watch), LARGEST_BURST);
        watch.flushed();
        assert_eq!(read_all(&watch), 0, "the handler has not asked");
        let mut body = request.take_payload();
        assert!(body.next().now_or_never().is_none());
        assert_eq!(read_all(&watch), LARGEST_BURST, "now it has");
    }

    #[test]
    fn a_long_head_is_read_in_growing_steps_and_the_next_one_anew() {
        let watch = Watch::new(&Settings::defaults().server);
        let mut steps = Vec::new();
        for _ in 0..4 {
            steps.push(read_all(&watch));
            watch.flushed();
        }
        assert_eq!(steps, [BURST, 2 * BURST, 4 * BURST, 4 * BURST]);
        watch.begin(Request::new()).unwrap();
        watch.end();
        watch.flushed();
        assert_eq!(read_all(&watch), BURST);
    }
}
