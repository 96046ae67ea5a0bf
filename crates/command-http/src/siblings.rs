//! What no client asks: questions of one instance of a role to another that owns something. What must hold: nothing rests
//! on an answer; who asks can do without.

use crate::owners::{Peers, Said};
use axum::body::{Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use tillroll_log::{Aggregate, Commands, Key};

/// More than is ever said.
const MOST_BYTES: usize = 64 * 1024;

/// Who owns aggregates of one kind, for those who want to ask him. Clones share the connections.
pub struct Siblings<A: Aggregate> {
    commands: Commands<A>,
    peers: Arc<Peers>,
}

/// Another instance of the role.
#[derive(Clone)]
pub struct Sibling {
    url: String,
    peers: Arc<Peers>,
}

/// What it said.
#[derive(Debug)]
pub struct Saying {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl<A: Aggregate> Siblings<A> {
    /// Nobody has been asked yet.
    pub fn new(commands: Commands<A>) -> Self {
        Self { commands, peers: Arc::default() }
    }

    /// Asks whoever serves that, by a POST to this path of his. Nothing if it is served here or by nobody, if he does not
    /// answer, or if another serves it before he has.
    pub async fn ask(&self, key: &Key, path: &str, body: &impl Serialize) -> Option<(Sibling, Saying)> {
        let mut moves = self.commands.moves();
        let owner = self.commands.elsewhere(key)?;
        let sibling = Sibling { url: owner.url.clone(), peers: self.peers.clone() };
        let replaced = async {
            while self.commands.elsewhere(key).as_ref() == Some(&owner) {
                if moves.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            biased;
            said = sibling.post(path, body) => said.map(|said| (sibling.clone(), said)),
            () = replaced => None,
        }
    }
}

impl Sibling {
    /// Asks it.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Option<Saying> {
        let body = serde_json::to_vec(body).ok()?;
        let (mut head, ()) = Request::post(path).body(()).ok()?.into_parts();
        head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.peers.ask(&self.url, &head, &body.into()).await {
            Said::Answer(answer) => {
                let (head, body) = answer.into_parts();
                let body = to_bytes(body, MOST_BYTES).await.ok()?;
                Some(Saying { status: head.status, headers: head.headers, body })
            }
            Said::Nothing { .. } => None,
        }
    }
}

impl<A: Aggregate> fmt::Debug for Siblings<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Siblings")
    }
}

impl fmt::Debug for Sibling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sibling").field(&self.url).finish()
    }
}
