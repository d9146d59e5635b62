//! The OpenAPI 3.1 document, made from the table of routes, and pages that show it.
//!
//! ```text
//!   rest::routes::ROUTES ─┐
//!   operations: what each takes and gives ─┼─▶ document(dialect) ─▶ /v1/openapi.json, /v1/openapi.yaml
//!   envelope, plain, alike: shapes of answers ┘                     /v1/docs, /v1/redoc
//! ```
//!
//! Each dialect has a document of its own (`?dialect=plain`), because a generated client speaks one.
//! That what it says is true is shown by `cargo xtask contract`: it asks thousands of requests that are
//! generated from the document, and holds every answer against it.

mod alike;
mod envelope;
mod operations;
mod pages;
mod plain;
mod schema;
mod shared;
mod webhooks;

pub(crate) use pages::routes;

use crate::rest::dialect::DialectName;
use crate::rest::routes::{Method, ROUTES, Route};
use operations::Operation;
use schema::{named, one_of, text};
use serde_json::{Map, Value as Json, json};

/// The document in a dialect.
pub fn document(dialect: DialectName) -> Json {
    let mut paths: Map<String, Json> = Map::new();
    for route in ROUTES {
        let Some(operation) = operations::of(route.method, route.path) else { continue };
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            let scope = route.access.scope().name();
            methods.insert(route.method.name().into(), written(&operation, route, scope, dialect));
        }
    }
    for (path, methods) in shared::public_paths() {
        paths.insert(path.into(), methods);
    }
    let mut schemas = shared::schemas();
    schemas.extend(match dialect {
        DialectName::Envelope => envelope::schemas(),
        DialectName::Plain => plain::schemas(),
    });
    schemas.extend(webhooks::schemas(dialect));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Offshoot",
            "summary": "The Branch REST API",
            "description": shared::DESCRIPTION,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": shared::tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
        "security": [{"bearer": []}, {"key": []}],
    })
}

fn written(operation: &Operation, route: &Route, scope: &str, dialect: DialectName) -> Json {
    let mut parameters: Vec<Json> = variable_parts(route.path).map(path_parameter).collect();
    parameters.push(json!({
        "name": "Offshoot-Dialect", "in": "header", "required": false,
        "description": "The dialect of the answer; this document tells of one.",
        "schema": one_of(&[&dialect.to_string()]),
    }));
    if route.method == Method::Post {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same request with the same key is done once, and answered alike for a day.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*[!-~][ -~]*$"},
        }));
    }
    if route.tagged {
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "The `ETag` of an answer that the caller has: 304 where it still says the same.",
            "schema": text(),
        }));
    }
    parameters.extend(operation.query.iter().map(|parameter| {
        json!({
            "name": parameter.name, "in": "query", "required": parameter.required,
            "description": parameter.about, "schema": parameter.schema,
        })
    }));
    let headers = |status| shared::headers(status, route);
    let mut answers = Map::new();
    let success = match dialect {
        DialectName::Envelope => &operation.envelope,
        DialectName::Plain => &operation.plain,
    };
    for (status, schema) in success {
        let content = match schema {
            None => {
                json!({"description": "Done; there is nothing to say.", "headers": headers(*status)})
            }
            Some(schema) => json!({
                "description": operation.summary, "headers": headers(*status),
                "content": {"application/json": {"schema": schema}},
            }),
        };
        answers.insert(status.to_string(), content);
    }
    if route.tagged {
        let known = json!({"description": "As it was.", "headers": headers(304)});
        answers.insert("304".into(), known);
    }
    let reused = (route.method == Method::Post).then_some(409);
    for status in operation.failures().chain(reused) {
        let schema = match (status, dialect) {
            (401, DialectName::Plain) => named("Unauthorized"),
            (409, _) => named("Conflict"),
            _ => named("Failure"),
        };
        answers.insert(
            status.to_string(),
            json!({
                "description": shared::reason(status), "headers": headers(status),
                "content": {"application/json": {"schema": schema}},
            }),
        );
    }
    let mut said = json!({
        "operationId": operation.id, "tags": [operation.tag], "summary": operation.summary,
        "description": format!("{}\n\nScope: `{scope}`.", operation.about).trim(),
        "parameters": parameters, "responses": answers, "x-scope": scope,
    });
    if let (Some(body), Some(said)) = (&operation.body, said.as_object_mut()) {
        said.insert(
            "requestBody".into(),
            json!({
                "required": operation.body_required,
                "content": {"application/json": {"schema": body, "example": operation.example}},
            }),
        );
    }
    said
}

fn variable_parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameter(name: &str) -> Json {
    let (description, example) = shared::part(name);
    json!({
        "name": name, "in": "path", "required": true,
        "description": description,
        "schema": {"type": "string", "minLength": 1}, "example": example,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no document tells of, no generated request asks and no generated client can do.
    #[test]
    fn every_route_is_in_both_documents() {
        for dialect in [DialectName::Envelope, DialectName::Plain] {
            let document = document(dialect);
            for route in ROUTES {
                let operation = &document["paths"][route.path][route.method.name()];
                assert!(operation["responses"].is_object(), "{dialect}: {}", route.path);
            }
        }
    }
}
