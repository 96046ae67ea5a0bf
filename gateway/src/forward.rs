//! Passing a request on to the role that answers it, over connections that are kept.
//! Of the client's headers only those in `PASSED` go along: what a client says about itself stays outside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};
use axum::response::Response;
use tillroll_http::{Problem, headers, problems};
use tokio::time::{sleep, timeout};

use crate::config::GatewayLimits;
use crate::link::Failed;
use crate::pool::Pool;
use crate::routes::{Route, Upstream};
use crate::upstream_body::{Taken, UpstreamBody, too_large};

/// How long to wait before the one repeat, in which a role that restarts may come back.
const PAUSE: Duration = Duration::from_millis(50);

/// Headers of the client's that roles get to see.
static PASSED: [HeaderName; 12] = [
    header::ACCEPT,
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("consistency-token"),
    HeaderName::from_static("prefer"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("last-event-id"),
];

/// Headers that concern one connection only (RFC 9110, 7.6.1), and never come back from a role.
static HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The connections to all roles.
#[derive(Clone)]
pub(crate) struct Forwarder {
    pools: Arc<BTreeMap<Upstream, Arc<Pool>>>,
    limits: GatewayLimits,
}

impl Forwarder {
    pub(crate) fn new(bases: &BTreeMap<Upstream, Authority>, limits: GatewayLimits) -> Self {
        let pool = |(role, base): (&Upstream, &Authority)| Some((*role, Pool::new(base, limits)?));
        Self { pools: Arc::new(bases.iter().filter_map(pool).collect()), limits }
    }

    /// The role's answer, within the time that the route has.
    pub(crate) async fn forward(
        &self,
        route: &Route,
        role: Upstream,
        request: axum::extract::Request,
        identity: Option<HeaderValue>,
    ) -> Result<Response, Problem> {
        let limit = if route.is_query() { self.limits.query } else { self.limits.command };
        let within = limit + headers::wait(request.headers()).unwrap_or_default();
        timeout(within, self.exchange(route, role, request, identity))
            .await
            .unwrap_or_else(|_| Err(Problem::overdue(route.is_query())))
    }

    async fn exchange(
        &self,
        route: &Route,
        role: Upstream,
        request: axum::extract::Request,
        identity: Option<HeaderValue>,
    ) -> Result<Response, Problem> {
        let (head, body) = request.into_parts();
        let body = Taken::take(&head.headers, body, route.body).await?;
        let mut outer = Request::new(());
        *outer.method_mut() = head.method;
        *outer.uri_mut() = head.uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
        *outer.headers_mut() = passed(&head.headers, identity);
        let pool = self.pool(role)?;
        let answered = match body {
            Taken::Whole(bytes) => send_whole(pool, route, outer, bytes).await,
            Taken::Streamed(body) => {
                let (body, exceeded) = UpstreamBody::counted(body, route.body);
                let answered = pool.request(outer.map(|()| body)).await;
                if exceeded.load(Ordering::Acquire) {
                    return Err(too_large(route.body));
                }
                answered
            }
        };
        answered.map(outward).map_err(|failed| unavailable(role, &failed))
    }

    /// Asks a role whether it is ready: its status, or nothing if it does not answer in time.
    pub(crate) async fn readiness(&self, role: Upstream) -> Option<u16> {
        let mut request = Request::new(UpstreamBody::Whole(None));
        *request.uri_mut() = Uri::from_static("/health/ready");
        let answered = timeout(self.limits.health, self.pool(role).ok()?.request(request)).await.ok()?;
        answered.ok().map(|response| response.status().as_u16())
    }

    fn pool(&self, role: Upstream) -> Result<&Arc<Pool>, Problem> {
        self.pools.get(&role).ok_or_else(|| Problem::new(&problems::INTERNAL))
    }
}

/// Sends a request, and once more if nothing of it was sent or if sending it twice does no harm.
async fn send_whole(pool: &Arc<Pool>, route: &Route, outer: Request<()>, bytes: Bytes) -> Result<Response, Failed> {
    // Only a key tells the role that a write is a repeat: with If-Match, a second PUT would be refused.
    let repeatable = route.is_query() || outer.headers().contains_key(&headers::IDEMPOTENCY_KEY);
    let send = || pool.request(outer.clone().map(|()| UpstreamBody::whole(bytes.clone())));
    match send().await {
        Err(failed) if failed.is_unsent() || repeatable => {
            tracing::debug!(error = %failed, "asking once more");
            sleep(PAUSE).await;
            send().await
        }
        answered => answered,
    }
}

/// What goes along with the request: the caller's identity as the gateway knows it, never as the client says.
fn passed(client: &HeaderMap, identity: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(PASSED.len() + 2);
    for name in &PASSED {
        for value in client.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    if let Some(identity) = identity {
        headers.insert(&headers::IDENTITY, identity);
    }
    headers
}

/// The role's answer as the client gets it.
fn outward(mut response: Response) -> Response {
    for name in &HOP_BY_HOP {
        response.headers_mut().remove(name);
    }
    response
}

fn unavailable(role: Upstream, failed: &Failed) -> Problem {
    let cause = std::error::Error::source(failed).map(ToString::to_string);
    tracing::warn!(role = role.name(), error = %failed, cause, "role does not answer");
    Problem::new(&problems::UNAVAILABLE)
}
