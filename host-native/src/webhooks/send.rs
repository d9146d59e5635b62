//! One request to a receiver: looked up, checked, connected, sent, answered; in time.
//!
//! An address is checked after its name was looked up and before anything is connected, and what is
//! connected is that address: a name that means another a moment later gains nothing. Redirects are
//! not followed and proxies not asked, for both would lead elsewhere unchecked.

use super::WebhookOptions;
use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use offshoot_api::webhooks::{
    ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, Target, is_public, sign,
};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 3;

/// How much of an answer is read, so that its connection can be used again. It is not kept.
const ANSWER_MAX_BYTES: usize = 64 << 10;

/// How long who registers a webhook waits for the look-up of its name.
const CHECK_WAIT_MAX: Duration = Duration::from_secs(2);

const NOT_PUBLIC: &str = "it leads to an address that is not public, and this server sends to none of those \
     (--webhook-allow-private)";

/// Why nothing arrived: what the receiver answered, where it did, and what is wrong with that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undelivered {
    pub status: Option<u16>,
    pub why: String,
}

impl From<String> for Undelivered {
    fn from(why: String) -> Self {
        Undelivered { status: None, why }
    }
}

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub id: String,
    pub body: Bytes,
    pub secret: String,
    /// Seconds since 1970.
    pub now: i64,
}

/// A connection that may serve for the next request.
#[derive(Default)]
pub(super) struct Kept(Option<SendRequest<Full<Bytes>>>);

/// Refuses a URL that leads nowhere but to addresses that are not public. Waits a little for the
/// look-up of its name; one that cannot be looked up now may mean something later.
pub(super) fn check(target: &Target, options: &WebhookOptions) -> Result<(), String> {
    if options.allow_private {
        return Ok(());
    }
    if target.is_openly_private() {
        return Err(NOT_PUBLIC.into());
    }
    let (tell, told) = std::sync::mpsc::channel();
    let place = (target.host.clone(), target.port);
    let looked = std::thread::Builder::new()
        .name("offshoot-lookup".into())
        // Nobody may be left who wants to know.
        .spawn(move || drop(tell.send(place.to_socket_addrs())));
    match looked.map(|_| told.recv_timeout(CHECK_WAIT_MAX)) {
        Ok(Ok(Ok(addresses))) => allowed(addresses, options).map(drop),
        _ => Ok(()),
    }
}

/// The addresses of a name. Whoever gives up waiting leaves a thread behind that the system keeps, and
/// that keeps its place: so there is never more than one of a webhook.
async fn looked_up(
    target: &Target,
    looking: &Arc<Semaphore>,
) -> Result<std::vec::IntoIter<SocketAddr>, String> {
    let place = looking.clone().acquire_owned().await.map_err(|error| error.to_string())?;
    let name = (target.host.clone(), target.port);
    let looked = spawn_blocking(move || {
        let _place = place;
        name.to_socket_addrs()
    });
    let looked = looked.await.map_err(|error| format!("its name was not looked up: {error}"))?;
    looked.map_err(|error| format!("its name is not known: {error}"))
}

fn allowed(
    addresses: impl Iterator<Item = SocketAddr>,
    options: &WebhookOptions,
) -> Result<Vec<SocketAddr>, String> {
    let all: Vec<SocketAddr> = addresses.collect();
    if all.is_empty() {
        return Err("its name has no address".into());
    }
    let fits = |address: &SocketAddr| options.allow_private || is_public(address.ip());
    let some: Vec<SocketAddr> = all.into_iter().filter(fits).take(ADDRESSES_MAX).collect();
    if some.is_empty() { Err(NOT_PUBLIC.into()) } else { Ok(some) }
}

/// Sends a letter. The status is one of success.
pub(super) async fn send(
    target: &Target,
    letter: &Letter,
    options: &WebhookOptions,
    looking: &Arc<Semaphore>,
    kept: &mut Kept,
) -> Result<u16, Undelivered> {
    let mut open = kept.0.take();
    let attempt = attempt(target, letter, options, looking, &mut open);
    match tokio::time::timeout(options.timeout, attempt).await {
        Ok(done) => {
            kept.0 = open;
            done
        }
        Err(_) => Err(format!("no answer within {} s", options.timeout.as_secs_f32()).into()),
    }
}

