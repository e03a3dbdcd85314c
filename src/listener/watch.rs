//! When a connection has to be over.
//!
//! A client may be slow in four ways, and each has its limit: the head of a request (`server.header_timeout`),
//! its body (`body_timeout`), reading the answer (`response_timeout`), and the pause before the next request
//! (`keep_alive`). actix-http sees to the first head and to the pause; the rest is here.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix_http::{BoxedPayloadStream, ConnectionType, Payload, Request, Response};
use actix_web::{
    body::{BodySize, MessageBody},
    error::PayloadError,
    web::Bytes,
};
use futures_util::Stream;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use crate::config::ServerSettings;

/// Bytes that may come beyond a request's largest body: the requests that a client sends ahead, and the rest of
/// a body that was refused, which a client that has not yet read the refusal still sends.
const AHEAD: usize = 512 * 1024;
/// Bytes that are handed over at once. The library reads what it gets into a queue of requests, each of them
/// some kilobytes: 128 KiB of the shortest requests became 20 MB.
const BURST: usize = 1024;

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
    /// Whether the application's answer is on its way into the connection.
    is_answering: Cell<bool>,
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
    /// Who waits to read until the answer is taken, or what was read is looked at.
    reader: RefCell<Option<Waker>>,
}

impl Watch {
    /// Of a connection that has just begun: the first head is due.
    pub(super) fn new(settings: &ServerSettings) -> Rc<Self> {
        let seconds = Duration::from_secs;
        // Zero: no limit.
        let limit = |setting| if setting == 0 { NO_LIMIT } else { seconds(setting) };
        let limits = Limits {
            head: limit(settings.header_timeout),
            body: seconds(settings.body_timeout),
            answer: limit(settings.response_timeout),
            pause: seconds(settings.keep_alive),
            close: seconds(settings.disconnect_timeout),
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
            is_answering: Cell::new(false),
            wants_close: Cell::new(false),
            is_closing: Cell::new(false),
            is_blocked: Cell::new(false),
            allowance: Cell::new(limits.bytes),
            burst: Cell::new(0),
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
        self.wants_close.set(request.head().connection_type() == ConnectionType::Close);
        let body = request.take_payload();
        self.body_is_whole.set(matches!(body, Payload::None));
        if self.body_is_whole.get() {
            return Some(request);
        }
        let stream: BoxedPayloadStream = Box::pin(NotedBody { body, watch: Rc::clone(self) });
        Some(request.replace_payload(Payload::Stream { payload: stream }).0)
    }

    /// The answer has been handed over: what may come next is another request, or the rest of a body that
    /// nobody wanted.
    fn end(&self) {
        self.is_busy.set(false);
        self.is_answering.set(false);
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
        let bytes = BURST.saturating_sub(self.burst.get());
        if bytes > 0 && !self.is_blocked.get() {
            return bytes.min(self.allowance.get());
        }
        if self.is_blocked.get() || !self.wants_more() {
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
    /// serves a request, those behind it wait in its queue; only the rest of a body is wanted then.
    pub(super) fn flushed(&self) {
        if self.is_blocked.replace(false) && !self.is_busy.get() {
            // Whoever read slowly has as long for the next request as the others.
            self.end();
        }
        if self.wants_more() {
            self.burst.set(0);
            if let Some(reader) = self.reader.borrow_mut().take() {
                reader.wake();
            }
        }
    }

    /// Whether what comes next is a head, or the rest of a body.
    fn wants_more(&self) -> bool {
        !self.is_busy.get() || !self.body_is_whole.get()
    }

    /// Whether what is being written may be the application's.
    pub(super) fn is_answering(&self) -> bool {
        self.is_answering.get() || self.is_blocked.get()
    }
}

/// Notes on `watch` how `response` goes out, and that it is the last one where a body has not come whole: it may
/// never.
pub(super) fn answer<B>(watch: Rc<Watch>, mut response: Response<B>) -> Response<NotedAnswer<B>> {
    if !watch.body_is_whole.get() || watch.wants_close.get() {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    watch.is_closing.set(response.head().connection_type() == ConnectionType::Close);
    watch.is_answering.set(true);
    response.map_body(|_, body| NotedAnswer { body, _end: End(watch) })
}

/// Notes when an answer is handed over, whole or given up.
struct End(Rc<Watch>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

pin_project! {
    /// An answer's body that notes its end.
    pub(super) struct NotedAnswer<B> {
        #[pin]
        body: B,
        _end: End,
    }
}

impl<B: MessageBody> MessageBody for NotedAnswer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.project().body.poll_next(context)
    }
}

/// A request's body that notes when it has come whole.
struct NotedBody {
    body: Payload,
    watch: Rc<Watch>,
}

impl Stream for NotedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.body).poll_next(context);
        if matches!(next, Poll::Ready(None)) {
            self.watch.body_is_whole.set(true);
        }
        next
    }
}
