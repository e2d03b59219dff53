//! [`Door`]: which requests are let in. Any page that the same browser shows can send requests to this
//! machine; so a request must name a host that is ours, come from our own page where it says where it
//! comes from, and have an annotator's token, which no browser adds by itself as it does a cookie.

use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::token::Token;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its host is none of ours: a name that somebody else lets point here.
    Host,
    /// Another page sends it.
    Origin,
    /// It has no annotator's token.
    Token,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Host => "this is not the host of the address that pairpick printed",
            Self::Origin => "another page may not send this",
            Self::Token => "not an address that pairpick printed, or of an earlier start: open the one printed last",
        };
        (StatusCode::FORBIDDEN, Json(json!({ "error": error }))).into_response()
    }
}

/// Who may come in.
pub(super) struct Door {
    listens: IpAddr,
    tokens: Vec<Token>,
}

impl Door {
    /// Of a server that listens there, with the token of each annotator.
    pub fn new(listens: SocketAddr, tokens: Vec<Token>) -> Self {
        Self { listens: listens.ip(), tokens }
    }

    /// Lets in what is sent to us, and not by another page.
    pub fn check_way(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        let host = text(HOST).filter(|host| self.is_ours(host)).ok_or(Refusal::Host)?;
        let from_elsewhere = |origin: &str| origin.strip_prefix("http://") != Some(host);
        let by_elsewhere = |site: &str| !["same-origin", "none"].contains(&site);
        if text(ORIGIN).is_some_and(from_elsewhere) || text(SITE).is_some_and(by_elsewhere) {
            return Err(Refusal::Origin);
        }
        Ok(())
    }

    /// The annotator whose token a request has.
    pub fn annotator(&self, headers: &HeaderMap) -> Result<usize, Refusal> {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or("");
        self.tokens.iter().position(|token| token.is(given)).ok_or(Refusal::Token)
    }

    /// Whether a host, with any port since a tunnel has another one, is an address and not a name that
    /// anybody could let point here; but for `localhost`, which nobody can.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => name,
            _ => host,
        };
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let local = !self.listens.is_loopback() && !self.listens.is_unspecified();
        match bare.parse::<IpAddr>() {
            Ok(address) if local => address == self.listens,
            Ok(address) => address.is_loopback() || self.listens.is_unspecified(),
            Err(_) => !local && name.eq_ignore_ascii_case("localhost"),
        }
    }
}
