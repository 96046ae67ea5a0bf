//! Asking another process over connections that are kept: the gateway asks roles, an instance asks the owner of a
//! partition.

mod body;
mod link;
mod pool;

use std::time::Duration;

use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, HeaderName, Uri, header};

pub use body::{BrokeOff, Counted, PeerBody};
pub use link::Failed;
pub use pool::Pool;

/// Times and numbers of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// How long connecting may take.
    pub connect: Duration,
    /// Idle connections kept.
    pub idle_connections: usize,
    /// How long they are kept; shorter than the other side keeps them, so that hardly any request meets a closed one.
    pub idle: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), idle_connections: 1024, idle: Duration::from_secs(45) }
    }
}

/// Headers that concern one connection only (RFC 9110, 7.6.1).
static HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Takes away what concerns one connection only.
pub fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Host and port of a base URL, `http://host:port` and nothing else.
pub fn authority_of(url: &str) -> Option<Authority> {
    let uri = url.parse::<Uri>().ok()?;
    let plain = uri.scheme() == Some(&Scheme::HTTP) && uri.path() == "/" && uri.query().is_none();
    uri.into_parts().authority.filter(|_| plain)
}
