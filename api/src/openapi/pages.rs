//! Addresses of the document and of the pages that show it.

use super::document;
use crate::rest::dialect::DialectName;
use crate::rest::{Rest, Tag, public_wrong_method, unless_known};
use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use std::collections::HashMap;

/// `/v1/openapi.json`, `/v1/openapi.yaml`, and with the feature `docs` the pages `/v1/docs` and
/// `/v1/redoc`. They need no credentials.
pub(crate) fn routes() -> axum::Router<Rest> {
    let served = |form| {
        let route = move |State(rest): State<Rest>, asked: Asked, request: Request| async move {
            served(&rest, &asked, &request, form)
        };
        get(route).fallback(public_wrong_method)
    };
    let router = axum::Router::new()
        .route("/v1/openapi.json", served(Form::Json))
        .route("/v1/openapi.yaml", served(Form::Yaml));
    #[cfg(feature = "docs")]
    let router = router.merge(shown::routes());
    router
}

#[derive(Clone, Copy)]
enum Form {
    Json,
    Yaml,
}

type Asked = Query<HashMap<String, String>>;

/// The document of the dialect that the query names, else of the one that the request would get.
fn served(rest: &Rest, Query(asked): &Asked, request: &Request, form: Form) -> Response {
    let headers = request.headers();
    let dialect = match asked.get("dialect") {
        None => DialectName::of(headers, request.extensions(), rest.default).ok(),
        Some(name) => name.parse().ok(),
    };
    let Some(dialect) = dialect else {
        return (StatusCode::BAD_REQUEST, "dialect is envelope or plain\n").into_response();
    };
    let (kind, text) = match form {
        Form::Json => ("application/json", document(dialect).to_string()),
        Form::Yaml => ("application/yaml", yaml(&document(dialect))),
    };
    let tag = Tag::of(&format!("{dialect} {kind}"), text.as_bytes());
    let mut response = ([(CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response();
    tag.mark(&mut response);
    unless_known(headers, response)
}

/// JSON as YAML in block style. Scalars are written as JSON writes them, which YAML reads alike.
fn yaml(json: &Value) -> String {
    let mut text = String::new();
    write(json, 0, &mut text);
    text
}

// As deep as the document, which this crate makes.
fn write(json: &Value, depth: usize, text: &mut String) {
    let indent = |text: &mut String| text.extend(std::iter::repeat_n(' ', depth * 2));
    match json {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                text.push('\n');
                indent(text);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, depth + 1, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push('\n');
                indent(text);
                text.push('-');
                write(item, depth + 1, text);
            }
        }
        scalar => {
            text.push(' ');
            text.push_str(&scalar.to_string());
        }
    }
}

/// Swagger UI and ReDoc, from the program itself.
#[cfg(feature = "docs")]
mod shown {
    use crate::rest::{Rest, public_wrong_method};
    use axum::Router;
    use axum::extract::Path;
    use axum::http::header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    };
    use axum::http::{HeaderMap, HeaderValue, StatusCode};
    use axum::response::{Html, IntoResponse, Response};
    use axum::routing::get;

    const CSS: &str = "text/css; charset=utf-8";
    const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

    /// Both pages style themselves inline, and ReDoc searches in a worker; nothing comes from elsewhere.
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         worker-src blob:; frame-ancestors 'none'; base-uri 'none'",
    );

    const SWAGGER: &str = r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Offshoot API</title><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="docs/swagger-ui-bundle.js"></script><script src="docs/swagger.js"></script></body>
</html>
"#;

    const SWAGGER_START: &str = r##"const dialect = new URLSearchParams(location.search).get('dialect') ?? 'envelope';
SwaggerUIBundle({
  url: `openapi.json?dialect=${encodeURIComponent(dialect)}`,
  dom_id: '#ui', deepLinking: true, validatorUrl: null,
});
"##;

    const REDOC: &str = r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Offshoot API</title></head>
<body><div id="ui"></div><script src="docs/redoc.standalone.js"></script><script src="docs/redoc.js"></script></body>
</html>
"#;

    const REDOC_START: &str = r#"const dialect = new URLSearchParams(location.search).get('dialect') ?? 'envelope';
Redoc.init(`openapi.json?dialect=${encodeURIComponent(dialect)}`, { disableGoogleFont: true, hideLoading: true },
  document.getElementById('ui'));
"#;

    /// Name, type, bytes, and whether they are compressed.
    const FILES: &[(&str, &str, &[u8], bool)] = &[
        (
            "swagger-ui-bundle.js",
            JAVASCRIPT,
            include_bytes!("../../assets/swagger-ui-bundle.js.gz"),
            true,
        ),
        ("swagger-ui.css", CSS, include_bytes!("../../assets/swagger-ui.css.gz"), true),
        (
            "redoc.standalone.js",
            JAVASCRIPT,
            include_bytes!("../../assets/redoc.standalone.js.gz"),
            true,
        ),
        ("swagger.js", JAVASCRIPT, SWAGGER_START.as_bytes(), false),
        ("redoc.js", JAVASCRIPT, REDOC_START.as_bytes(), false),
    ];

    pub fn routes() -> Router<Rest> {
        let shown = |html| get(move || async move { page(html) }).fallback(public_wrong_method);
        Router::new()
            .route("/v1/docs", shown(SWAGGER))
            .route("/v1/redoc", shown(REDOC))
            .route("/v1/docs/{file}", get(file).fallback(public_wrong_method))
    }

    fn page(html: &'static str) -> Response {
        ([(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()
    }

    async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
        let Some((_, kind, bytes, compressed)) = FILES.iter().find(|(known, ..)| *known == name)
        else {
            return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
        };
        let mut answer =
            ([(CONTENT_TYPE, *kind), (CACHE_CONTROL, "no-cache")], *bytes).into_response();
        if *compressed {
            let takes = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
            if !takes.is_some_and(|takes| takes.contains("gzip")) {
                let message = "this file is sent compressed: ask with Accept-Encoding: gzip\n";
                return (StatusCode::NOT_ACCEPTABLE, message).into_response();
            }
            let headers = answer.headers_mut();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        answer
    }
}
