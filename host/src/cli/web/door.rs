//! [`Door`]: which requests are let in. Any page that the same browser shows can send requests to this
//! machine; so a request must name a host that is ours, come from our own page where it says where it
//! comes from, and have an annotator's token, which no browser adds by itself as it does a cookie.

use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, ORIGIN};
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
            Self::Token => {
                "not an address that pairpick printed, or of an earlier start: open the one printed last"
            }
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

    /// Lets in what is sent to us.
    pub fn check_host(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match text(headers, &HOST) {
            Some(host) if self.is_ours(host) => Ok(()),
            _ => Err(Refusal::Host),
        }
    }

    /// Lets in what no other page sends. Browsers say where a request comes from; other programs need
    /// not, and cannot be made to send it by a page.
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = text(headers, &HOST);
        let elsewhere = |origin: &str| origin.strip_prefix("http://") != host;
        let another = |site: &str| !["same-origin", "none"].contains(&site);
        let refused = text(headers, &ORIGIN).is_some_and(elsewhere)
            || text(headers, &SITE).is_some_and(another);
        if refused { Err(Refusal::Origin) } else { Ok(()) }
    }

    /// The annotator, from 1, whose token a request has.
    pub fn annotator(&self, headers: &HeaderMap) -> Result<u32, Refusal> {
        let given = text(headers, &AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let token = given.unwrap_or("");
        let mut annotators = (1..).zip(&self.tokens);
        annotators.find(|(_, own)| own.is(token)).map(|(number, _)| number).ok_or(Refusal::Token)
    }

    /// How many annotators there are.
    pub fn annotators(&self) -> usize {
        self.tokens.len()
    }

    /// Whether a host, with any port since a tunnel has another one, is an address and not a name that
    /// anybody could let point here; but for `localhost`, which nobody can.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => name,
            _ => host,
        };
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let anywhere = self.listens.is_unspecified();
        match bare.parse::<IpAddr>() {
            Ok(address) if self.listens.is_loopback() => address.is_loopback(),
            Ok(address) => anywhere || address == self.listens,
            Err(_) => {
                let local = anywhere || self.listens.is_loopback();
                local && name.eq_ignore_ascii_case("localhost")
            }
        }
    }
}

/// A header's text; none of ours has anything but ASCII.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(listens: &str) -> Door {
        Door::new(listens.parse().unwrap(), Vec::new())
    }

    #[test]
    fn a_host_is_an_address_of_ours() {
        let ours = [
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("127.0.0.1:80", "127.0.0.1:9000"),
            ("127.0.0.1:80", "localhost:80"),
            ("127.0.0.1:80", "LOCALHOST"),
            ("[::1]:80", "[::1]:80"),
            ("[::1]:80", "[::1]"),
            ("192.168.1.2:80", "192.168.1.2:80"),
            ("0.0.0.0:80", "192.168.1.2:80"),
            ("0.0.0.0:80", "localhost"),
        ];
        for (listens, host) in ours {
            assert!(door(listens).is_ours(host), "{host} of {listens}");
        }
        let others = [
            ("127.0.0.1:80", "evil.example:80"),
            ("127.0.0.1:80", "127.0.0.1.evil.example"),
            ("127.0.0.1:80", "localhost.evil.example:80"),
            ("127.0.0.1:80", "192.168.1.2:80"),
            ("127.0.0.1:80", "user@127.0.0.1:80"),
            ("127.0.0.1:80", ""),
            ("192.168.1.2:80", "localhost:80"),
            ("192.168.1.2:80", "127.0.0.1:80"),
            ("0.0.0.0:80", "evil.example"),
        ];
        for (listens, host) in others {
            assert!(!door(listens).is_ours(host), "{host} of {listens}");
        }
    }

    #[test]
    fn other_pages_are_kept_out() {
        let door = door("127.0.0.1:80");
        let check = |sent: &[(HeaderName, &str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "127.0.0.1:80".parse().unwrap());
            for (name, value) in sent {
                headers.insert(name, value.parse().unwrap());
            }
            door.check_origin(&headers)
        };
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[(ORIGIN, "http://127.0.0.1:80"), (SITE, "same-origin")]), Ok(()));
        for origin in
            ["null", "", "http://127.0.0.1:81", "https://127.0.0.1:80", "http://localhost:80"]
        {
            assert_eq!(check(&[(ORIGIN, origin)]), Err(Refusal::Origin), "{origin:?}");
        }
        for site in ["cross-site", "same-site", ""] {
            assert_eq!(check(&[(SITE, site)]), Err(Refusal::Origin), "{site:?}");
        }
    }
}
