//! A client's connection as actix-http sees it: a TCP stream that stops reading when too much has come, or when
//! nobody takes the answers.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{refusal, watch::Watch};
use crate::{http::rejected::Rejected, metrics::Metrics};

/// A TCP stream under a [`Watch`].
pub struct Connection {
    stream: TcpStream,
    watch: Rc<Watch>,
    metrics: Metrics,
    /// What goes out instead of bytes that end in the library's own refusal, and how much of it has.
    instead: Option<(Vec<u8>, usize)>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, watch: Rc<Watch>, metrics: Metrics) -> Self {
        Self { stream, watch, metrics, instead: None }
    }

    pub(super) fn watch(&self) -> Rc<Watch> {
        Rc::clone(&self.watch)
    }

    /// Writes, and notes whether the client takes it.
    fn write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_pending() {
            self.watch.block();
        }
        written
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = self.watch.may_read(context);
        if most == 0 {
            return Poll::Pending;
        }
        let room = buffer.initialize_unfilled_to(most.min(buffer.remaining()));
        let mut part = ReadBuf::new(room);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        self.watch.have_read(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.instead.is_none()
            && let Some(dressed) = refusal::dress(bytes, this.watch.is_closing())
        {
            Rejected::Malformed.count(&this.metrics);
            this.instead = Some((dressed, 0));
        }
        let Some((dressed, mut sent)) = this.instead.take() else { return this.write(context, bytes) };
        while sent < dressed.len() {
            match this.write(context, &dressed[sent..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => sent += written,
                Poll::Ready(Err(why)) => return Poll::Ready(Err(why)),
                Poll::Pending => {
                    this.instead = Some((dressed, sent));
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.watch.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
