//! A request's body and its answer's, which note on the [`Watch`] how far they are.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_http::Payload;
use actix_web::{
    body::{BodySize, MessageBody},
    error::PayloadError,
    web::Bytes,
};
use futures_util::Stream;
use pin_project_lite::pin_project;

use super::watch::Watch;

/// Notes when an answer is handed over, whole or given up.
pub(super) struct End(pub(super) Rc<Watch>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

pin_project! {
    /// An answer's body that notes its end.
    pub(super) struct NotedAnswer<B> {
        #[pin]
        pub(super) body: B,
        pub(super) end: End,
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
pub(super) struct NotedBody {
    pub(super) body: Payload,
    pub(super) watch: Rc<Watch>,
}

impl Stream for NotedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.body).poll_next(context);
        match &next {
            Poll::Ready(None) => self.watch.body_has_come(),
            // The library has nothing of it that it has not handed over.
            Poll::Pending => self.watch.want_more(),
            Poll::Ready(Some(_)) => {}
        }
        next
    }
}
