//! Stripe's JSON, as far as it is read: unknown fields are other people's affair, unknown statuses are unreadable.

use serde::Deserialize;
use tillroll_schemas::payment::IntentId;
use tillroll_schemas::{Currency, PaymentId, RefundId};

use super::amounts::heard;
use crate::provider::{ActionUrl, Intent, IntentStatus, Page, RefundSeen, RefundStatus};

/// A `payment_intent`.
#[derive(Clone, Deserialize)]
pub(crate) struct WireIntent {
    id: String,
    status: WireStatus,
    currency: String,
    #[serde(default)]
    amount_capturable: i64,
    #[serde(default)]
    amount_received: i64,
    #[serde(default)]
    metadata: WireMetadata,
    #[serde(default)]
    last_payment_error: Option<WireDetail>,
    #[serde(default)]
    next_action: Option<WireAction>,
}

/// Its statuses.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

/// What we keep there.
#[derive(Clone, Default, Deserialize)]
struct WireMetadata {
    #[serde(default)]
    payment_id: Option<String>,
    #[serde(default)]
    refund_id: Option<String>,
}

#[derive(Clone, Deserialize)]
struct WireAction {
    #[serde(default)]
    redirect_to_url: Option<WireRedirect>,
}

#[derive(Clone, Deserialize)]
struct WireRedirect {
    #[serde(default)]
    url: Option<String>,
}

/// A `refund`.
#[derive(Clone, Deserialize)]
pub(crate) struct WireRefund {
    id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    payment_intent: Option<String>,
    #[serde(default)]
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: WireMetadata,
}

/// A list.
#[derive(Deserialize)]
pub(crate) struct WireList<T> {
    pub(crate) data: Vec<T>,
    #[serde(default)]
    has_more: bool,
}

impl<T> WireList<T> {
    /// As the port sees it; none if one of it cannot be read.
    pub(super) fn page<U>(self, read: impl Fn(T) -> Option<U>, id: impl Fn(&U) -> &str) -> Option<Page<U>> {
        let items: Vec<U> = self.data.into_iter().map(read).collect::<Option<_>>()?;
        let next = items.last().filter(|_| self.has_more).map(|last| id(last).to_owned());
        Some(Page { items, next })
    }
}

/// A refusal.
#[derive(Deserialize)]
struct WireErrorBody {
    error: WireDetail,
}

#[derive(Clone, Deserialize)]
struct WireDetail {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    decline_code: Option<String>,
    #[serde(default)]
    payment_intent: Option<Box<WireIntent>>,
}

/// Why not.
pub(crate) struct WireError(WireDetail);

impl WireIntent {
    /// As the port sees it; none if its currency is none, or an amount is too large.
    pub(crate) fn read(self) -> Option<Intent> {
        let currency = currency(&self.currency)?;
        Some(Intent {
            id: IntentId(self.id),
            payment: self.metadata.payment_id.as_deref().and_then(|id| id.parse::<PaymentId>().ok()),
            status: match self.status {
                WireStatus::RequiresPaymentMethod => IntentStatus::RequiresPaymentMethod,
                WireStatus::RequiresConfirmation => IntentStatus::RequiresConfirmation,
                WireStatus::RequiresAction => IntentStatus::RequiresAction,
                WireStatus::Processing => IntentStatus::Processing,
                WireStatus::RequiresCapture => IntentStatus::RequiresCapture,
                WireStatus::Succeeded => IntentStatus::Succeeded,
                WireStatus::Canceled => IntentStatus::Cancelled,
            },
            capturable: heard(self.amount_capturable, currency)?,
            received: heard(self.amount_received, currency)?,
            declined: self.last_payment_error.map(|error| error.word()),
            action: self.next_action.and_then(|action| action.redirect_to_url?.url).map(ActionUrl::new),
        })
    }
}

impl WireRefund {
    /// As the port sees it; none if its currency or status is none.
    pub(crate) fn read(self) -> Option<RefundSeen> {
        let status = match self.status.as_deref()? {
            "pending" | "requires_action" => RefundStatus::Pending,
            "succeeded" => RefundStatus::Succeeded,
            "failed" | "canceled" => {
                RefundStatus::Failed { code: self.failure_reason.unwrap_or_else(|| "refund_failed".to_owned()) }
            }
            _ => return None,
        };
        Some(RefundSeen {
            id: self.id,
            refund: self.metadata.refund_id.as_deref().and_then(|id| id.parse::<RefundId>().ok()),
            payment: self.metadata.payment_id.as_deref().and_then(|id| id.parse::<PaymentId>().ok()),
            intent: self.payment_intent.map(IntentId),
            amount: heard(self.amount, currency(&self.currency)?)?,
            status,
        })
    }
}

impl WireError {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<WireErrorBody>(body).ok().map(|body| Self(body.error))
    }

    /// The most telling of its codes.
    pub(super) fn code(&self) -> String {
        self.0.word()
    }

    /// Whether it says that the idempotency key was used for something else.
    pub(super) fn is_about_the_key(&self) -> bool {
        [&self.0.kind, &self.0.code].into_iter().flatten().any(|word| word == "idempotency_error")
    }

    /// The intent as it stands, if the refusal shows it.
    pub(super) fn intent(&self) -> Option<Intent> {
        self.0.payment_intent.clone().and_then(|intent| intent.read())
    }
}

impl WireDetail {
    fn word(&self) -> String {
        let word = self.decline_code.as_ref().or(self.code.as_ref()).or(self.kind.as_ref());
        word.cloned().unwrap_or_else(|| "refused".to_owned())
    }
}

fn currency(code: &str) -> Option<Currency> {
    code.to_ascii_uppercase().parse().ok()
}
