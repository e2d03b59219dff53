//! The page's files, which are part of the program: nothing comes from elsewhere.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Response};

/// What the page may do: its own script and style, requests to this program, nothing in line, nothing
/// from elsewhere, no markup made of text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A file, by its path and kind.
pub(super) struct File {
    pub path: &'static str,
    kind: &'static str,
    text: &'static str,
}

/// All of them.
pub(super) const FILES: [File; 4] = [
    File { path: "/", kind: "text/html; charset=utf-8", text: include_str!("page.html") },
    File { path: "/page.css", kind: "text/css; charset=utf-8", text: include_str!("page.css") },
    File {
        path: "/page.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("page.js"),
    },
    File { path: "/icon.svg", kind: "image/svg+xml", text: include_str!("icon.svg") },
];

impl IntoResponse for &File {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, self.kind)], self.text).into_response()
    }
}

/// Adds what every response says: that nothing keeps it, frames it, or reads it from another page.
pub(super) async fn protected(mut response: Response) -> Response {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
