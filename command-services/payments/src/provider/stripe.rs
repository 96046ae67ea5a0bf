//! Stripe's PaymentIntents, with manual capture, over HTTP/1.1: forms out, JSON in. The sandbox speaks the same.
//!
//! The API version is pinned: what an answer means is read as of that version. The secret key is in one header, marked
//! as sensitive, and nowhere else.

mod amounts;
mod wire;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;
use tillroll_schemas::Money;
use tillroll_schemas::payment::IntentId;
use tokio::sync::watch;

use super::{Answer, Doubt, IdempotencyKey, Intent, NewIntent, NewRefund, Page, Provider, RefundSeen};
use wire::{WireError, WireList};
pub(crate) use wire::{WireIntent, WireRefund};

/// The version of Stripe's API that this adapter reads and writes.
pub const API_VERSION: &str = "2024-06-20";
/// Where Stripe is.
pub const API_URL: &str = "https://api.stripe.com";
/// One call, from connecting to the last byte; shorter than the first wait of a payment.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Connections that were not used for so long are closed: the server may have done so, too.
const KEEP_IDLE: Duration = Duration::from_secs(30);
/// The code under which an amount is refused that Stripe has no number for: nothing was asked.
const INEXPRESSIBLE: &str = "amount_not_expressible";
/// No answer of use is larger.
const LARGEST_ANSWER: usize = 1 << 20;

/// Why there is no adapter.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// The base URL is not one.
    #[error("{0:?} is not a URL such as {API_URL}")]
    Url(String),
    /// It would be shown wherever the URL is.
    #[error("the payment provider's URL has a user or a password in it")]
    Credentials,
    /// A secret key does not go over a plain connection to another machine.
    #[error("{0:?} is neither https nor on this machine: the secret key would be readable on the way")]
    Plain(String),
    /// The secret key is empty, or has characters that a header cannot bear.
    #[error("the payment provider's secret key is malformed")]
    SecretKey,
    /// The system's certificates cannot be read.
    #[error("reading the system's certificate authorities")]
    Certificates(#[source] std::io::Error),
}

/// How Stripe is reached.
#[derive(Clone)]
pub struct StripeConfig {
    /// Where: [`API_URL`], a sandbox, a mock.
    pub url: String,
    /// `sk_…` or `rk_…`.
    pub secret_key: String,
    /// How long one call may take.
    pub answer_within: Duration,
    /// Where the customer's bank sends him back to. Without it Stripe offers no page to authenticate at, but only its
    /// own browser library.
    pub return_url: Option<String>,
}

impl StripeConfig {
    /// The usual limits.
    pub fn new(url: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self { url: url.into(), secret_key: secret_key.into(), answer_within: ANSWER_WITHIN, return_url: None }
    }
}

impl fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, secret_key: _, answer_within, return_url: _ } = self;
        f.debug_struct("StripeConfig").field("url", url).field("answer_within", answer_within).finish_non_exhaustive()
    }
}

/// Where the provider is.
#[derive(Clone)]
enum Base {
    /// There.
    Fixed(String),
    /// At the first of these, as they come and go: a sandbox that announces itself. Its secret key is no secret.
    Announced(watch::Receiver<Vec<String>>),
}

/// The adapter. Cheap to clone.
#[derive(Clone)]
pub struct Stripe {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: Base,
    authorization: HeaderValue,
    answer_within: Duration,
    return_url: Option<String>,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe").field("base", &self.address()).finish_non_exhaustive()
    }
}

impl Stripe {
    /// An adapter; it connects when it is asked for something.
    pub fn new(config: &StripeConfig) -> Result<Self, StripeError> {
        Self::at(Base::Fixed(checked_base(&config.url)?), config)
    }

    /// An adapter for a sandbox, wherever it is at the moment; the configured URL is not asked.
    pub fn announced(urls: watch::Receiver<Vec<String>>, config: &StripeConfig) -> Result<Self, StripeError> {
        Self::at(Base::Announced(urls), config)
    }

