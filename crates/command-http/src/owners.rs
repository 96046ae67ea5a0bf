//! A command to a partition that another instance serves is asked there, by a layer around a role's routes.
//! What must hold: at most one hop for each question; without an `Idempotency-Key` nothing is asked a second time unless
//! the first was certainly not carried out.

mod peers;

use crate::kept_body::Kept;
use crate::place::{INSTEAD, NOT_HERE, NotHere};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
pub(crate) use peers::{Peers, Said};
use std::sync::Arc;
use std::time::Duration;
use tillroll_http::headers;
use tillroll_log::{Node, OwnerFound, PartitionId, Services, Suspicion};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Until when after its arrival a command waits for somebody who serves its partition: as long as one may take that is
/// served.
pub const OWNER_WITHIN: Duration = crate::EXECUTE_WITHIN;
/// On a request that comes from another instance: it is answered here or not at all.
static HOP: HeaderName = HeaderName::from_static("tillroll-hop");

/// Where partitions are served, as the layer has to know it.
pub(crate) trait Owners: Clone + Send + Sync + 'static {
    /// Who serves it, if that is another instance.
    fn elsewhere(&self, topic: &str, partition: i32) -> Option<OwnerFound>;
    /// He is gone, as it seems.
    fn suspect(&self, topic: &str, partition: i32, owner: OwnerFound);
    /// Changes with each move.
    fn moves(&self) -> watch::Receiver<u64>;
}

impl Owners for Node {
    fn elsewhere(&self, topic: &str, partition: i32) -> Option<OwnerFound> {
        let owner = self.services().owner_of(topic, partition)?;
        (owner.instance != self.config().instance).then_some(owner)
    }

    fn suspect(&self, topic: &str, partition: i32, OwnerFound { instance, .. }: OwnerFound) {
        Node::suspect(self, Suspicion { topic: topic.to_owned(), partition: PartitionId(partition), instance });
    }

    fn moves(&self) -> watch::Receiver<u64> {
        Node::moves(self)
    }
}

/// The routes of a role, with the layer around them: every context's router goes through this.
pub fn with_owners(router: Router, node: &Node) -> Router {
    // From now on it is read, so that it is known when the first command comes.
    let _: &Services = node.services();
    around(router, node.clone())
}

pub(crate) fn around<O: Owners>(router: Router, owners: O) -> Router {
    let layer = Arc::new(Layer { owners, peers: Peers::default() });
    router.layer(from_fn_with_state(layer, answer::<O>))
}

struct Layer<O> {
    owners: O,
    peers: Peers,
}

async fn answer<O: Owners>(State(layer): State<Arc<Layer<O>>>, request: Request, next: Next) -> Response {
    let deadline = Instant::now() + OWNER_WITHIN;
    let (head, body) = request.into_parts();
    let (body, kept) = Kept::of(body);
    let first = next.clone().run(Request::from_parts(head.clone(), body)).await;
    let Some(not_here) = NotHere::read(first.headers()) else { return first };
    if head.headers.contains_key(&HOP) && not_here.instead.is_none() {
        // Whoever sent it knows better what to do.
        return first;
    }
    let Some(body) = kept.whole() else { return bare(first) };
    bare(layer.pursue(Asked { head, body, next, deadline }, first, not_here).await)
}

/// A request that can be asked again, here and elsewhere.
struct Asked {
    head: Parts,
    body: Bytes,
    next: Next,
    deadline: Instant,
}

impl Asked {
    async fn here(&self) -> Response {
        self.next.clone().run(Request::from_parts(self.head.clone(), Body::from(self.body.clone()))).await
    }

    /// What is asked of whoever serves that.
    fn of(&self, place: &NotHere) -> (Parts, Bytes) {
        let mut head = self.head.clone();
        let Some(instead) = &place.instead else { return (head, self.body.clone()) };
        (head.method, head.uri) = (Method::POST, Uri::from(instead.clone()));
        (head, Bytes::new())
    }

    /// Whether it may be asked again although it may have been carried out: it is the same command then.
    fn keyed(&self) -> bool {
        self.head.headers.contains_key(&headers::IDEMPOTENCY_KEY)
    }
}

impl<O: Owners> Layer<O> {
    /// Asks the owner, whoever that is in the end; the last answer if there is none in time.
    async fn pursue(&self, asked: Asked, first: Response, first_not_here: NotHere) -> Response {
        let (mut last, mut not_here) = (first, first_not_here);
        loop {
            if !not_here.certain && !asked.keyed() {
                return last;
            }
            let mut moves = self.owners.moves();
            if let Some(owner) = self.owners.elsewhere(&not_here.topic, not_here.partition.0) {
                match self.at(&owner, &not_here, &asked).await {
                    Said::Answer(answer) => match NotHere::read(answer.headers()) {
                        None if not_here.instead.is_some() && says_nothing(&answer) => return last,
                        None => return answer,
                        // What was answered here is good all the same.
                        Some(_) if not_here.instead.is_some() => {}
                        Some(nor_there) => (last, not_here) = (answer, nor_there),
                    },
                    Said::Nothing { unsent } => {
                        not_here.certain &= unsent;
                        if Peers::refuses(&owner.url).await {
                            self.owners.suspect(&not_here.topic, not_here.partition.0, owner);
                        }
                    }
                }
            }
            if !not_here.certain && !asked.keyed() {
                return last;
            }
            // Who serves it may have changed while it was asked there.
            if !matches!(timeout_at(asked.deadline, moves.changed()).await, Ok(Ok(()))) {
                return last;
            }
            let answer = asked.here().await;
            match NotHere::read(answer.headers()) {
                None => return answer,
                Some(still_not) => (last, not_here) = (answer, still_not),
            }
        }
    }

    /// Asks another instance, and gives it up if it ceases to be the owner before it has answered.
    async fn at(&self, owner: &OwnerFound, place: &NotHere, asked: &Asked) -> Said {
        let mut moves = self.owners.moves();
        let replaced = async {
            while self.owners.elsewhere(&place.topic, place.partition.0).as_ref() == Some(owner) {
                if moves.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let (head, body) = asked.of(place);
        let asking = self.peers.ask(&owner.url, &head, &body);
        tokio::select! {
            biased;
            said = asking => said,
            // A frozen owner never answers. The answer of one that lets go in order is on its way.
            () = async { replaced.await; tokio::time::sleep(peers::LAST_WORD).await }, if asked.keyed() => {
                Said::Nothing { unsent: false }
            }
        }
    }
}

/// Whether there is nothing better there: only what was carried out, or refused for what it came to, says more. An older
/// build does not know the question.
fn says_nothing(answer: &Response) -> bool {
    let status = answer.status();
    status == StatusCode::NO_CONTENT || !(status.is_success() || status == StatusCode::CONFLICT)
}

/// Without what is between instances.
fn bare(mut answer: Response) -> Response {
    answer.headers_mut().remove(&NOT_HERE);
    answer.headers_mut().remove(&INSTEAD);
    answer
}

/// Marks a request that goes on to its one other instance.
fn hop(head: &mut Parts) {
    head.headers.insert(&HOP, HeaderValue::from_static("1"));
}

#[cfg(test)]
mod tests;
