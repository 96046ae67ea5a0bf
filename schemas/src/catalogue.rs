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

/// Every aggregate that has topics.
pub const AGGREGATES: [AggregateTopics; 4] = [PRODUCT, STOCK_ITEM, ORDER, CREDIT_NOTE];
