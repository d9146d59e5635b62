//! Who sent a request.

/// The author of what a request writes: nobody, until requests are authenticated.
pub(crate) const ANONYMOUS: &str = "";
