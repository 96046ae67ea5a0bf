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
/// Invoices and credit notes of a month; key: the series, `2026-11`.
pub const INVOICE_SERIES: AggregateTopics =
    AggregateTopics::new("invoice-series", "invoice-series.events.v1", "invoice-series.commands.v1");
/// Payments; key: payment id.
pub const PAYMENT: AggregateTopics = AggregateTopics::new("payment", "payment.events.v1", "payment.commands.v1");

/// Every aggregate that has topics.
pub const AGGREGATES: [AggregateTopics; 4] = [PRODUCT, STOCK_ITEM, ORDER, CREDIT_NOTE];
