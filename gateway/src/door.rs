//! The way of a request: route, credentials, idempotency key, body limit, and then the role that answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use tillroll_http::{Access, Keys, PeerAddress, Problem, headers, problems, refuse_parameters, unix_now};

use crate::client_address::{ClientAddress, TrustedProxies};
use crate::config::{GatewayConfig, GatewayError};
use crate::credentials;
use crate::forward::Forwarder;
use crate::health::Health;
use crate::jwks;
use crate::meaning;
use crate::openapi;
use crate::overview;
use crate::revocation::Revocations;
use crate::routes::{Key, PREFIX, Parameters, ROUTES, Route, Target};

/// The public door.
pub struct Gateway {
    keys: Keys,
    revocations: Revocations,
    proxies: TrustedProxies,
    forwarder: Forwarder,
    health: Health,
}

impl Gateway {
    /// The router of the whole door. Serve it with `tillroll_http::serve`, whose time limit must exceed the gateway's.
    pub fn router(config: GatewayConfig) -> Result<Router, GatewayError> {
        let forwarder = Forwarder::new(config.upstreams, config.limits)?;
        let health = Health::new(forwarder.clone());
        let GatewayConfig { keys, revocations, proxies, .. } = config;
        let gateway = Arc::new(Self { keys, revocations, proxies, forwarder, health });
        let mut paths: BTreeMap<String, MethodRouter> = BTreeMap::new();
        for route in ROUTES {
            for path in paths_of(route) {
                let methods = paths.remove(&path).unwrap_or_default();
                paths.insert(path, methods.merge(gateway.clone().method(route)));
            }
        }
        let router = paths.into_iter().fold(Router::new(), |router, (path, methods)| {
            let allowed = allow(&path);
            router.route(
                &path,
                methods.options(move || async move { (StatusCode::NO_CONTENT, [(header::ALLOW, allowed)]) }),
            )
        });
        Ok(router.fallback(no_such_route))
    }

    fn method(self: Arc<Self>, route: &'static Route) -> MethodRouter {
        on(filter(&route.method), move |mut request: Request| {
            let gateway = self.clone();
            // Before any header is dropped that a client has nominated.
            if let Some(PeerAddress(peer)) = request.extensions().get() {
                let client = ClientAddress(gateway.proxies.client(*peer, request.headers()));
                request.extensions_mut().insert(client);
            }
            async move { gateway.answer(route, request).await.unwrap_or_else(IntoResponse::into_response) }
        })
    }

    async fn answer(&self, route: &'static Route, mut request: Request) -> Result<Response, Problem> {
        let access = match route.target {
            Target::Role(_) | Target::Overview(_) => self.admit(route, request.headers_mut()).await?,
            Target::Health | Target::OpenApi | Target::Jwks | Target::Problems => None,
        };
        if route.parameters == Parameters::None {
            refuse_parameters(request.uri())?;
        }
        match route.target {
            Target::Health => Ok(self.health.answer().await),
            Target::OpenApi => Ok(openapi::answer()),
            Target::Jwks => Ok(jwks::answer(&self.keys.access)),
            Target::Problems => meaning::answer(request.uri().path()),
            Target::Role(role) => {
                let seal = |access: Arc<Access>| access.sealed(&self.keys.identity, unix_now());
                let identity = access.map(|access| seal(access).ok_or(&problems::INTERNAL)).transpose()?;
                self.forwarder.forward(route, role, request, identity).await
            }
            Target::Overview(whose) => {
                let access = access.ok_or(&problems::UNAUTHENTICATED)?;
                let (head, _) = request.into_parts();
                overview::answer(&self.forwarder, &self.keys.identity, whose, &access, &head).await
            }
        }
    }

    /// What the caller may do, if that is enough for the route.
    async fn admit(&self, route: &Route, headers: &mut HeaderMap) -> Result<Option<Arc<Access>>, Problem> {
        drop_nominated(headers);
        let (keys, revocations) = (&self.keys.access, &self.revocations);
        let access = credentials::admit(headers, route.access, keys, revocations, unix_now()).await?;
        let keyed = headers::idempotency_key(headers)?.is_some();
        if route.key == Key::Required && !keyed {
            return Err(Problem::new(&problems::MISSING_IDEMPOTENCY_KEY));
        }
        Ok(access)
    }
}

/// A path that the table does not have.
async fn no_such_route() -> Problem {
    Problem::new(&problems::NOT_FOUND).detail("there is no such route; /openapi.json lists them")
}

/// Drops the headers that `Connection` says concern this connection only (RFC 9110, 7.6.1): nothing may rest on them.
fn drop_nominated(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CONNECTION) {
        return;
    }
    let lines: Vec<_> = headers.get_all(header::CONNECTION).iter().cloned().collect();
    for line in lines.iter().filter_map(|line| line.to_str().ok()) {
        for named in line.split(',') {
            headers.remove(named.trim());
        }
    }
}

/// The paths that a route has: what the gateway answers itself is at the root too.
fn paths_of(route: &Route) -> Vec<String> {
    let path = format!("{PREFIX}{}", route.path);
    match route.target {
        Target::Role(_) | Target::Overview(_) => vec![path],
        Target::Health | Target::OpenApi => vec![path, route.path.to_owned()],
        Target::Jwks | Target::Problems => vec![route.path.to_owned()],
    }
}

/// The methods that the table has for a path, as `Allow` lists them.
fn allow(path: &str) -> HeaderValue {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    let mut methods = vec!["OPTIONS"];
    for route in ROUTES.iter().filter(|route| route.path == path) {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    HeaderValue::try_from(methods.join(",")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}

fn filter(method: &Method) -> MethodFilter {
    // The table has standard methods only; a test walks all of it.
    MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::TRACE)
}
