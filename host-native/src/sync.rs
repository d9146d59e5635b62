//! Names of the tutorial for what signs and verifies tokens.

/// Tokens.
pub mod auth {
    use offshoot_api::auth as api;
    use uuid::Uuid;

    pub use api::{Claims, TokenError};

    /// Makes and verifies tokens with a secret (HS256), by the system's clock.
    #[derive(Debug)]
    pub struct JwtManager(api::JwtManager);

    impl JwtManager {
        /// With a secret.
        pub fn new(secret: impl AsRef<[u8]>) -> Self {
            JwtManager(api::JwtManager::with_clock(secret.as_ref(), crate::api::clock()))
        }

        /// A token for a user of a tenant, with `sync:read` and `sync:write`, for an hour.
        ///
        /// # Errors
        /// None that a caller could mend.
        pub fn generate_token(
            &self,
            user_id: String,
            tenant_id: String,
            client_id: Uuid,
        ) -> Result<String, TokenError> {
            self.0.generate_token(user_id, tenant_id, client_id)
        }

        /// A token that says this.
        ///
        /// # Errors
        /// As [`JwtManager::generate_token`].
        pub fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
            self.0.sign(claims)
        }

        /// What a token says, where it is in order.
        ///
        /// # Errors
        /// Why it is not.
        pub fn verify_token(&self, token: &str) -> Result<Claims, TokenError> {
            self.0.verify_token(token)
        }
    }
}
