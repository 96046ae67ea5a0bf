//! The catalogue of topics: every topic that Tillroll writes, in one place.

use tillroll_log::AggregateTopics;

/// Products; key: SKU.
pub const PRODUCT: AggregateTopics = AggregateTopics::new("product", "product.events.v1", "product.commands.v1");
/// Stock items; key: SKU.
pub const STOCK_ITEM: AggregateTopics =
    AggregateTopics::new("stock-item", "stock-item.events.v1", "stock-item.commands.v1");
/// Orders; key: order id.
pub const ORDER: AggregateTopics = AggregateTopics::new("order", "order.events.v1", "order.commands.v1");
/// Stand-alone credit notes; key: credit note id.
pub const CREDIT_NOTE: AggregateTopics =
    AggregateTopics::new("credit-note", "credit-note.events.v1", "credit-note.commands.v1");
/// Notifications; key: notification id.
pub const NOTIFICATION: AggregateTopics =
    AggregateTopics::new("notification", "notification.events.v1", "notification.commands.v1");
/// What people want to be told, and how; key: user id.
pub const PREFERENCE: AggregateTopics =
    AggregateTopics::new("preference", "preference.events.v1", "preference.commands.v1");
/// Carts; key: user id.
pub const CART: AggregateTopics = AggregateTopics::new("cart", "cart.events.v1", "cart.commands.v1");
/// Users; key: user id.
pub const USER: AggregateTopics = AggregateTopics::new("user", "user.events.v1", "user.commands.v1");
/// Who has an e-mail address or a username; key: the HMAC of its normal form, in hexadecimal digits.
pub const IDENTITY_CLAIM: AggregateTopics =
    AggregateTopics::new("identity-claim", "identity-claim.events.v1", "identity-claim.commands.v1");
/// Sessions; key: session id.
pub const SESSION: AggregateTopics = AggregateTopics::new("session", "session.events.v1", "session.commands.v1");
/// Keys for machines; key: API key id.
pub const API_KEY: AggregateTopics = AggregateTopics::new("api-key", "api-key.events.v1", "api-key.commands.v1");
/// Invoices and credit notes of a month; key: the series, `2026-11`.
pub const INVOICE_SERIES: AggregateTopics =
    AggregateTopics::new("invoice-series", "invoice-series.events.v1", "invoice-series.commands.v1");
/// Payments; key: payment id.
pub const PAYMENT: AggregateTopics = AggregateTopics::new("payment", "payment.events.v1", "payment.commands.v1");

/// Every aggregate that has topics.
pub const AGGREGATES: [AggregateTopics; 13] = [
    PRODUCT,
    STOCK_ITEM,
    ORDER,
    CREDIT_NOTE,
    CART,
    USER,
    IDENTITY_CLAIM,
    SESSION,
    API_KEY,
    NOTIFICATION,
    PREFERENCE,
    PAYMENT,
    INVOICE_SERIES,
];
