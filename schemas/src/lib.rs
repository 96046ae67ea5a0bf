//! Every contract that crosses a process: ids, money, events, commands and the catalogue of topics.
//!
//! What stands here is written into logs that live for ever. An event is only ever added to with optional
//! fields, or gets a successor with a new `.vN` and an upcaster; `fixtures/` holds a sample of each version.

mod address;
pub mod api_key;
mod buyer;
pub mod cart;
pub mod catalogue;
pub mod credit_note;
mod currency;
pub mod identity_claim;
mod ids;
pub mod invoice_series;
mod money;
pub mod notification;
pub mod order;
pub mod payment;
pub mod preference;
pub mod product;
mod secret;
pub mod session;
pub mod stock_item;
pub mod user;

pub use address::Address;
pub use buyer::Buyer;
pub use currency::Currency;
pub use ids::{
    ApiKeyId, CreditNoteId, FulfilmentId, InvalidSku, NotificationId, OrderId, PaymentId, RefundId, SessionId, Sku,
    UserId,
};
pub use money::{Money, MoneyError, Quantity, QuantityError, TaxRate, tax_by_rate, tax_shares};
pub use secret::{InvalidHash, PasswordHash, SecretHash};
pub use tillroll_vault::Sealed;

/// A point in time, UTC, stored to the millisecond as RFC 3339.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
