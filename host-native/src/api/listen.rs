//! Sockets: connections taken in, bounded in number and in the time that they may say nothing.
//!
//! ```text
//!   accept ─▶ room? ─▶ TLS, in time ─▶ head of a request, in time ─▶ body, in time ─▶ Router
//! ```
//!
//! A connection costs a file and a few kilobytes until a whole head has come. One that says nothing,
//! or says it letter by letter, is closed when its time is over, so that it cannot keep others out
//! for long. A body has to come at a least speed. Where the system has no file left, or all places
//! are taken, new connections wait in its queue.

use super::{
    ServerOptions,
    body::{Paced, Room, Share},
};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use offshoot_api::Address;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::Service;

/// The longest head of a request in bytes. hyper answers a longer one with 431.
const HEAD_MAX_BYTES: usize = 64 << 10;

/// How long running requests may take after the server was asked to end.
const FAREWELL: Duration = Duration::from_secs(30);

/// Files that the server needs for itself.
const OWN_FILES: u64 = 256;

/// Connections that wait in the system's queue until they are taken in. One that finds it full tries
/// again a second later.
const QUEUE: u32 = 4096;

/// Listens on an address.
///
/// # Errors
/// The system's.
pub fn bind(addr: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that starts again must not wait for the connections of the one before. On Windows the
    // same option would let two servers share an address.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(QUEUE)
}

/// Serves until `shutdown` is ready, then lets running requests finish.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsAcceptor>,
    options: &ServerOptions,
    shutdown: impl Future<Output = ()> + Send,
) {
    let connection = Arc::new(Connection {
        router,
        tls,
        head_time: options.head_timeout,
        body_time: options.body_timeout,
        room: Room::new(options.bodies_bytes),
        http: builder(options.head_timeout),
    });
    let room = Arc::new(Semaphore::new(places(options.connections_max)));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, address, place) = tokio::select! {
            taken = take(&listener, &room) => taken,
            () = &mut shutdown => break,
        };
        let (connection, watcher) = (connection.clone(), graceful.watcher());
        tokio::spawn(async move {
            connection.run(stream, address.ip(), watcher).await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
}

/// How many connections fit among the files that this process may open. Raises that number as far as
/// the system lets it.
fn places(wanted: usize) -> usize {
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => files,
        Err(_) => return wanted,
    };
    let room = usize::try_from(files.saturating_sub(OWN_FILES)).unwrap_or(usize::MAX);
    wanted.min(room).clamp(1, Semaphore::MAX_PERMITS)
}

async fn take(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed.
    let place = room.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address, place),
            Err(error) => {
                tracing::warn!(%error, "no connection could be taken in");
                // Out of files, most likely: some will be free soon.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn builder(head_time: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_time).max_buf_size(HEAD_MAX_BYTES);
    http
}

struct Connection {
    router: Router,
    tls: Option<TlsAcceptor>,
    head_time: Duration,
    body_time: Duration,
    room: Arc<Room>,
    http: http1::Builder,
}

impl Connection {
    async fn run(&self, stream: TcpStream, address: IpAddr, watcher: Watcher) {
        // Small answers go out at once; where that cannot be had they go out a little later.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.talk(stream, address, watcher).await };
        match tokio::time::timeout(self.head_time, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.talk(stream, address, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
            Err(_) => {}
        }
    }

    async fn talk(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: IpAddr,
        watcher: Watcher,
    ) {
        let address = Address(counted_as(address));
        let service = hyper::service::service_fn(|request: Request<Incoming>| {
            // Most requests have no body; those that do hold their room until they are answered.
            let share = (!request.body().is_end_stream()).then(|| Share::of(&self.room));
            let mut request = request.map(|body| match &share {
                Some(share) => Body::new(Paced::new(body, self.body_time, share.clone())),
                None => Body::empty(),
            });
            request.extensions_mut().insert(address.clone());
            let answer = self.router.clone().call(request);
            async move {
                let answer = answer.await;
                drop(share);
                answer
            }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        // Whatever ends a connection ends only this one.
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// The address by which requests are counted. Whoever has one address of IPv6 has 2⁶⁴ of them.
fn counted_as(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::counted_as;

    #[test]
    fn addresses() {
        let of = |text: &str| counted_as(text.parse().unwrap());
        assert_eq!(of("10.1.2.3"), "10.1.2.3");
        assert_eq!(of("::ffff:10.1.2.3"), "10.1.2.3");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
