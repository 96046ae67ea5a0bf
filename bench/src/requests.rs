//! What the load asks of the shop.

use crate::Failure;
use crate::http::Target;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tillroll_http::{Keys, Role};
use uuid::Uuid;

/// The body of the command path.
pub const RECEIVED: &[u8] = br#"{"delta":1,"reason":"received"}"#;
/// Enough that nothing sells out.
const INITIAL_STOCK: u64 = 100_000_000;
/// How long an internal identity is used before another is made.
const IDENTITY_AGE: u64 = 20;
/// Lines of an order.
const LINES: usize = 3;

/// Gives a request's header that says who calls.
pub type Caller = Arc<dyn Fn() -> (&'static str, String) + Send + Sync>;

/// A member of the staff with an access token, at the public door.
pub fn by_token(keys: &Keys) -> Result<Caller, Failure> {
    bearer(keys, "bench", Role::Staff)
}

/// A customer at the public door, who may pay by card.
pub fn as_customer(keys: &Keys) -> Result<Caller, Failure> {
    bearer(keys, &Uuid::from_u128(1).to_string(), Role::Customer)
}

fn bearer(keys: &Keys, subject: &str, role: Role) -> Result<Caller, Failure> {
    let bearer = format!("Bearer {}", keys.mint(subject, role, Duration::from_secs(36_000))?);
    Ok(Arc::new(move || ("authorization", bearer.clone())))
}

/// A caller whom the gateway has let in, at a role's own listener.
pub fn by_identity(keys: &Keys) -> Caller {
    let (identity, staff) = (keys.identity.clone(), Role::Staff.held_by("bench"));
    let sealed = Mutex::new((String::new(), 0));
    Arc::new(move || {
        let mut sealed = sealed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = tillroll_http::unix_now();
        if now >= sealed.1 + IDENTITY_AGE {
            let header = identity.seal(&staff, now);
            let text = header.as_ref().and_then(|header| header.to_str().ok()).unwrap_or_default();
            *sealed = (text.to_owned(), now);
        }
        ("tillroll-identity", sealed.0.clone())
    })
}

/// Receives a piece of one SKU after the other.
pub fn receive(address: SocketAddr, caller: Caller, skus: &Arc<[String]>) -> Target {
    let (skus, run) = (skus.clone(), tillroll_http::unix_now());
    let make = move |number: u64| {
        let (name, value) = caller();
        let request = Request::patch(format!("/api/v1/products/{}/inventory", of(&skus, number)))
            .header("host", "bench")
            .header(name, value)
            .header("content-type", "application/json")
            .header("idempotency-key", format!("{run}-{number}"));
        Ok(request.body(Full::new(Bytes::from_static(RECEIVED)))?)
    };
    Target { address, make: Arc::new(make), good: StatusCode::OK }
}

/// Reads one product after the other.
pub fn read(address: SocketAddr, caller: Caller, skus: &Arc<[String]>) -> Target {
    let skus = skus.clone();
    let make = move |number: u64| {
        let (name, value) = caller();
        let request = Request::get(format!("/api/v1/products/{}", of(&skus, number)));
        Ok(request.header("host", "bench").header(name, value).body(Full::new(Bytes::new()))?)
    };
    Target { address, make: Arc::new(make), good: StatusCode::OK }
}

/// Adds one product after the other, with stock.
pub fn add(address: SocketAddr, caller: Caller, skus: &Arc<[String]>) -> Target {
    let skus = skus.clone();
    let make = move |number: u64| {
        let sku = of(&skus, number);
        let price = json!({"amount": 100, "currency": "GBP"});
        let product = json!({"sku": sku, "name": sku, "price": price, "initial_stock": INITIAL_STOCK});
        post("/api/v1/products", &caller, number, product.to_string(), None)
    };
    Target { address, make: Arc::new(make), good: StatusCode::CREATED }
}

/// How an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// By invoice: nobody is asked for money.
    OnAccount,
    /// By a card of the sandbox, which always pays: held, then taken.
    ByCard,
}

impl Paid {
    fn json(self) -> serde_json::Value {
        match self {
            Self::OnAccount => json!({"method": "on_account"}),
            Self::ByCard => json!({"method": "card", "token": "pm_card_visa"}),
        }
    }
}

/// Orders three lines, and waits until the order is confirmed and what was to be paid is.
pub fn order(address: SocketAddr, caller: Caller, skus: &Arc<[String]>, paid: Paid) -> Target {
    let skus = skus.clone();
    let make = move |number: u64| {
        let first = usize::try_from(number)? * LINES;
        let lines: Vec<_> =
            (first..first + LINES).map(|nth| json!({"sku": skus[nth % skus.len().max(1)], "quantity": 1})).collect();
        let order = json!({"lines": lines, "payment": paid.json()});
        post("/api/v1/orders", &caller, number, order.to_string(), Some("wait=10"))
    };
    Target { address, make: Arc::new(make), good: StatusCode::CREATED }
}

/// Reads what a command has answered with `Location`, as new as its consistency token says.
pub fn read_back(path: &str, token: &str, caller: &Caller) -> Result<Request<Full<Bytes>>, Failure> {
    let (name, value) = caller();
    let request = Request::get(path).header("host", "bench").header(name, value).header("consistency-token", token);
    Ok(request.header("prefer", "wait=10").body(Full::new(Bytes::new()))?)
}

fn post(
    path: &str,
    caller: &Caller,
    number: u64,
    body: String,
    prefer: Option<&str>,
) -> Result<Request<Full<Bytes>>, Failure> {
    let (name, value) = caller();
    let mut request = Request::post(path)
        .header("host", "bench")
        .header(name, value)
        .header("content-type", "application/json")
        .header("idempotency-key", format!("bench-{number}"));
    if let Some(prefer) = prefer {
        request = request.header("prefer", prefer);
    }
    Ok(request.body(Full::new(Bytes::from(body)))?)
}

fn of(skus: &[String], number: u64) -> &str {
    let index = usize::try_from(number).unwrap_or_default() % skus.len().max(1);
    skus.get(index).map_or("", String::as_str)
}
