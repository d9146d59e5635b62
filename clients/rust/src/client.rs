//! The client: where the server is, and who asks.

use crate::answer::{Graph, Version};
use crate::branch::Branch;
use crate::branches::Branches;
use crate::error::Error;
use crate::transport::{Call, Transport};
use crate::webhooks::Webhooks;
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::sync::Arc;
use std::time::Duration;

/// A server, as one caller sees it. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

impl Client {
    /// Of the server at `http://…` or `https://…`, with or without `/v1`. What is wrong with the
    /// address, the first request says.
    pub fn new(address: impl AsRef<str>) -> Self {
        Client { transport: Arc::new(Transport::new(address.as_ref())) }
    }

    /// Asks with an API key.
    #[must_use]
    pub fn with_api_key(self, key: impl AsRef<str>) -> Self {
        self.with(|transport| transport.api_key(key.as_ref()))
    }

    /// Asks with a JWT.
    #[must_use]
    pub fn with_token(self, token: impl AsRef<str>) -> Self {
        self.with(|transport| transport.token(token.as_ref()))
    }

    /// How long an attempt may take; a minute unless said otherwise. A statement that may take longer
    /// (`timeout_ms`) is given its time.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.with(|transport| transport.timeout = timeout)
    }

    /// How often a request is repeated that may be; 3 times unless said otherwise.
    #[must_use]
    pub fn with_retries(self, retries: u32) -> Self {
        self.with(|transport| transport.policy.retries = retries)
    }

    /// A request that would have to wait for longer than this is not repeated; half a minute unless
    /// said otherwise.
    #[must_use]
    pub fn with_longest_wait(self, wait: Duration) -> Self {
        self.with(|transport| transport.policy.longest_wait = wait)
    }

    /// Speaks TLS with these settings: other roots, a certificate of the client's own.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls_config(self, config: rustls::ClientConfig) -> Self {
        self.with(|transport| transport.tls(config))
    }

    /// Branches as things: created, listed, looked for.
    pub fn branches(&self) -> Branches {
        Branches::new(self.transport.clone())
    }

    /// Addresses that are told what happens to branches.
    pub fn webhooks(&self) -> Webhooks {
        Webhooks::new(self.transport.clone())
    }

    /// One branch, by name or id. Nothing is asked of the server yet.
    pub fn branch(&self, name: impl Into<String>) -> Branch {
        Branch::new(self.transport.clone(), name.into())
    }

    /// The commits that live branches reach, children before parents: all of them, or so many.
    ///
    /// # Errors
    /// What any request comes to.
    pub async fn graph(&self, limit: Option<u64>) -> Result<Graph, Error> {
        self.transport.data(Call::get("/v1/graph").ask("limit", limit)).await
    }

    /// Whether the server answers that it is well.
    ///
    /// # Errors
    /// What any request comes to.
    pub async fn health(&self) -> Result<bool, Error> {
        let body = self.transport.send(Call::get("/health")).await?;
        Ok(body.trim_ascii() == b"OK")
    }

    /// What the server is.
    ///
    /// # Errors
    /// What any request comes to.
    pub async fn version(&self) -> Result<Version, Error> {
        let body = self.transport.send(Call::get("/version")).await?;
        serde_json::from_slice(&body).map_err(|e| Error::Answer(e.to_string()))
    }

    /// The `data` of any address with its query, such as `/v1/branches?limit=1`: for what has no method
    /// here. Only GET is repeated where no answer came.
    ///
    /// # Errors
    /// What any request comes to; `Setup` for an unknown method.
    pub async fn request<T: DeserializeOwned>(
        &self,
        method: &str,
        address: &str,
        body: Option<&Json>,
    ) -> Result<T, Error> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Error::Setup(format!("{method:?} is no method")))?;
        let call = Call::new(method, address);
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        self.transport.data(call).await
    }

    fn with(mut self, change: impl FnOnce(&mut Transport)) -> Self {
        change(Arc::make_mut(&mut self.transport));
        self
    }
}
