//! Looking at the read models: their rows as text, how far they are, and emptying them.

use crate::roll::{PARTITIONS, Roll};
use tillroll_postgres::{Connection, Settings, connect};
use tillroll_projectors::{Projection, Projectors, projections};
use tillroll_telemetry::Shutdown;
use tillroll_testkit::until;

pub const TABLES: [(&str, &str); 10] = [
    ("catalog.product", "sku"),
    ("inventory.stock", "sku"),
    ("orders.order", "order_id"),
    ("orders.order_line", "order_id, line"),
    ("orders.fulfilled", "order_id, sku"),
    ("orders.order_history", "order_id, version"),
    ("orders.cart", "user_id"),
    ("orders.cart_item", "user_id, sku"),
    ("sales.total", "dimension, day, key, currency"),
    ("projection.checkpoint", "projection, topic, partition"),
];

/// Every row of every table as text, in the order of the keys.
pub async fn rows(connection: &Connection) -> Vec<String> {
    let mut all = Vec::new();
    for (table, key) in TABLES {
        // A checkpoint that has not moved may not be there yet.
        let moved = if table == "projection.checkpoint" { "WHERE t.next_offset > 0" } else { "" };
        let sql = format!("SELECT t::text FROM {table} AS t {moved} ORDER BY {key}");
        let rows = connection.query(&sql, &[]).await.unwrap();
        all.extend(rows.iter().map(|row| format!("{table}: {}", row.get::<_, &str>(0))));
    }
    all
}

pub async fn empty(connection: &Connection) {
    let tables: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    connection.batch_execute(&format!("TRUNCATE {}", tables.join(", "))).await.unwrap();
}

/// Whether a projection has read every partition of its topics to the end.
async fn is_at_end(connection: &Connection, roll: &Roll, name: &str, topics: &[&'static str]) -> bool {
    let sql = "SELECT next_offset FROM projection.checkpoint WHERE projection = $1 AND topic = $2 AND partition = $3";
    for &topic in topics {
        for partition in 0..PARTITIONS {
            let row = connection.query_opt(sql, &[&name, &topic, &partition]).await.unwrap();
            if row.map_or(0, |row| row.get::<_, i64>(0)) < roll.end(topic, partition) {
                return false;
            }
        }
    }
    true
}

pub async fn caught_up(connection: &Connection, roll: &Roll) {
    let all: [(&str, &[&'static str]); 5] = [
        (projections::Products::NAME, projections::Products::TOPICS),
        (projections::Stock::NAME, projections::Stock::TOPICS),
        (projections::Orders::NAME, projections::Orders::TOPICS),
        (projections::Sales::NAME, projections::Sales::TOPICS),
        (projections::Carts::NAME, projections::Carts::TOPICS),
    ];
    for (name, topics) in all {
        until(&format!("{name} at the end of its topics"), async || is_at_end(connection, roll, name, topics).await)
            .await;
    }
}

/// Runs projectors until they have read everything; what is then in the tables.
pub async fn project(settings: &Settings, connection: &Connection, roll: &Roll) -> Vec<String> {
    let shutdown = Shutdown::new();
    let projectors = Projectors::start(settings, roll.clone(), &shutdown);
    caught_up(connection, roll).await;
    shutdown.request();
    projectors.stopped().await;
    rows(connection).await
}

/// The read models as one undisturbed reading makes them.
pub async fn undisturbed(settings: &Settings, roll: &Roll) -> Vec<String> {
    let connection = connect(settings).await.unwrap();
    empty(&connection).await;
    project(settings, &connection, &roll.cut(1_000, 1)).await
}
