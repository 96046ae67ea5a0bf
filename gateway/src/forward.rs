//! Passing a request on to an instance of the role that answers it, over connections that are kept.
//! Of the client's headers only those in `PASSED` go along: what a client says about itself stays outside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};
use axum::response::Response;
use tillroll_http::peer::{Failed, PeerBody, drop_hop_by_hop};
use tillroll_http::{Problem, headers, problems};
use tokio::time::{sleep, timeout};

use crate::client_address::ClientAddress;
use crate::config::{GatewayError, GatewayLimits};
use crate::instances::{Instances, Urls};
use crate::routes::{Route, Upstream};
use crate::taken::{Taken, too_large};

/// How long to wait before a repeat, in which a role that restarts may come back.
const PAUSE: Duration = Duration::from_millis(50);

/// Headers of the client's that roles get to see.
static PASSED: [HeaderName; 13] = [
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
    HeaderName::from_static("stripe-signature"),
];

/// The connections to all roles.
#[derive(Clone)]
pub(crate) struct Forwarder {
    roles: Arc<BTreeMap<Upstream, Instances>>,
    limits: GatewayLimits,
}

impl Forwarder {
    pub(crate) fn new(mut urls: BTreeMap<Upstream, Urls>, limits: GatewayLimits) -> Result<Self, GatewayError> {
        let mut roles = BTreeMap::new();
        for role in Upstream::ALL {
            let urls = urls.remove(&role).ok_or(GatewayError::Missing(role.name()))?;
            roles.insert(role, Instances::new(urls, limits.pool));
        }
        Ok(Self { roles: Arc::new(roles), limits })
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
        let from = head.extensions.get().and_then(|ClientAddress(at)| HeaderValue::try_from(at.to_string()).ok());
        let body = Taken::take(&head.headers, body, route.body).await?;
        let mut outer = Request::new(());
        *outer.method_mut() = head.method;
        *outer.uri_mut() = head.uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
        *outer.headers_mut() = passed(&head.headers, identity, from);
        let instances = self.instances(role)?;
        let answered = match body {
            Taken::Whole(bytes) => send_whole(role, instances, route, outer, bytes).await?,
            Taken::Streamed(body) => {
                let instance = instances.next(&[]).ok_or_else(|| nobody(role))?;
                let (body, exceeded) = PeerBody::counted(body, route.body);
                let answered = instance.request(outer.map(|()| body)).await;
                if exceeded.load(Ordering::Acquire) {
                    return Err(too_large(route.body));
                }
                answered
            }
        };
        answered.map(outward).map_err(|failed| unavailable(role, &failed))
    }

    /// Asks every instance of a role whether it is ready: its status, or nothing if it does not answer in time.
    pub(crate) async fn readiness(&self, role: Upstream) -> Vec<Option<u16>> {
        let Some(instances) = self.roles.get(&role) else { return Vec::new() };
        let within = self.limits.health;
        let asking = instances.all().into_iter().map(|instance| {
            tillroll_telemetry::spawn("health", async move {
                let mut request = Request::new(PeerBody::Whole(None));
                *request.uri_mut() = Uri::from_static("/health/ready");
                let answered = timeout(within, instance.request(request)).await.ok()?;
                answered.ok().map(|response| response.status().as_u16())
            })
        });
        let mut said = Vec::new();
        for asked in asking.collect::<Vec<_>>() {
            said.push(asked.await.ok().flatten());
        }
        said
    }

    fn instances(&self, role: Upstream) -> Result<&Instances, Problem> {
        self.roles.get(&role).ok_or_else(|| Problem::new(&problems::INTERNAL))
    }
}

/// Sends a request. Where nothing of it was sent another instance is asked; where it is not known whether it was, it is
/// sent once more, if sending it twice does no harm.
async fn send_whole(
    role: Upstream,
    instances: &Instances,
    route: &Route,
    outer: Request<()>,
    bytes: Bytes,
) -> Result<Result<Response, Failed>, Problem> {
    // Only a key tells the role that a write is a repeat: with If-Match, a second PUT would be refused.
    let repeatable = route.is_query() || outer.headers().contains_key(&headers::IDEMPOTENCY_KEY);
    let (mut tried, mut repeated) = (Vec::new(), false);
    loop {
        let instance = instances.next(&tried).ok_or_else(|| nobody(role))?;
        let request = outer.clone().map(|()| PeerBody::whole(bytes.clone()));
        // Whether one that is gone has carried it out only a key can tell: without one, its answer is waited for.
        let answered =
            if repeatable { instances.ask(&instance, request).await } else { instance.request(request).await };
        let failed = match answered {
            Err(failed) if failed.is_unsent() || repeatable => failed,
            answered => return Ok(answered),
        };
        let again = tried.iter().any(|other| Arc::ptr_eq(other, &instance));
        if again || (repeated && !failed.is_unsent()) {
            return Ok(Err(failed));
        }
        tracing::debug!(error = %failed, "asking once more");
        repeated |= !failed.is_unsent();
        tried.push(instance);
        sleep(PAUSE).await;
    }
}

fn nobody(role: Upstream) -> Problem {
    tracing::warn!(role = role.name(), "no instance of the role is there");
    Problem::new(&problems::UNAVAILABLE)
}

/// What goes along with the request: the caller's identity and address as the gateway knows them, never as the client
/// says.
fn passed(client: &HeaderMap, identity: Option<HeaderValue>, from: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(PASSED.len() + 2);
    for name in &PASSED {
        for value in client.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    if let Some(identity) = identity {
        headers.insert(&headers::IDENTITY, identity);
    }
    if let Some(from) = from {
        headers.insert(&headers::CLIENT_ADDRESS, from);
    }
    headers
}

/// The role's answer as the client gets it.
fn outward(mut response: Response) -> Response {
    drop_hop_by_hop(response.headers_mut());
    response
}

fn unavailable(role: Upstream, failed: &Failed) -> Problem {
    let cause = std::error::Error::source(failed).map(ToString::to_string);
    tracing::warn!(role = role.name(), error = %failed, cause, "role does not answer");
    Problem::new(&problems::UNAVAILABLE)
}
