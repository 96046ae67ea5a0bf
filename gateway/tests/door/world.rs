//! A gateway on a real socket, a role behind it that says what it was asked, and a client that writes bytes.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use tempfile::TempDir;
use tillroll_gateway::routes::{Key, PREFIX, ROUTES, Route, Target, Upstream};
use tillroll_gateway::{Gateway, GatewayConfig, GatewayLimits, Revocations, TrustedProxies};
use tillroll_http::peer::PoolLimits;
use tillroll_http::{Keys, Limits, Role, serve};
use tillroll_telemetry::{Shutdown, spawn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Who calls, unless a test says more. A user, so that there is something of his own.
pub const SOMEONE: &str = "0190d4c8-0000-7000-8000-00000000000a";

const ROLES: usize = Upstream::ALL.len();

pub struct World {
    pub keys: Keys,
    pub address: SocketAddr,
    _keys_dir: TempDir,
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code of the problem that this is.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        self.json()["code"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(held, _)| *held == name).map(|(_, value)| value))
    }
}

/// A role that answers every request with what it was asked.
pub async fn echo() -> SocketAddr {
    async fn answer(request: Request) -> impl IntoResponse {
        let (head, body) = request.into_parts();
        let headers: BTreeMap<_, _> =
            head.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        axum::Json(json!({
            "method": head.method.as_str(), "target": head.uri.to_string(), "headers": headers,
            "length": body.len(), "body": String::from_utf8_lossy(&body[..body.len().min(1000)]),
        }))
    }
    listen(Router::new().fallback(answer)).await
}

pub async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn("a role", serve(listener, router, Limits::internal(), Shutdown::new()));
    address
}

/// An address where nobody listens, and nobody will: one that was free a moment ago another test may get.
pub fn nobody() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 1))
}

/// Limits that a test can wait for, and that who answers at once keeps on a busy machine.
pub fn short() -> GatewayLimits {
    let time = Duration::from_secs(1);
    let pool = PoolLimits { connect: time, ..PoolLimits::default() };
    GatewayLimits { query: time, command: time, health: time, pool }
}

impl World {
    /// A gateway in front of a role that echoes.
    pub async fn new() -> Self {
        Self::before(echo().await, GatewayLimits::default()).await
    }

    /// A gateway in front of this address for every role.
    pub async fn before(role: SocketAddr, limits: GatewayLimits) -> Self {
        Self::with(Upstream::ALL.map(|upstream| (upstream, role)), limits).await
    }

    /// A gateway in front of these addresses.
    pub async fn with(roles: [(Upstream, SocketAddr); ROLES], limits: GatewayLimits) -> Self {
        Self::behind(roles.map(|(role, address)| (role, vec![address])), limits).await
    }

    /// A gateway in front of these instances of each role.
    pub async fn behind(roles: [(Upstream, Vec<SocketAddr>); ROLES], limits: GatewayLimits) -> Self {
        Self::between(TrustedProxies::default(), roles, limits).await
    }

    /// A gateway behind these proxies, in front of a role that echoes.
    pub async fn behind_proxies(proxies: TrustedProxies) -> Self {
        let role = echo().await;
        Self::between(proxies, Upstream::ALL.map(|upstream| (upstream, vec![role])), GatewayLimits::default()).await
    }

    async fn between(
        proxies: TrustedProxies,
        roles: [(Upstream, Vec<SocketAddr>); ROLES],
        limits: GatewayLimits,
    ) -> Self {
        let urls = |addresses: Vec<SocketAddr>| addresses.iter().map(|address| format!("http://{address}")).collect();
        let upstreams = roles.map(|(role, addresses)| (role, watch::channel(urls(addresses)).1)).into();
        let keys_dir = tempfile::tempdir().unwrap();
        let keys = Keys::open_or_create(keys_dir.path()).unwrap();
        let router = Gateway::router(GatewayConfig {
            upstreams,
            keys: keys.clone(),
            revocations: Revocations::without_log(),
            proxies,
            limits,
        })
        .unwrap();
        let limits = Limits { request: Duration::from_secs(60), ..Limits::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        spawn("gateway", serve(listener, router, limits, Shutdown::new()));
        Self { keys, address, _keys_dir: keys_dir }
    }

    pub fn token(&self, role: Role) -> String {
        self.keys.mint(SOMEONE, role, Duration::from_secs(60)).unwrap()
    }

    /// Sends bytes and takes one answer, until the gateway closes.
    pub async fn send(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let text = self.send_for_all(bytes).await;
        let end = text.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let head = String::from_utf8(text[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: Bytes::copy_from_slice(&text[end + 4..]) }
    }

    /// Everything that is answered to these bytes until the gateway closes.
    pub async fn send_for_all(&self, bytes: impl AsRef<[u8]>) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The gateway may close while a body that is too large is still being sent.
        let _ = stream.write_all(bytes.as_ref()).await;
        let mut text = Vec::new();
        let reading = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut text)).await;
        let _ = reading.expect("the gateway closes the connection");
        text
    }

    /// One request with headers and a body.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
        }
        self.send(format!("{text}\r\n{body}")).await
    }

    /// A token of somebody who may call this path by this method, whatever they are.
    pub fn token_for(&self, method: &str, path: &str) -> String {
        let role = Role::ALL.into_iter().find(|role| reaches(*role, method, path));
        self.token(role.unwrap_or(Role::Staff))
    }

    /// One request of whoever may call this path so, with an idempotency key.
    pub async fn staff(&self, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token_for(method, path));
        self.call(method, path, &[("authorization", &bearer), ("idempotency-key", "k-1")], body).await
    }

    /// The route called as the table asks for it, by a caller with this header.
    pub async fn walk(&self, route: &Route, authorization: Option<&str>) -> Answer {
        let mut headers = Vec::new();
        headers.extend(authorization.map(|value| ("authorization", value)));
        if route.key == Key::Required {
            headers.push(("idempotency-key", "k-1"));
        }
        let body = if route.body > 0 { "{}" } else { "" };
        self.call(route.method.as_str(), &concrete(route), &headers, body).await
    }
}

/// A path that the route answers.
pub fn concrete(route: &Route) -> String {
    let id = "0190d4c8-0000-7000-8000-000000000000";
    let prefix = if matches!(route.target, Target::Jwks | Target::Problems) { "" } else { PREFIX };
    format!("{prefix}{}", route.path.replace("{sku}", "SKU-1").replace("{id}", id).replace("{code}", "not_found"))
}

/// Whether the role may call some route with this method and path.
fn reaches(role: Role, method: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches(PREFIX);
    let is_asked = |route: &&Route| {
        let same = |(pattern, asked): (&str, &str)| pattern.starts_with('{') || pattern == asked;
        route.path.split('/').count() == path.split('/').count() && route.path.split('/').zip(path.split('/')).all(same)
    };
    ROUTES.iter().filter(|route| route.method == method).filter(is_asked).any(|route| opens(role, route))
}

/// Whether the role's scopes open the route.
pub fn opens(role: Role, route: &Route) -> bool {
    let needed = route.access.scopes();
    needed.is_empty() || needed.iter().any(|scope| role.scopes().contains(scope))
}
