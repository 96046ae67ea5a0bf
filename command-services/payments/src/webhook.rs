//! Webhooks of the provider: is it theirs (signature), is it new (tolerance, and the id of the command), and what does
//! it say. Events come in any order and more than once; each tells how its object stands, and the payment judges that.

use std::collections::BTreeMap;
use std::fmt;

use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::Sha256;
use tillroll_schemas::PaymentId;
use tillroll_schemas::payment::{PaymentCommand, RecordReport};
use uuid::Uuid;

use crate::effects::{refund_report, report_of};
use crate::provider::stripe::{API_VERSION, WireIntent, WireRefund};
use crate::provider::{Intent, RefundSeen};

/// How far the signature's time may be from ours, in seconds, both ways.
pub const TOLERANCE_S: u64 = 300;
/// The header that bears the signature.
pub const SIGNATURE_HEADER: &str = "stripe-signature";
/// Signatures that a header may bear: the provider sends one for each of its secrets, two while one is replaced.
const MOST_TAGS: usize = 8;
/// The namespace of command ids that are made of the provider's event ids.
const EVENTS: Uuid = Uuid::from_u128(0x5f0c_6f5e_3f7b_4b53_9d0a_7f2f_5f3a_91c4);

/// A signature. Comparing two takes the same time wherever they differ.
type Tag = CtOutput<Hmac<Sha256>>;

/// The secret that the provider signs with (`whsec_…`).
#[derive(Clone)]
pub struct WebhookSecret(Hmac<Sha256>);

impl WebhookSecret {
    /// Takes the whole secret, prefix included, as the provider does; none if it is empty.
    pub fn new(secret: &str) -> Option<Self> {
        if secret.is_empty() {
            return None;
        }
        Hmac::new_from_slice(secret.as_bytes()).ok().map(Self)
    }

    fn tag(&self, at: u64, body: &[u8]) -> Tag {
        self.0.clone().chain_update(at.to_string()).chain_update(b".").chain_update(body).finalize()
    }

    /// The header's value for a body that is sent at that time, in seconds since 1970: what the sandbox sends.
    pub fn sign(&self, at: u64, body: &[u8]) -> String {
        let tag = self.tag(at, body).into_bytes();
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={at},v1={hex}")
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(secret)")
    }
}

/// Why a webhook is not taken. None of it says more than the sender knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not of the form `t=…,v1=…`.
    #[error("the signature's header is malformed")]
    Malformed,
    /// It was signed too long ago, or in the future.
    #[error("the signature's time is not within {TOLERANCE_S} s of ours")]
    OutOfTolerance,
    /// No signature fits.
    #[error("no signature fits")]
    Mismatch,
}

/// Checks Stripe's scheme: HMAC-SHA256 of `{t}.{body}`, hex, any of the header's `v1`, any of the secrets (two while
/// one is replaced). `now` is in seconds since 1970. Anybody may ask: the body is gone through once for each secret,
/// however many signatures the header bears.
pub fn verify(header: &str, body: &[u8], secrets: &[WebhookSecret], now: u64) -> Result<(), SignatureError> {
    let fields = header.split(',').filter_map(|field| field.trim().split_once('='));
    let times: Vec<&str> = fields.clone().filter(|(name, _)| *name == "t").map(|(_, value)| value).collect();
    let [time] = times.as_slice() else { return Err(SignatureError::Malformed) };
    let at: u64 = time.parse().map_err(|_| SignatureError::Malformed)?;
    let tags = fields.filter(|(name, _)| *name == "v1").filter_map(|(_, hex)| tag_of(hex));
    let tags: Vec<Tag> = tags.take(MOST_TAGS + 1).collect();
    if !(1..=MOST_TAGS).contains(&tags.len()) {
        return Err(SignatureError::Malformed);
    }
    if !secrets.iter().any(|secret| tags.contains(&secret.tag(at, body))) {
        return Err(SignatureError::Mismatch);
    }
    // Only now: who cannot sign learns nothing of our clock.
    if now.abs_diff(at) > TOLERANCE_S {
        return Err(SignatureError::OutOfTolerance);
    }
    Ok(())
}

/// The signature of that many hexadecimal digits as one has.
fn tag_of(hex: &str) -> Option<Tag> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut tag = [0; 32];
    if pairs.len() != tag.len() {
        return None;
    }
    for (byte, pair) in tag.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Tag::new(tag.into()))
}

/// What a webhook asks of a payment.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The command's id: the same event of the provider, the same command.
    pub command_id: Uuid,
    /// Which payment.
    pub payment: PaymentId,
    /// What.
    pub command: PaymentCommand,
}

/// A webhook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no event, or not one as we know them.
    #[error("the webhook is no event of the provider")]
    Json(#[from] serde_json::Error),
    /// It is of a payment of ours, and has a status or currency that is not known here.
    #[error("the webhook has a status or currency that is not known here")]
    Unknown,
    /// The endpoint's events are written in another version than ours: what its words mean is not known.
    #[error("the webhook is written in version {0:?} of the provider's API, and not in {API_VERSION}")]
    Version(String),
}

#[derive(Deserialize)]
struct WireEvent<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    api_version: Option<String>,
    #[serde(borrow)]
    data: WireData<'a>,
}

#[derive(Deserialize)]
struct WireData<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

/// An object of which it is not known yet whether it is ours.
#[derive(Deserialize)]
struct WireAny {
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
}

impl WireAny {
    /// A shop's account may serve others, too; their objects may have anything in them.
    fn is_ours(object: &str) -> bool {
        serde_json::from_str::<Self>(object).is_ok_and(|any| any.metadata.contains_key("payment_id"))
    }
}

/// What a webhook says; nothing if it is of another kind, says nothing, or is of no payment of ours.
pub fn notice(body: &[u8]) -> Result<Option<Notice>, Unreadable> {
    let event: WireEvent<'_> = serde_json::from_slice(body)?;
    let object = event.data.object.get();
    let is_intent = event.kind.starts_with("payment_intent.");
    let is_refund = event.kind.starts_with("refund.") || event.kind == "charge.refund.updated";
    if !(is_intent || is_refund) || !WireAny::is_ours(object) {
        return Ok(None);
    }
    if let Some(version) = event.api_version.filter(|version| version != API_VERSION) {
        return Err(Unreadable::Version(version));
    }
    let told = if is_intent {
        of_intent(&serde_json::from_str::<WireIntent>(object)?.read().ok_or(Unreadable::Unknown)?)
    } else {
        of_refund(&serde_json::from_str::<WireRefund>(object)?.read().ok_or(Unreadable::Unknown)?)
    };
    let command_id = Uuid::new_v5(&EVENTS, event.id.as_bytes());
    Ok(told.map(|(payment, report)| Notice { command_id, payment, command: report.into() }))
}

fn of_intent(seen: &Intent) -> Option<(PaymentId, RecordReport)> {
    let report = report_of(seen)?;
    Some((seen.payment?, RecordReport { intent: Some(seen.id.clone()), report }))
}

fn of_refund(seen: &RefundSeen) -> Option<(PaymentId, RecordReport)> {
    let report = refund_report(seen.refund?, seen);
    Some((seen.payment?, RecordReport { intent: Some(seen.intent.clone()?), report }))
}

#[cfg(test)]
mod tests;
