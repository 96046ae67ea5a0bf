//! Text and push messages by a webhook: a signed POST to whoever delivers them. The same message has the same
//! idempotency key at every attempt, so that the other side can drop a second one.
//!
//! `Tillroll-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`; the time lets a replay be refused.

use super::{Outcome, Secret};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use sha2::Sha256;
use std::fmt;
use std::time::Duration;
use tillroll_schemas::NotificationId;
use tillroll_schemas::notification::Channel;

/// The header of the signature.
pub const SIGNATURE: &str = "tillroll-signature";
/// So many bytes of an answer are read, so that the connection can be used again; nothing in them counts.
const READ_AT_MOST: usize = 64 * 1024;
/// The shortest secret: as long as the hash's output.
const SHORTEST_SECRET: usize = 32;

/// Where messages go, and the secret shared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    /// The URL.
    pub url: String,
    /// Signs what is sent; at least 32 bytes.
    pub secret: Secret,
    /// Whether the URL may be `http://`: telephone numbers would go in the clear.
    pub allow_plain: bool,
}

/// A configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It is no URL with a host.
    #[error("the webhook's URL is not one such as https://sms.example/messages")]
    Url,
    /// The URL is plain HTTP, and that is not allowed.
    #[error("the webhook's URL is not https")]
    Plain,
    /// The secret is too short.
    #[error("the webhook's secret is shorter than {SHORTEST_SECRET} bytes")]
    ShortSecret,
    /// The system's certificates cannot be read.
    #[error("the system's certificates cannot be read")]
    Certificates(#[source] std::io::Error),
}

/// One message to one person.
#[derive(Clone)]
pub struct WebhookMessage {
    /// Of which notification.
    pub notification: NotificationId,
    /// Text message or push.
    pub channel: Channel,
    /// The telephone number, or whose devices: the user's id.
    pub to: String,
    /// The title of a push message; empty for a text message.
    pub title: String,
    /// The text.
    pub text: String,
}

impl fmt::Debug for WebhookMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookMessage").field("notification", &self.notification).finish_non_exhaustive()
    }
}

/// What stands in the body.
#[derive(Serialize)]
struct Body<'a> {
    notification_id: NotificationId,
    channel: Channel,
    to: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
    text: &'a str,
}

/// The client. Cheap to clone, keeps its connections.
#[derive(Clone)]
pub struct Webhook {
    connections: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    uri: Uri,
    mac: Hmac<Sha256>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("host", &self.uri.host()).finish_non_exhaustive()
    }
}

impl Webhook {
    /// Checks the configuration; no connection is made.
    pub fn new(config: &WebhookConfig) -> Result<Self, WebhookError> {
        let uri: Uri = config.url.parse().map_err(|_| WebhookError::Url)?;
        match uri.scheme_str() {
            _ if uri.host().is_none() => return Err(WebhookError::Url),
            Some("https") => {}
            Some("http") if config.allow_plain => {}
            Some("http") => return Err(WebhookError::Plain),
            Some(_) | None => return Err(WebhookError::Url),
        }
        let secret = config.secret.reveal().as_bytes();
        if secret.len() < SHORTEST_SECRET {
            return Err(WebhookError::ShortSecret);
        }
        let mac = Hmac::new_from_slice(secret).map_err(|_| WebhookError::ShortSecret)?;
        Ok(Self { connections: Client::builder(TokioExecutor::new()).build(connector()?), uri, mac })
    }

    /// Sends a message once, within this time. `now` is the time of the signature, in seconds of the Unix epoch.
    pub async fn send(&self, message: &WebhookMessage, now: i64, within: Duration) -> Outcome {
        let Some(request) = self.request(message, now) else { return Outcome::Rejected("invalid_message".to_owned()) };
        match tokio::time::timeout(within, self.connections.request(request)).await {
            Ok(Ok(response)) => self.outcome(response).await,
            Ok(Err(error)) if error.is_connect() => Outcome::Later("unreachable".to_owned()),
            Ok(Err(_)) | Err(_) => Outcome::Unknown,
        }
    }

    fn request(&self, message: &WebhookMessage, now: i64) -> Option<Request<Full<Bytes>>> {
        let WebhookMessage { notification, channel, to, title, text } = message;
        let body = Body { notification_id: *notification, channel: *channel, to, title, text };
        let body = serde_json::to_vec(&body).ok()?;
        let request = Request::post(self.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", format!("{notification}.{}", channel.as_str()))
            .header(SIGNATURE, self.signature(now, &body));
        request.body(Full::new(Bytes::from(body))).ok()
    }

    fn signature(&self, now: i64, body: &[u8]) -> String {
        let mac = self.mac.clone().chain_update(format!("{now}.")).chain_update(body);
        let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={now},v1={digits}")
    }

    async fn outcome(&self, response: Response<hyper::body::Incoming>) -> Outcome {
        let (head, body) = response.into_parts();
        // The status is the answer; the rest is read for the connection's sake, and not for long.
        let _ = tokio::time::timeout(Duration::from_secs(1), Limited::new(body, READ_AT_MOST).collect()).await;
        judged(head.status)
    }
}

/// What a status means. Where we are at fault ourselves (401, 403, 404, 405), every message would be refused: those come
/// again when that is mended. So do those for whom there was no time, and those whose first is still under way (409).
fn judged(status: StatusCode) -> Outcome {
    let code = status.as_u16().to_string();
    match status.as_u16() {
        200..=299 => Outcome::Sent,
        401 | 403 | 404 | 405 | 408 | 409 | 425 | 429 => Outcome::Later(code),
        400..=499 => Outcome::Rejected(code),
        _ => Outcome::Later(code),
    }
}

fn connector() -> Result<HttpsConnector<HttpConnector>, WebhookError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(Duration::from_secs(5)));
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
        .map_err(WebhookError::Certificates)?;
    Ok(tls.https_or_http().enable_http1().wrap_connector(tcp))
}

#[cfg(test)]
mod tests;
