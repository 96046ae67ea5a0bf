//! A database that has rows of an older build is brought to this one's: what that build could not know is read again, and
//! everything else stays.

use tillroll_postgres::{Connection, Settings, connect, migrate};
use tillroll_projectors::MIGRATIONS;
use tillroll_testkit::database;

/// Before the first migration that empties tables.
const BEFORE: i32 = 41;
/// A row in each table of which an old row is worth nothing, in one that only gets a column, and where their readers are.
const ROWS: &str = "
    INSERT INTO orders.order (order_id, status, payment_method, currency, net, tax, gross, placed_at, recorded_at, version,
        at_partition, at_offset)
    VALUES (gen_random_uuid(), 'confirmed', 'card', 'GBP', 100, 20, 120, now(), now(), 1, 0, 0);
    INSERT INTO orders.order_line (order_id, line, sku, name, quantity, unit_price, line_total, tax_rate, tracked)
    SELECT order_id, 0, 'LAMP', 'Lamp', 1, 100, 100, 2000, TRUE FROM orders.order;
    INSERT INTO orders.fulfilled (order_id, sku, quantity) SELECT order_id, 'LAMP', 1 FROM orders.order;
    INSERT INTO orders.order_history (order_id, version, type, occurred_at, recorded_at, at_partition, at_offset, body)
    SELECT order_id, 1, 'order.placed.v1', now(), now(), 0, 0, '{}' FROM orders.order;
    INSERT INTO orders.cart (user_id, version, at_partition, at_offset) VALUES (gen_random_uuid(), 1, 0, 0);
    INSERT INTO orders.cart_item (user_id, sku, quantity) SELECT user_id, 'LAMP', 1 FROM orders.cart;
    INSERT INTO invoices.document (series, number, kind, dated, recorded_at, currency, net, tax, gross, at_partition,
        at_offset)
    VALUES ('2010-12', 1, 'invoice', now(), now(), 'GBP', 100, 20, 120, 0, 0);
    INSERT INTO projection.checkpoint (projection, topic, partition, next_offset, position)
    VALUES ('orders', 'order.events.v1', 0, 1, '{}'), ('carts', 'cart.events.v1', 0, 1, '{}'),
        ('invoices', 'invoice-series.events.v1', 0, 1, '{}'), ('sales', 'order.events.v1', 0, 1, '{}');";

async fn count(connection: &Connection, table: &str) -> i64 {
    connection.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

async fn an_older_builds() -> (Settings, Connection) {
    let older = MIGRATIONS.iter().position(|migration| migration.number >= BEFORE).unwrap();
    let settings = database("older", &MIGRATIONS[..older]).await;
    let connection = connect(&settings).await.unwrap();
    connection.batch_execute(ROWS).await.unwrap();
    (settings, connection)
}

#[tokio::test]
async fn rows_of_an_older_build_are_read_again_where_it_could_not_know_enough() {
    let (settings, connection) = an_older_builds().await;
    assert!(migrate(&settings, MIGRATIONS).await.unwrap() >= 5);
    for table in ["order", "order_line", "fulfilled", "order_history", "cart", "cart_item"] {
        assert_eq!(count(&connection, &format!("orders.{table}")).await, 0, "{table}");
    }
    assert_eq!(count(&connection, "invoices.document WHERE buyer IS NULL").await, 1, "it says what it said");
    let readers = "SELECT string_agg(projection, ' ' ORDER BY projection) FROM projection.checkpoint";
    let readers: String = connection.query_one(readers, &[]).await.unwrap().get(0);
    assert_eq!(readers, "invoices sales", "orders and carts begin anew");
}
