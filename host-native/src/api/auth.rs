//! Whom a server knows: secrets and public keys for tokens, and API keys.

use super::keys::KeyFile;
use offshoot_api::auth::{
    Caller, Credentials, Identify, KeyHash, KeyRing, ScopeError, Scopes, TokenError, Tokens,
    UnixSeconds,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// The credentials that a server takes. Bearer tokens are looked at first, then `X-API-Key`.
pub struct AuthMiddleware {
    tokens: Tokens,
    ring: KeyRing,
    files: Vec<Arc<KeyFile>>,
}

/// A secret that tokens cannot be signed with.
const SECRET_MIN_BYTES: usize = 1;

impl AuthMiddleware {
    /// Takes tokens that are signed with this secret (HS256).
    ///
    /// An empty secret signs nothing: no token is then taken.
    pub fn new(jwt_secret: impl AsRef<[u8]>) -> Self {
        let mut auth = AuthMiddleware::without_tokens();
        if jwt_secret.as_ref().len() >= SECRET_MIN_BYTES {
            let added = auth.tokens.add_secret(jwt_secret.as_ref());
            debug_assert!(added.is_ok());
        }
        auth
    }

    /// Takes no token; keys are added.
    pub fn without_tokens() -> Self {
        AuthMiddleware { tokens: Tokens::default(), ring: KeyRing::default(), files: Vec::new() }
    }

    /// Takes tokens signed with `OFFSHOOT_JWT_SECRET` or `HELIOSDB_JWT_SECRET`. Where neither is set it
    /// draws a secret that nobody knows and warns: then only API keys let anybody in.
    pub fn from_env_or_default() -> Self {
        match super::env("JWT_SECRET") {
            Some(secret) => AuthMiddleware::new(secret),
            None => {
                tracing::warn!(
                    "neither OFFSHOOT_JWT_SECRET nor HELIOSDB_JWT_SECRET is set: a random secret is \
                     used, and no token that was made elsewhere is taken"
                );
                let mut secret = [0; 32];
                match getrandom::fill(&mut secret) {
                    Ok(()) => AuthMiddleware::new(secret),
                    // No secret at all takes no token either.
                    Err(_) => AuthMiddleware::without_tokens(),
                }
            }
        }
    }

    /// Takes this API key, too. Scopes that are none allow nothing; without any it reads and writes.
    #[must_use]
    pub fn with_api_key(
        mut self,
        key: String,
        user_id: String,
        tenant_id: String,
        client_id: Uuid,
        scopes: Vec<String>,
        name: String,
    ) -> Self {
        let scopes = match scopes.is_empty() {
            true => Scopes::read_write(),
            false => Scopes::known(&scopes),
        };
        let mut caller = Caller::new(user_id, Some(tenant_id), scopes);
        caller.client = Some(client_id.to_string());
        tracing::debug!(name, "an API key is known");
        self.ring.add(KeyHash::of(key.as_bytes()), caller);
        self
    }

    /// Takes the key of a caller that somebody made up.
    #[must_use]
    pub fn with_caller(mut self, key: &str, caller: Caller) -> Self {
        self.ring.add(KeyHash::of(key.as_bytes()), caller);
        self
    }

    /// Takes tokens signed with the private part of this key: RSA or Ed25519, in PEM.
    ///
    /// # Errors
    /// Text that is neither.
    pub fn with_public_key(mut self, pem: &[u8]) -> Result<Self, TokenError> {
        self.tokens.add_public_key(pem)?;
        Ok(self)
    }

    /// Takes tokens signed with a key of this JSON Web Key Set.
    ///
    /// # Errors
    /// Text that is no such set.
    pub fn with_jwks(mut self, json: &[u8]) -> Result<Self, TokenError> {
        self.tokens.add_jwks(json)?;
        Ok(self)
    }

    /// Takes only tokens of this issuer and for this audience, where they are given.
    #[must_use]
    pub fn expecting(mut self, issuer: Option<String>, audience: Option<String>) -> Self {
        if let Some(issuer) = issuer {
            self.tokens.expect_issuer(issuer);
        }
        if let Some(audience) = audience {
            self.tokens.expect_audience(audience);
        }
        self
    }

    /// Takes the keys of this file, as it stands whenever a key is shown.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn with_key_file(mut self, path: impl Into<PathBuf>) -> std::io::Result<Self> {
        self.files.push(Arc::new(KeyFile::open(path, None)?));
        Ok(self)
    }

    /// As [`AuthMiddleware::with_key_file`], for keys of one tenant.
    ///
    /// # Errors
    /// As there.
    pub fn with_tenant_keys(
        mut self,
        path: impl Into<PathBuf>,
        tenant: &str,
    ) -> std::io::Result<Self> {
        self.files.push(Arc::new(KeyFile::open(path, Some(tenant.to_owned()))?));
        Ok(self)
    }

    /// Whether there is no secret, no public key, no API key and no file for keys.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.ring.is_empty() && !self.files.iter().any(|f| f.is_there())
    }

    /// What the routes ask.
    pub(super) fn identify(self) -> Arc<dyn Identify> {
        let mut keys: Vec<Arc<dyn offshoot_api::auth::Keys>> = vec![Arc::new(self.ring)];
        keys.extend(self.files.into_iter().map(|file| file as Arc<dyn offshoot_api::auth::Keys>));
        Arc::new(Credentials { tokens: self.tokens, keys, clock: clock() })
    }
}

impl std::fmt::Debug for AuthMiddleware {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthMiddleware").field("keys", &self.ring.len()).finish_non_exhaustive()
    }
}

/// The system's clock, in whole seconds.
pub(crate) fn clock() -> UnixSeconds {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// A key as `serve --api-key` takes it: `KEY[,dialect=plain][,scopes=read+write][,name=N]`.
///
/// # Errors
/// What is not understood.
pub fn development_key(text: &str) -> Result<(String, Caller), String> {
    let mut parts = text.split(',');
    let key = parts.next().unwrap_or_default();
    if key.is_empty() {
        return Err("an API key is empty".into());
    }
    let (mut scopes, mut dialect) = (Scopes::read_write(), None);
    // A name that tells keys apart in logs and histories, and tells nothing of the key.
    let mut name = format!("key-{}", KeyHash::of(key.as_bytes()).to_hex().get(..8).unwrap_or(""));
    for part in parts {
        match part.split_once('=') {
            Some(("dialect", value @ ("plain" | "envelope"))) => dialect = Some(value.to_owned()),
            Some(("scopes", value)) => {
                scopes = Scopes::parse(value.split('+')).map_err(|e: ScopeError| e.to_string())?;
            }
            Some(("name", value)) if !value.is_empty() => name = value.to_owned(),
            _ => {
                return Err(format!(
                    "'{part}' is not understood; an API key is \
                     KEY[,dialect=plain|envelope][,scopes=read+write][,name=NAME]"
                ));
            }
        }
    }
    let mut caller = Caller::new(name, None, scopes);
    caller.dialect = dialect;
    Ok((key.to_owned(), caller))
}
