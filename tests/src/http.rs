//! A client of the public door that repeats nothing by itself.

use crate::Outcome;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const WITHIN: Duration = Duration::from_secs(60);
/// Shorter than the door's own patience: of a connection that it closes meanwhile a request would find only the reset.
const IDLE: Duration = Duration::from_secs(10);

/// A client with (or without) a token.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    base: Arc<str>,
    /// Of every path.
    prefix: &'static str,
    token: Option<Arc<str>>,
}

impl Http {
    /// A client of the gateway at `base` (`http://host:port`).
    pub fn new(base: &str, token: Option<&str>) -> Self {
        Self { client: client(None), base: base.into(), prefix: "/api/v1", token: token.map(Arc::from) }
    }

    /// The same client, as if it sat at another address of this machine: who guesses is counted by his.
    pub fn sitting_at(&self, address: IpAddr) -> Self {
        Self { client: client(Some(address)), ..self.clone() }
    }

    /// A client of an internal listener, whose paths begin at its root.
    pub fn at_root(base: &str) -> Self {
        Self { prefix: "", ..Self::new(base, None) }
    }

    /// The same client with another token, or none.
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(Arc::from), ..self.clone() }
    }

    /// A query under `/api/v1`.
    pub fn get(&self, path: impl AsRef<str>) -> Ask {
        self.ask(Method::GET, path)
    }

    /// A command under `/api/v1`.
    pub fn post(&self, path: impl AsRef<str>) -> Ask {
        self.ask(Method::POST, path)
    }

    /// A command under `/api/v1`.
    pub fn put(&self, path: impl AsRef<str>) -> Ask {
        self.ask(Method::PUT, path)
    }

    /// A command under `/api/v1`.
    pub fn patch(&self, path: impl AsRef<str>) -> Ask {
        self.ask(Method::PATCH, path)
    }

    /// A request under `/api/v1`.
    pub fn ask(&self, method: Method, path: impl AsRef<str>) -> Ask {
        let ask = Ask {
            http: self.clone(),
            method,
            uri: format!("{}{}{}", self.base, self.prefix, path.as_ref()),
            headers: Vec::new(),
            body: Bytes::new(),
        };
        match &self.token {
            Some(token) => ask.header(AUTHORIZATION.as_str(), format!("Bearer {token}")),
            None => ask,
        }
    }
}

fn client(address: Option<IpAddr>) -> Client<HttpConnector, Full<Bytes>> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_local_address(address);
    Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector)
}

/// A request to be sent.
#[derive(Clone)]
pub struct Ask {
    http: Http,
    method: Method,
    uri: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Ask {
    /// The path that it goes to, without its query.
    pub fn path(&self) -> String {
        let path = self.uri.strip_prefix(&*self.http.base).unwrap_or(&self.uri);
        path.split('?').next().unwrap_or_default().to_owned()
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With an idempotency key.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.header("idempotency-key", key)
    }

    /// Waits for the result, or for the read model.
    pub fn wait(self, seconds: u32) -> Self {
        self.header("prefer", format!("wait={seconds}"))
    }

    /// Reads at least what this token says.
    pub fn token(self, token: impl Into<String>) -> Self {
        self.header("consistency-token", token)
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.header(CONTENT_TYPE.as_str(), "application/json").bytes(body.to_string())
    }

    /// With this body, and no word on what it is.
    pub fn bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the head of it alone, which announces a body of that many bytes: a server that refuses for the length
    /// need not wait for the body, and a client that sends it might miss the answer.
    pub async fn announce(self, bytes: usize) -> Outcome<Answer> {
        let address = self.http.base.strip_prefix("http://").ok_or("not http")?;
        let path = self.uri.strip_prefix(&*self.http.base).ok_or("not a path")?;
        let mut head = format!("{} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {bytes}\r\n", self.method);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        tokio::time::timeout(WITHIN, stream.read_to_end(&mut answer)).await??;
        parse(&String::from_utf8(answer)?)
    }

    /// Sends it.
    pub async fn send(self) -> Outcome<Answer> {
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri.parse()?;
        for (name, value) in &self.headers {
            request.headers_mut().append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        let exchange = async {
            let (head, body) = self.http.client.request(request).await?.into_parts();
            let bytes = body.collect().await?.to_bytes();
            Ok::<_, crate::Failure>(Answer { status: head.status.as_u16(), headers: head.headers, bytes })
        };
        tokio::time::timeout(WITHIN, exchange).await.map_err(|_| format!("no answer in time: {}", self.uri))?
    }
}

/// An answer of a connection that was closed after it.
fn parse(text: &str) -> Outcome<Answer> {
    let (head, body) = text.split_once("\r\n\r\n").ok_or("no end of the head")?;
    let (status, lines) = head.split_once("\r\n").ok_or("no headers")?;
    let status = status.split(' ').nth(1).ok_or("no status")?.parse()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.split("\r\n").filter_map(|line| line.split_once(':')) {
        headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value.trim())?);
    }
    Ok(Answer { status, headers, bytes: body.to_owned().into() })
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub bytes: Bytes,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// A header as text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The consistency token.
    pub fn token(&self) -> String {
        self.header("consistency-token").to_owned()
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// This answer, if it has that status.
    pub fn expect_status(self, status: u16) -> Outcome<Self> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.bytes);
        Err(format!("status {} instead of {status}: {body}", self.status).into())
    }
}
