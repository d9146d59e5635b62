//! api
pub mod host;
/// stub
pub fn router(_host: std::sync::Arc<impl host::Host>) -> axum::Router {
    axum::Router::new()
}
