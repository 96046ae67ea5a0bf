//! Every contract that crosses a process: ids, money, events, commands and the catalogue of topics.
//!
//! What stands here is written into logs that live for ever. An event is only ever added to with optional
//! fields, or gets a successor with a new `.vN` and an upcaster; `fixtures/` holds a sample of each version.

pub mod catalogue;
pub mod credit_note;
mod ids;
pub mod invoice_series;
mod money;
pub mod order;
pub mod payment;
pub mod product;
pub mod stock_item;

pub use ids::{
    ApiKeyId, CreditNoteId, FulfilmentId, InvalidSku, NotificationId, OrderId, PaymentId, RefundId, SessionId, Sku,
    UserId,
};
pub use money::{Currency, Money, MoneyError, Quantity, QuantityError, TaxRate, tax_by_rate};

/// A point in time, UTC, stored to the millisecond as RFC 3339.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
