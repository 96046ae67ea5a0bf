//! The query API over read models in a real PostgreSQL, made by the projections themselves. The server comes from
//! `tillroll-devstack`; its jars from TILLROLL_KAFKA_LIBS or `.tillroll/kafka-libs` (scripts/setup).
#![cfg(test)]

#[path = "query_api/carts.rs"]
mod carts;
#[path = "query_api/consistency.rs"]
mod consistency;
#[path = "query_api/description.rs"]
mod description;
#[path = "query_api/invoices.rs"]
mod invoices;
#[path = "query_api/lists.rs"]
mod lists;
#[path = "query_api/notifications.rs"]
mod notifications;
#[path = "query_api/orders.rs"]
mod orders;
#[path = "query_api/outage.rs"]
mod outage;
#[path = "query_api/people.rs"]
mod people;
#[path = "query_api/products.rs"]
mod products;
#[path = "query_api/sales.rs"]
mod sales;
#[path = "query_api/shop.rs"]
mod shop;