    fn at(base: Base, config: &StripeConfig) -> Result<Self, StripeError> {
        if config.secret_key.is_empty() {
            return Err(StripeError::SecretKey);
        }
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {}", config.secret_key)).map_err(|_| StripeError::SecretKey)?;
        authorization.set_sensitive(true);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_WITHIN));
        let tls = HttpsConnectorBuilder::new().with_native_roots().map_err(StripeError::Certificates)?;
        let connector = tls.https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_IDLE)
            // A request that may have arrived is not sent again behind our back.
            .retry_canceled_requests(false)
            .build(connector);
        let (answer_within, return_url) = (config.answer_within, config.return_url.clone());
        Ok(Self { client, base, authorization, answer_within, return_url })
    }

    /// Where it is asked now; nowhere while no sandbox announces itself.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        match &self.base {
            Base::Fixed(url) => Some(url.clone()),
            Base::Announced(urls) => urls.borrow().first().cloned(),
        }
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, key: &IdempotencyKey, form: String) -> Heard<T> {
        self.ask(Method::POST, path, Some(key), form).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Heard<T> {
        self.ask(Method::GET, path, None, String::new()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        key: Option<&IdempotencyKey>,
        form: String,
    ) -> Heard<T> {
        let unreachable = Heard::Unknown(Doubt::Unreachable);
        let Some(base) = self.address() else { return unreachable };
        let Ok(request) = self.request(method, &format!("{base}/v1/{path}"), key, form) else { return unreachable };
        match tokio::time::timeout(self.answer_within, self.exchange(request)).await {
            Ok(Ok((status, body))) => read(status, &body),
            Ok(Err(doubt)) => Heard::Unknown(doubt),
            Err(_) => Heard::Unknown(Doubt::TimedOut),
        }
    }

    fn request(
        &self,
        method: Method,
        url: &str,
        key: Option<&IdempotencyKey>,
        form: String,
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(AUTHORIZATION, &self.authorization)
            .header("stripe-version", API_VERSION);
        if let Some(key) = key {
            request = request.header("idempotency-key", key.as_str());
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body(Full::new(Bytes::from(form)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Doubt> {
        let response = self
            .client
            .request(request)
            .await
            .map_err(|error| if error.is_connect() { Doubt::Unreachable } else { Doubt::Cut })?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await.map_err(|_| Doubt::Cut)?;
        Ok((status, body.to_bytes()))
    }
}

/// An answer as it came.
enum Heard<T> {
    Yes(T),
    No(WireError),
    Unknown(Doubt),
}

impl<T> Heard<T> {
    fn into_answer<U>(self, read: impl Fn(T) -> Option<U>, seen: impl Fn(&WireError) -> Option<U>) -> Answer<U> {
        match self {
            Self::Yes(body) => read(body).map_or(Answer::Unknown(Doubt::Unreadable), Answer::Done),
            Self::No(error) => Answer::Refused { seen: seen(&error), code: error.code() },
            Self::Unknown(doubt) => Answer::Unknown(doubt),
        }
    }
}

fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Heard<T> {
    let unreadable = Heard::Unknown(Doubt::Unreadable);
    match status {
        StatusCode::OK => serde_json::from_slice(body).map_or(unreadable, Heard::Yes),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            tracing::error!(http.status = status.as_u16(), "the payment provider does not take our secret key");
            Heard::Unknown(Doubt::NotAllowed)
        }
        StatusCode::TOO_MANY_REQUESTS => Heard::Unknown(Doubt::TooMany),
        StatusCode::CONFLICT | StatusCode::REQUEST_TIMEOUT => Heard::Unknown(Doubt::Busy),
        // Something that Stripe needs has failed: nothing was decided.
        StatusCode::FAILED_DEPENDENCY => Heard::Unknown(Doubt::ServerFault),
        status if status.is_client_error() => match WireError::read(body) {
            // The call was made before with other parameters, perhaps by an older build: what came of it is not told.
            Some(error) if error.is_about_the_key() => Heard::Unknown(Doubt::Busy),
            Some(error) => Heard::No(error),
            None => unreadable,
        },
        status if status.is_server_error() => Heard::Unknown(Doubt::ServerFault),
        _ => unreadable,
    }
}

/// The URL without a slash at its end.
fn checked_base(url: &str) -> Result<String, StripeError> {
    let base = url.trim_end_matches('/');
    if base.contains('@') {
        return Err(StripeError::Credentials);
    }
    let parsed: Uri = base.parse().map_err(|_| StripeError::Url(url.to_owned()))?;
    let host = parsed.host().ok_or_else(|| StripeError::Url(url.to_owned()))?;
    match parsed.scheme_str() {
        Some("https") => Ok(base.to_owned()),
        Some("http") if matches!(host, "localhost" | "127.0.0.1" | "[::1]") => Ok(base.to_owned()),
        Some("http") => Err(StripeError::Plain(url.to_owned())),
        _ => Err(StripeError::Url(url.to_owned())),
    }
}

/// The number that Stripe is told of it, or the refusal that stands for its answer.
fn number<T>(money: Money) -> Result<String, Answer<T>> {
    let refused = || Answer::Refused { code: INEXPRESSIBLE.to_owned(), seen: None };
    amounts::told(money).map(|number| number.to_string()).ok_or_else(refused)
}

/// A form of these fields.
fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A path with an id in it: whatever is in the id, it stays one segment.
fn path(id: &IntentId, rest: &str) -> String {
    let id: String = form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect();
    format!("payment_intents/{id}{rest}")
}

/// A list after that id.
fn paged(path: &str, after: Option<&str>) -> String {
    let after = after.map(|after| ("starting_after", after));
    let fields: Vec<(&str, &str)> = [("limit", "100")].into_iter().chain(after).collect();
    format!("{path}?{}", form(&fields))
}

impl Provider for Stripe {
    async fn create(&self, key: &IdempotencyKey, new: &NewIntent) -> Answer<Intent> {
        let amount = match number(new.amount) {
            Ok(amount) => amount,
            Err(refused) => return refused,
        };
        let form = form(&[
            ("amount", &amount),
            ("currency", &new.amount.currency.as_str().to_ascii_lowercase()),
            ("capture_method", "manual"),
            ("payment_method_types[]", "card"),
            ("payment_method", &new.method_token.0),
            ("description", &new.reference),
            ("metadata[payment_id]", &new.payment.to_string()),
        ]);
        self.post("payment_intents", key, form).await.into_answer(WireIntent::read, WireError::intent)
    }

    async fn confirm(&self, key: &IdempotencyKey, intent: &IntentId) -> Answer<Intent> {
        let back: Vec<(&str, &str)> = self.return_url.iter().map(|url| ("return_url", url.as_str())).collect();
        let heard = self.post(&path(intent, "/confirm"), key, form(&back)).await;
        heard.into_answer(WireIntent::read, WireError::intent)
    }

    async fn capture(&self, key: &IdempotencyKey, intent: &IntentId, amount: Money) -> Answer<Intent> {
        let amount = match number(amount) {
            Ok(amount) => amount,
            Err(refused) => return refused,
        };
        let form = form(&[("amount_to_capture", &amount)]);
        let heard = self.post(&path(intent, "/capture"), key, form).await;
        heard.into_answer(WireIntent::read, WireError::intent)
    }

    async fn void(&self, key: &IdempotencyKey, intent: &IntentId) -> Answer<Intent> {
        let heard = self.post(&path(intent, "/cancel"), key, String::new()).await;
        heard.into_answer(WireIntent::read, WireError::intent)
    }

    async fn refund(&self, key: &IdempotencyKey, new: &NewRefund) -> Answer<RefundSeen> {
        let amount = match number(new.amount) {
            Ok(amount) => amount,
            Err(refused) => return refused,
        };
        let form = form(&[
            ("payment_intent", new.intent.as_str()),
            ("amount", &amount),
            ("metadata[payment_id]", &new.payment.to_string()),
            ("metadata[refund_id]", &new.refund.to_string()),
        ]);
        self.post("refunds", key, form).await.into_answer(WireRefund::read, |_| None)
    }

    async fn retrieve(&self, intent: &IntentId) -> Answer<Intent> {
        self.get(&path(intent, "")).await.into_answer(WireIntent::read, WireError::intent)
    }

    async fn refunds(&self, intent: &IntentId) -> Answer<Vec<RefundSeen>> {
        let of = form(&[("payment_intent", intent.as_str()), ("limit", "100")]);
        let heard = self.get::<WireList<WireRefund>>(&format!("refunds?{of}")).await;
        heard.into_answer(|list| list.data.into_iter().map(WireRefund::read).collect(), |_| None)
    }

    async fn every_intent(&self, after: Option<&str>) -> Answer<Page<Intent>> {
        let heard = self.get::<WireList<WireIntent>>(&paged("payment_intents", after)).await;
        heard.into_answer(|list| list.page(WireIntent::read, |intent| intent.id.as_str()), |_| None)
    }

    async fn every_refund(&self, after: Option<&str>) -> Answer<Page<RefundSeen>> {
        let heard = self.get::<WireList<WireRefund>>(&paged("refunds", after)).await;
        heard.into_answer(|list| list.page(WireRefund::read, |refund| &refund.id), |_| None)
    }
}

#[cfg(test)]
pub(crate) mod tests;
