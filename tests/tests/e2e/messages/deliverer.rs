//! Whoever delivers text and push messages: an HTTP server of the test, which takes only what is signed as it should be.

use super::WITHIN;
use bytes::Bytes;
use e2e::{Failure, Outcome, until};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::Sha256;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

const SMS_SECRET: &str = "what the shop and the text messages' deliverer share";
const PUSH_SECRET: &str = "what the shop and the push messages' deliverer share";
/// So many seconds a signature may be off.
const TOLERANCE: u64 = 300;

/// The server.
pub struct Deliverer {
    address: SocketAddr,
    listener: TcpListener,
    desk: Arc<Desk>,
}

/// A message that came, properly signed, and what the answer was.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub channel: &'static str,
    pub key: String,
    pub body: Value,
    pub answered: StatusCode,
}

struct Desk {
    fails_first: bool,
    came: Mutex<Vec<Delivery>>,
}

impl Deliverer {
    /// One that takes everything, once it is opened.
    pub fn closed() -> Outcome<Self> {
        Self::bound(false)
    }

    /// One that answers 500 to the first attempt at each message.
    pub fn failing_first() -> Outcome<Self> {
        Self::bound(true)
    }

    fn bound(fails_first: bool) -> Outcome<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let desk = Arc::new(Desk { fails_first, came: Mutex::default() });
        Ok(Self { address: listener.local_addr()?, listener, desk })
    }

    /// As settings.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TILLROLL_SMS_URL", format!("http://{}/sms", self.address)),
            ("TILLROLL_SMS_SECRET", SMS_SECRET.to_owned()),
            ("TILLROLL_PUSH_URL", format!("http://{}/push", self.address)),
            ("TILLROLL_PUSH_SECRET", PUSH_SECRET.to_owned()),
        ]
    }

    /// Takes messages until the end of the test.
    pub fn open(&self) -> Outcome {
        let (listener, desk) = (tokio::net::TcpListener::from_std(self.listener.try_clone()?)?, self.desk.clone());
        let serving = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let desk = desk.clone();
                let service = service_fn(move |request| answered(desk.clone(), request));
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                drop(tillroll_telemetry::spawn("a deliverer's connection", async { drop(connection.await) }));
            }
        };
        drop(tillroll_telemetry::spawn("deliverer", serving));
        Ok(())
    }

    /// What came over this channel of this notification, in order.
    pub fn came(&self, channel: &str, notification: &str) -> Vec<Delivery> {
        let came = self.desk.came.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = |one: &&Delivery| one.channel == channel && one.body["notification_id"] == notification;
        came.iter().filter(of_it).cloned().collect()
    }

    /// The first message over this channel to this recipient, as soon as it is there.
    pub async fn to(&self, channel: &str, to: &str) -> Outcome<Delivery> {
        until("the message comes", WITHIN, || async {
            let came = self.desk.came.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(came.iter().find(|one| one.channel == channel && one.body["to"] == to).cloned())
        })
        .await
    }
}

/// 401 to what is not signed as it should be: it comes again and again, and counts as nothing that came.
async fn answered(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Failure> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (channel, secret) = match head.uri.path() {
        "/sms" => ("sms", SMS_SECRET),
        "/push" => ("push", PUSH_SECRET),
        _ => return status(StatusCode::NOT_FOUND),
    };
    if !is_signed(&head.headers, &body, secret) {
        return status(StatusCode::UNAUTHORIZED);
    }
    let key = header(&head.headers, "idempotency-key").to_owned();
    let body = serde_json::from_slice(&body)?;
    let mut came = desk.came.lock().unwrap_or_else(PoisonError::into_inner);
    let fails = desk.fails_first && came.iter().all(|one| one.key != key);
    let answered = if fails { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT };
    came.push(Delivery { channel, key, body, answered });
    status(answered)
}

/// Whether it is signed as the contract says, by who has the secret, a moment ago.
fn is_signed(headers: &HeaderMap, body: &[u8], secret: &str) -> bool {
    let parts = header(headers, "tillroll-signature").split_once(',');
    let Some((Some(time), Some(said))) = parts.map(|(t, v1)| (t.strip_prefix("t="), v1.strip_prefix("v1="))) else {
        return false;
    };
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    let made = mac.chain_update(time).chain_update(".").chain_update(body).finalize().into_bytes();
    let made: String = made.iter().map(|byte| format!("{byte:02x}")).collect();
    let off = time.parse().map(|time: u64| tillroll_http::unix_now().abs_diff(time));
    made == said && off.is_ok_and(|off| off <= TOLERANCE)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn status(status: StatusCode) -> Result<Response<Empty<Bytes>>, Failure> {
    Ok(Response::builder().status(status).body(Empty::new())?)
}
