//! The body of a file that is in memory anyway, handed over in slices: a client that does not read then holds
//! one slice, not a copy of the file.

use std::{
    borrow::Cow,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};

/// Bytes of a slice: half of what actix-http gathers before it writes.
const SLICE: usize = 16 * 1024;

/// A body of known size in slices of 16 KiB. Embedded files are not copied.
pub struct Slices(Bytes);

impl From<Cow<'static, [u8]>> for Slices {
    fn from(file: Cow<'static, [u8]>) -> Self {
        Self(match file {
            Cow::Borrowed(embedded) => Bytes::from_static(embedded),
            Cow::Owned(made) => Bytes::from(made),
        })
    }
}

impl MessageBody for Slices {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.0.len().min(SLICE);
        Poll::Ready(Some(Ok(self.0.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn nothing_is_lost_or_copied_between_slices() {
        static FILE: [u8; 40_000] = [7; 40_000];
        let mut slices = Slices::from(Cow::Borrowed(&FILE[..]));
        assert_eq!(slices.size(), BodySize::Sized(40_000));
        let mut lengths = Vec::new();
        while let Some(Ok(slice)) = std::future::poll_fn(|context| Pin::new(&mut slices).poll_next(context)).await {
            assert!(FILE.as_ptr_range().contains(&slice.as_ptr()), "no copy");
            lengths.push(slice.len());
        }
        assert_eq!(lengths, [SLICE, SLICE, 40_000 - 2 * SLICE]);
    }
}
