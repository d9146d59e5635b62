//! JSON Web Tokens (RFC 7519): which keys may sign them, and what they say.
//!
//! A key verifies one algorithm and no other: an RSA key is never taken for an HMAC secret, and a
//! token that says `none` fits no key at all.

use super::caller::Caller;
use super::scope::Scopes;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode_header};
use serde::{Deserialize, Serialize};

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whom it names.
    pub sub: String,
    /// Whose database it reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The program that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Until when it holds, in Unix seconds.
    pub exp: i64,
    /// From when it holds, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// When it was made, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// What it allows. Those of other services are passed over.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The dialect that it is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
}

impl Claims {
    /// Claims of the tutorial's token: `sync:read` and `sync:write`, for an hour.
    pub fn new(user_id: String, tenant_id: String, client_id: String, now: i64) -> Self {
        Claims {
            sub: user_id,
            tenant_id: Some(tenant_id),
            client_id: Some(client_id),
            exp: now.saturating_add(TOKEN_SECONDS),
            nbf: None,
            iat: Some(now),
            scopes: vec!["sync:read".into(), "sync:write".into()],
            dialect: None,
        }
    }

    /// With other scopes.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Vec<String>) -> Self {
        self.scopes = scopes;
        self
    }

    pub(super) fn caller(self) -> Caller {
        // A token that names no tenant is nobody's, not everybody's: only a key can belong to the
        // database itself.
        let tenant = self.tenant_id.unwrap_or_default();
        let mut caller = Caller::new(self.sub, Some(tenant), Scopes::known(&self.scopes));
        (caller.client, caller.dialect) = (self.client_id, self.dialect);
        caller
    }
}

/// How long a token holds that says nothing else, in seconds.
const TOKEN_SECONDS: i64 = 3600;

/// Why a token, or a key for tokens, is not taken.
#[derive(Debug)]
pub struct TokenError(String);

impl std::fmt::Display for TokenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TokenError {}

impl From<jsonwebtoken::errors::Error> for TokenError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        TokenError(error.to_string())
    }
}

/// A key that may have signed a token.
struct Verifier {
    algorithm: Algorithm,
    id: Option<String>,
    key: DecodingKey,
}

/// All keys that tokens are verified with. None at first: no token is then in order.
#[derive(Default)]
pub struct Tokens {
    verifiers: Vec<Verifier>,
    audience: Option<String>,
    issuer: Option<String>,
}

impl Tokens {
    /// Takes tokens signed with this secret (HS256).
    ///
    /// # Errors
    /// An empty secret.
    pub fn add_secret(&mut self, secret: &[u8]) -> Result<(), TokenError> {
        if secret.is_empty() {
            return Err(TokenError("the secret for tokens is empty".into()));
        }
        self.add(Algorithm::HS256, None, DecodingKey::from_secret(secret));
        Ok(())
    }

    /// Takes tokens signed with the private part of this public key: RSA (RS256) or Ed25519 (EdDSA),
    /// in PEM.
    ///
    /// # Errors
    /// Text that is neither.
    pub fn add_public_key(&mut self, pem: &[u8]) -> Result<(), TokenError> {
        if let Ok(key) = DecodingKey::from_ed_pem(pem) {
            self.add(Algorithm::EdDSA, None, key);
            return Ok(());
        }
        let key = DecodingKey::from_rsa_pem(pem).map_err(|_| {
            TokenError("the public key for tokens is neither RSA nor Ed25519 in PEM".into())
        })?;
        self.add(Algorithm::RS256, None, key);
        Ok(())
    }

