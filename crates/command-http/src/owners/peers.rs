//! The connections to other instances of the role.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Request, Uri, header};
use axum::response::Response;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tillroll_http::peer::{PeerBody, Pool, PoolLimits, authority_of, drop_hop_by_hop};
use tokio::net::TcpStream;

/// How long an owner that has let go may take for answers that are on their way.
pub(super) const LAST_WORD: Duration = Duration::from_millis(500);
/// Between two attempts to reach who seems to be gone.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// Instances come and go; what is kept of those that went is dropped beyond this.
const MOST_POOLS: usize = 64;
const LIMITS: PoolLimits =
    PoolLimits { connect: Duration::from_secs(1), idle_connections: 512, idle: Duration::from_secs(45) };

/// What came of asking another instance.
pub(crate) enum Said {
    Answer(Response),
    /// No answer; `unsent` if nothing was sent, for certain.
    Nothing {
        unsent: bool,
    },
}

/// The pools by URL.
#[derive(Default)]
pub(crate) struct Peers(Mutex<HashMap<String, Arc<Pool>>>);

impl Peers {
    /// Asks the same there: method, path, headers and body.
    pub(crate) async fn ask(&self, url: &str, head: &Parts, body: &Bytes) -> Said {
        let Some(pool) = self.pool(url) else { return Said::Nothing { unsent: true } };
        let mut head = head.clone();
        drop_hop_by_hop(&mut head.headers);
        head.headers.remove(header::CONTENT_LENGTH);
        super::hop(&mut head);
        let mut request = Request::new(PeerBody::whole(body.clone()));
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
        *request.headers_mut() = head.headers;
        match pool.request(request).await {
            Ok(mut answer) => {
                drop_hop_by_hop(answer.headers_mut());
                Said::Answer(answer)
            }
            Err(failed) => {
                tracing::debug!(error = %failed, url, "the owner does not answer");
                Said::Nothing { unsent: failed.is_unsent() }
            }
        }
    }

    /// Whether nobody listens there, at once and a moment later: a refusal, not silence.
    pub(super) async fn refuses(url: &str) -> bool {
        refused(url).await && {
            tokio::time::sleep(ASK_AGAIN).await;
            refused(url).await
        }
    }

    pub(super) fn pool(&self, url: &str) -> Option<Arc<Pool>> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(url) {
            return Some(pool.clone());
        }
        if pools.len() >= MOST_POOLS {
            pools.clear();
        }
        let pool = Pool::new(&authority_of(url)?, LIMITS)?;
        pools.insert(url.to_owned(), pool.clone());
        Some(pool)
    }
}

async fn refused(url: &str) -> bool {
    let Some(authority) = authority_of(url) else { return false };
    let connecting = tokio::time::timeout(LIMITS.connect, TcpStream::connect(authority.as_str())).await;
    matches!(connecting, Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused)
}
