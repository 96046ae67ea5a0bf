//! A client of the public API: connections that are kept, and one request at a time that is repeated, under the same
//! key, until it has an answer that counts.

use super::patience::{Next, Patience, next};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::Client as Connections;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than the gateway ever takes: its own limit and the longest wait that can be asked for.
const ANSWER_WITHIN: Duration = Duration::from_secs(50);
/// Where the routes begin.
const PREFIX: &str = "/api/v1";

/// What is asked for. Sent again it is the same request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// GET, POST, PATCH.
    pub method: Method,
    /// Under `/api/v1`.
    pub path: String,
    /// Names a command among all of this caller's.
    pub key: Option<String>,
    /// Seconds to be waited for the result, or for the read model.
    pub wait: Option<u32>,
    /// Consistency tokens of a query.
    pub tokens: Vec<String>,
    /// JSON, if there is a body.
    pub body: Option<Value>,
    /// A body that is no JSON, with its media type.
    pub raw: Option<(&'static str, Bytes)>,
}

impl Ask {
    /// A query.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            key: None,
            wait: None,
            tokens: Vec::new(),
            body: None,
            raw: None,
        }
    }

    /// A command.
    pub fn command(method: Method, path: impl Into<String>, key: String, body: Value) -> Self {
        Self { method, path: path.into(), key: Some(key), wait: None, tokens: Vec::new(), body: Some(body), raw: None }
    }

    /// Waits for that many seconds.
    pub fn wait(mut self, seconds: u32) -> Self {
        self.wait = Some(seconds);
        self
    }

    /// Whether an answer after so long has used up the wait, or nearly.
    fn waits(&self, took: Duration) -> bool {
        self.wait.is_some_and(|seconds| took * 10 >= Duration::from_secs(seconds.into()) * 9)
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its JSON; null if it has none.
    pub body: Value,
}

impl Answer {
    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A member of the body that is text.
    pub fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// Whether it is of an order that was to get on and does not: it is stuck, or was cancelled.
    pub fn stands_still(&self) -> bool {
        self.status == StatusCode::ACCEPTED && matches!(self.text("status"), "stuck" | "cancelled")
    }
}

/// Why there is no answer that counts.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The base URL is not one.
    #[error("{0:?} is not a URL such as http://127.0.0.1:8080")]
    Url(String),
    /// The request could not be written.
    #[error("the request to {path} cannot be written")]
    Request {
        /// Where to.
        path: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing got on for too long.
    #[error("gave up: no request succeeded for {} s; the last answer was: {last}", .waited.as_secs())]
    NoProgress {
        /// How long.
        waited: Duration,
        /// What was the matter.
        last: String,
    },
    /// The token is not good (any more), or not for this.
    #[error(
        "{status} {code}: {detail}; give an access token of the role staff (--token, --token-file, TILLROLL_TOKEN)"
    )]
    NotAllowed {
        /// 401 or 403.
        status: u16,
        /// Its problem.
        code: String,
        /// What the gateway says.
        detail: String,
    },
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    connections: Connections<HttpConnector, Full<Bytes>>,
    base: Arc<str>,
    authorization: HeaderValue,
    patience: Arc<Patience>,
}

impl Client {
    /// A client of the gateway at `url`.
    pub fn new(url: &str, token: &str, patience: Patience) -> Result<Self, ClientError> {
        let base = url.trim_end_matches('/');
        let parsed: Option<Uri> = base.parse().ok();
        if parsed.is_none_or(|uri| uri.scheme_str() != Some("http") || uri.authority().is_none()) {
            return Err(ClientError::Url(url.to_owned()));
        }
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.trim()))
            .map_err(|source| ClientError::Request { path: base.to_owned(), source: source.into() })?;
        authorization.set_sensitive(true);
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        let connections = Connections::builder(TokioExecutor::new()).build(connector);
        Ok(Self { connections, base: base.into(), authorization, patience: Arc::new(patience) })
    }

    /// Asks until there is an answer that counts: it succeeded, or it was refused for good, as is the 202 of an order
    /// that will not get on. A wait that ran out (202) and whatever may pass are asked again.
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, ClientError> {
        for attempt in 0.. {
            let began = Instant::now();
            let (last, next) = match self.once(ask).await? {
                Ok(answer) if answer.stands_still() => return Ok(answer),
                Ok(answer) => {
                    let waited = ask.waits(began.elapsed());
                    let next = next(answer.status, answer.header("retry-after"), attempt, waited);
                    if let Next::Takes = next {
                        self.patience.progressed();
                        return Ok(answer);
                    }
                    not_allowed(&answer)?;
                    if let Next::Refused = next {
                        return Ok(answer);
                    }
                    (format!("{} {}", answer.status, answer.text("detail")), next)
                }
                Err(failed) => (failed, next(StatusCode::BAD_GATEWAY, None, attempt, false)),
            };
            let waited = self.patience.waited();
            if waited > self.patience.limit() {
                return Err(ClientError::NoProgress { waited, last });
            }
            if self.patience.should_say() {
                say(&self.base, waited, self.patience.limit(), &last);
            }
            if let Next::Again(pause) = next {
                tokio::time::sleep(self.patience.jittered(pause, ask.key.as_deref(), attempt)).await;
            }
        }
        Err(ClientError::NoProgress { waited: self.patience.waited(), last: "no answer".to_owned() })
    }

    /// Sends it once. The inner error is a failure that may pass.
    pub async fn once(&self, ask: &Ask) -> Result<Result<Answer, String>, ClientError> {
        let request = self.request(ask)?;
        let exchange = async {
            let response = self.connections.request(request).await.map_err(|error| told(&error))?;
            let (head, body) = response.into_parts();
            let bytes = body.collect().await.map_err(|error| told(&error))?.to_bytes();
            let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        Ok(tokio::time::timeout(ANSWER_WITHIN, exchange)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs()))))
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>, ClientError> {
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| ClientError::Request { path: ask.path.clone(), source };
        let mut request = Request::builder()
            .method(&ask.method)
            .uri(format!("{}{PREFIX}{}", self.base, ask.path))
            .header(header::AUTHORIZATION, &self.authorization);
        if let Some(key) = &ask.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(seconds) = ask.wait {
            request = request.header("prefer", format!("wait={seconds}"));
        }
        if !ask.tokens.is_empty() {
            request = request.header("consistency-token", ask.tokens.join(", "));
        }
        let body = match (&ask.body, &ask.raw) {
            (Some(body), _) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Bytes::from(serde_json::to_vec(body).map_err(|source| failed(source.into()))?)
            }
            (None, Some((media_type, bytes))) => {
                request = request.header(header::CONTENT_TYPE, *media_type);
                bytes.clone()
            }
            (None, None) => Bytes::new(),
        };
        request.body(Full::new(body)).map_err(|source| failed(source.into()))
    }
}

/// What cannot be said is no reason to stop.
fn say(base: &str, waited: Duration, limit: Duration, last: &str) {
    let (waited, limit) = (waited.as_secs(), limit.as_secs());
    let line =
        format!("no request to {base} has succeeded for {waited} s of at most {limit} s: {last}; it is asked again");
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn not_allowed(answer: &Answer) -> Result<(), ClientError> {
    if !matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Ok(());
    }
    Err(ClientError::NotAllowed {
        status: answer.status.as_u16(),
        code: answer.text("code").to_owned(),
        detail: answer.text("detail").to_owned(),
    })
}

/// An error with its causes in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
pub mod tests;