    /// Takes tokens signed with a key of this set (RFC 7517). Keys of other kinds than RSA and
    /// Ed25519 are passed over; secrets too, for a set is a public thing.
    ///
    /// # Errors
    /// Text that is no such set, or one without any key for here.
    pub fn add_jwks(&mut self, json: &[u8]) -> Result<(), TokenError> {
        let set: JwkSet = serde_json::from_slice(json)
            .map_err(|error| TokenError(format!("not a set of JSON Web Keys: {error}")))?;
        let before = self.verifiers.len();
        for jwk in &set.keys {
            let algorithm = match &jwk.algorithm {
                AlgorithmParameters::RSA(_) => Algorithm::RS256,
                AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                    Algorithm::EdDSA
                }
                _ => continue,
            };
            let key = DecodingKey::from_jwk(jwk)?;
            self.add(algorithm, jwk.common.key_id.clone(), key);
        }
        match self.verifiers.len() > before {
            true => Ok(()),
            false => Err(TokenError("the set has no RSA and no Ed25519 key".into())),
        }
    }

    /// Takes only tokens made for this audience.
    pub fn expect_audience(&mut self, audience: impl Into<String>) {
        self.audience = Some(audience.into());
    }

    /// Takes only tokens of this issuer.
    pub fn expect_issuer(&mut self, issuer: impl Into<String>) {
        self.issuer = Some(issuer.into());
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.verifiers.is_empty()
    }

    fn add(&mut self, algorithm: Algorithm, id: Option<String>, key: DecodingKey) {
        self.verifiers.push(Verifier { algorithm, id, key });
    }

    /// What a token says, where it is in order at this time (Unix seconds).
    ///
    /// # Errors
    /// Why it is not: for logs, not for its bearer.
    pub fn verify(&self, token: &str, now: i64) -> Result<Claims, TokenError> {
        let header = decode_header(token)?;
        let fits = |verifier: &&Verifier| {
            verifier.algorithm == header.alg
                && match (&verifier.id, &header.kid) {
                    (Some(own), Some(said)) => own == said,
                    _ => true,
                }
        };
        let mut refused = TokenError("no key for this kind of token".into());
        for verifier in self.verifiers.iter().filter(fits) {
            match jsonwebtoken::decode::<Claims>(token, &verifier.key, &self.rules(header.alg)) {
                Ok(data) => return in_time(data.claims, now),
                Err(error) => refused = error.into(),
            }
        }
        Err(refused)
    }

    fn rules(&self, algorithm: Algorithm) -> Validation {
        let mut rules = Validation::new(algorithm);
        // Times are compared below, with the host's clock.
        (rules.validate_exp, rules.validate_nbf) = (false, false);
        rules.validate_aud = self.audience.is_some();
        if let Some(audience) = &self.audience {
            rules.set_audience(&[audience]);
            rules.required_spec_claims.insert("aud".into());
        }
        if let Some(issuer) = &self.issuer {
            rules.set_issuer(&[issuer]);
            rules.required_spec_claims.insert("iss".into());
        }
        rules
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("keys", &self.verifiers.len()).finish_non_exhaustive()
    }
}

fn in_time(claims: Claims, now: i64) -> Result<Claims, TokenError> {
    if claims.exp <= now {
        return Err(TokenError("the token has expired".into()));
    }
    if claims.nbf.is_some_and(|from| from > now) {
        return Err(TokenError("the token holds only later".into()));
    }
    Ok(claims)
}

/// Makes and verifies tokens with a secret (HS256).
pub struct JwtManager {
    secret: EncodingKey,
    tokens: Tokens,
    clock: super::UnixSeconds,
}

impl JwtManager {
    /// With a secret and a clock.
    pub fn with_clock(secret: &[u8], clock: super::UnixSeconds) -> Self {
        let mut tokens = Tokens::default();
        tokens.add(Algorithm::HS256, None, DecodingKey::from_secret(secret));
        JwtManager { secret: EncodingKey::from_secret(secret), tokens, clock }
    }

    /// A token for a user of a tenant, with `sync:read` and `sync:write`, for an hour.
    ///
    /// # Errors
    /// None that a caller could mend.
    pub fn generate_token(
        &self,
        user_id: String,
        tenant_id: String,
        client_id: impl std::fmt::Display,
    ) -> Result<String, TokenError> {
        self.sign(&Claims::new(user_id, tenant_id, client_id.to_string(), (self.clock)()))
    }

    /// A token that says this.
    ///
    /// # Errors
    /// As [`JwtManager::generate_token`].
    pub fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.secret)?)
    }

    /// What a token says, where it is in order.
    ///
    /// # Errors
    /// Why it is not.
    pub fn verify_token(&self, token: &str) -> Result<Claims, TokenError> {
        self.tokens.verify(token, (self.clock)())
    }
}

impl std::fmt::Debug for JwtManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JwtManager")
    }
}
