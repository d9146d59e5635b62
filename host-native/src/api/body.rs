//! Bodies: each has to come at a least speed, and all together have so much room.

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use offshoot_api::BodyRefused;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// The memory that bodies may take, from their first byte to the answer, in bytes.
pub(super) struct Room {
    taken: AtomicU64,
    max: u64,
}

impl Room {
    pub fn new(max: u64) -> Arc<Self> {
        Arc::new(Room { taken: AtomicU64::new(0), max })
    }
}

/// What the body of one request has taken of it. Given back when the request is answered.
pub(super) struct Share {
    room: Arc<Room>,
    bytes: AtomicU64,
}

impl Share {
    pub fn of(room: &Arc<Room>) -> Arc<Self> {
        Arc::new(Share { room: room.clone(), bytes: AtomicU64::new(0) })
    }

    /// Takes more. Whether there was room; what is refused is given back with the rest.
    fn take(&self, bytes: u64) -> bool {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let before = self.room.taken.fetch_add(bytes, Ordering::Relaxed);
        before.saturating_add(bytes) <= self.room.max
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

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
    share: Arc<Share>,
}

impl<B> Paced<B> {
    pub fn new(body: B, time: Duration, share: Arc<Share>) -> Self {
        let started = Instant::now();
        let end = Box::pin(tokio::time::sleep_until(started + time));
        Paced { body: Box::pin(body), end, started, time, came_bytes: 0, share }
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
                if !this.share.take(bytes) {
                    return Poll::Ready(Some(Err(BodyRefused::NoRoom.into())));
                }
                this.came_bytes = this.came_bytes.saturating_add(bytes);
                let more = Duration::from_secs(this.came_bytes / BYTES_PER_SECOND);
                this.end.as_mut().reset(this.started + this.time + more);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        match this.end.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(BodyRefused::TooSlow.into()))),
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