async fn attempt(
    target: &Target,
    letter: &Letter,
    options: &WebhookOptions,
    looking: &Arc<Semaphore>,
    open: &mut Option<SendRequest<Full<Bytes>>>,
) -> Result<u16, Undelivered> {
    let signature = sign(&letter.secret, &letter.id, letter.now, &letter.body);
    let signature = signature.map_err(|error| error.to_string())?;
    let request = || {
        Request::post(&target.path)
            .header(HOST, &target.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Offshoot-Webhooks/", env!("CARGO_PKG_VERSION")))
            .header(ID_HEADER, &letter.id)
            .header(TIMESTAMP_HEADER, letter.now)
            .header(SIGNATURE_HEADER, &signature)
            .body(Full::new(letter.body.clone()))
            .map_err(|error| format!("no request can be made: {error}"))
    };
    // The receiver may have closed it meanwhile, which says nothing of the receiver.
    if let Some(mut used) = open.take()
        && used.ready().await.is_ok()
        && let Ok(response) = used.send_request(request()?).await
    {
        return answered(response, used, open).await;
    }
    let mut fresh = connect(target, options, looking).await?;
    let response = fresh.send_request(request()?).await.map_err(|e| told(&e))?;
    answered(response, fresh, open).await
}

async fn answered(
    response: axum::http::Response<Incoming>,
    connection: SendRequest<Full<Bytes>>,
    open: &mut Option<SendRequest<Full<Bytes>>>,
) -> Result<u16, Undelivered> {
    let status = response.status();
    let mut body = response.into_body();
    let mut left = ANSWER_MAX_BYTES;
    let whole = loop {
        match body.frame().await {
            None => break true,
            Some(Err(_)) => break false,
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => break false,
                }
            }
        }
    };
    *open = whole.then_some(connection);
    match status {
        status if status.is_success() => Ok(status.as_u16()),
        status => Err(Undelivered { status: Some(status.as_u16()), why: refused(status) }),
    }
}

fn refused(status: StatusCode) -> String {
    match status.is_redirection() {
        true => format!("the receiver answered {status}, and redirects are not followed"),
        false => format!("the receiver answered {status}"),
    }
}

async fn connect(
    target: &Target,
    options: &WebhookOptions,
    looking: &Arc<Semaphore>,
) -> Result<SendRequest<Full<Bytes>>, Undelivered> {
    let mut failed = String::new();
    for address in allowed(looked_up(target, looking).await?, options)? {
        let share = options.timeout / ADDRESSES_MAX as u32;
        match tokio::time::timeout(share.max(Duration::from_secs(1)), TcpStream::connect(address))
            .await
        {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return talk(target, stream).await;
            }
            Ok(Err(error)) => failed = format!("no connection: {error}"),
            Err(_) => failed = "no connection in time".into(),
        }
    }
    Err(failed.into())
}

async fn talk(target: &Target, stream: TcpStream) -> Result<SendRequest<Full<Bytes>>, Undelivered> {
    if !target.tls {
        return opened(stream).await;
    }
    let name = ServerName::try_from(target.host.clone());
    let name = name.map_err(|_| "a certificate cannot be for that name".to_owned())?;
    let tls = TlsConnector::from(config().map_err(|why| why.to_owned())?.clone());
    opened(tls.connect(name, stream).await.map_err(|error| format!("no TLS: {error}"))?).await
}

async fn opened(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, Undelivered> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| told(&e))?;
    // Ends when the sender is dropped.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn told(error: &hyper::Error) -> String {
    format!("no answer: {error}")
}

/// Trusts whom the system trusts (`SSL_CERT_FILE` names others). Read once, when first needed.
fn config() -> Result<&'static Arc<ClientConfig>, &'static str> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "certificates of the system could not be read");
        }
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            return Err("the system trusts no certificate (SSL_CERT_FILE)".into());
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
    });
    config.as_ref().map_err(String::as_str)
}
