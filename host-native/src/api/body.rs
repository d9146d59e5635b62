//! A body that has to come at a least speed.

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use offshoot_api::TooSlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// What is to come in a second, beyond the time that every body has.
const BYTES_PER_SECOND: u64 = 16 << 10;

/// A body with an end to its time: a time for everything, and a second more for each 16 KiB that
/// came. A megabyte so gets about a minute more, and a letter now and then gets none.
pub(super) struct Paced<B> {
    body: Pin<Box<B>>,
    end: Pin<Box<Sleep>>,
    started: Instant,
    time: Duration,
    came_bytes: u64,
}

impl<B> Paced<B> {
    pub fn new(body: B, time: Duration) -> Self {
        let started = Instant::now();
        let end = Box::pin(tokio::time::sleep_until(started + time));
        Paced { body: Box::pin(body), end, started, time, came_bytes: 0 }
    }
}

impl<B> HttpBody for Paced<B>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = this.body.as_mut().poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                this.came_bytes = this.came_bytes.saturating_add(bytes);
                let more = Duration::from_secs(this.came_bytes / BYTES_PER_SECOND);
                this.end.as_mut().reset(this.started + this.time + more);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        match this.end.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(TooSlow.into()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
