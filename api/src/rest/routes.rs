//! Every route: where it is, what it asks of its callers, and who answers. The router is made of this
//! table, and so is the OpenAPI document; nothing is in one and not in the other.

use super::serve::Endpoint;
use super::{branches, data, diff, graph, history, merge, reset, sql};
use crate::auth::Access;
use crate::webhooks::endpoints as webhooks;
use axum::routing::MethodFilter;

/// One method of one address.
pub(crate) struct Route {
    pub method: Method,
    /// With its variable parts in braces.
    pub path: &'static str,
    pub access: Access,
    pub endpoint: Endpoint,
    /// Whether its answers have entity tags.
    pub tagged: bool,
}

/// A method that a route has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// What routers know it by.
    pub fn filter(self) -> MethodFilter {
        match self {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Patch => MethodFilter::PATCH,
            Method::Delete => MethodFilter::DELETE,
        }
    }

    /// Its name in OpenAPI.
    #[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only the document asks"))]
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "get",
            Method::Post => "post",
            Method::Put => "put",
            Method::Patch => "patch",
            Method::Delete => "delete",
        }
    }
}

const fn get(path: &'static str, access: Access, endpoint: Endpoint) -> Route {
    Route { method: Method::Get, path, access, endpoint, tagged: false }
}

/// What tells of branches and definitions, and not of rows.
const fn tagged(path: &'static str, access: Access, endpoint: Endpoint) -> Route {
    Route { tagged: true, ..get(path, access, endpoint) }
}

const fn post(path: &'static str, access: Access, endpoint: Endpoint) -> Route {
    Route { method: Method::Post, path, access, endpoint, tagged: false }
}

const fn put(path: &'static str, access: Access, endpoint: Endpoint) -> Route {
    Route { method: Method::Put, path, access, endpoint, tagged: false }
}

const fn patch(path: &'static str, access: Access, endpoint: Endpoint) -> Route {
    Route { method: Method::Patch, path, access, endpoint, tagged: false }
}

const fn delete(path: &'static str, access: Access, endpoint: Endpoint) -> Route {
    Route { method: Method::Delete, path, access, endpoint, tagged: false }
}

/// All of them.
pub(crate) static ROUTES: &[Route] = &[
    tagged("/v1/branches", Access::LIST, branches::list),
    post("/v1/branches", Access::CREATE_BRANCH, branches::create),
    tagged("/v1/branches/{branch}", Access::READ, branches::details),
    patch("/v1/branches/{branch}", Access::BRANCH, branches::update),
    delete("/v1/branches/{branch}", Access::BRANCH, branches::delete),
    post("/v1/branches/{branch}/merge", Access::MERGE, merge::merge),
    post("/v1/branches/{branch}/reset", Access::RESET, reset::reset),
    get("/v1/branches/{branch}/diff", Access::READ_MUCH, diff::diff),
    tagged("/v1/branches/{branch}/tables", Access::READ, data::tables),
    get("/v1/branches/{branch}/tables/{table}/data", Access::READ, data::page),
    post("/v1/branches/{branch}/tables/{table}/data", Access::WRITE, data::insert),
    put("/v1/branches/{branch}/tables/{table}/data", Access::WRITE, data::update),
    delete("/v1/branches/{branch}/tables/{table}/data", Access::WRITE, data::delete),
    post("/v1/branches/{branch}/query", Access::QUERY, sql::query),
    post("/v1/branches/{branch}/execute", Access::WRITE, sql::execute),
    post("/v1/branches/{branch}/transaction", Access::WRITE, sql::transaction),
    get("/v1/branches/{branch}/history", Access::READ, history::history),
    tagged("/v1/branches/{branch}/snapshots", Access::READ, history::snapshots),
    post("/v1/branches/{branch}/snapshots", Access::WRITE, history::snapshot),
    post("/v1/branches/{branch}/restore/{snapshot}", Access::WRITE_MUCH, history::restore),
    tagged("/v1/graph", Access::READ_ALL, graph::graph),
    get("/v1/webhooks", Access::ADMIN, webhooks::list),
    post("/v1/webhooks", Access::ADMIN_WRITE, webhooks::create),
    get("/v1/webhooks/{webhook}", Access::ADMIN, webhooks::get),
    patch("/v1/webhooks/{webhook}", Access::ADMIN_WRITE, webhooks::update),
    delete("/v1/webhooks/{webhook}", Access::ADMIN_WRITE, webhooks::delete),
    get("/v1/webhooks/{webhook}/deliveries", Access::ADMIN, webhooks::deliveries),
];
