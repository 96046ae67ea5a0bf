//! How fast a read model is folded, beside what PostgreSQL takes to copy the same rows into a stage and merge them, and
//! how soon a single event is in its row. By hand: `cargo test --release … -- --ignored --nocapture speed`.

use crate::read_models::{TABLES, caught_up, empty};
use crate::roll::Roll;
use crate::servers::database;
use crate::shop::Shop;
use std::time::{Duration, Instant};
use tillroll_postgres::{Connection, connect};
use tillroll_projectors::Projectors;
use tillroll_telemetry::Shutdown;

/// Orders from placed to fulfilled, three lines and six events each, with their products and stock items.
fn fill(roll: &Roll, orders: u32) {
    let mut shop = Shop::new(roll);
    for number in 0..orders {
        shop.checkout(number);
    }
}

async fn copied(connection: &Connection) -> Duration {
    let mut spent = Duration::ZERO;
    for (table, _) in TABLES {
        let file = format!("/tmp/tillroll-speed-{}", table.replace('.', "-"));
        connection.batch_execute(&format!("COPY {table} TO '{file}'; TRUNCATE {table}")).await.unwrap();
        let began = Instant::now();
        connection
            .batch_execute(&format!(
                "BEGIN; CREATE TEMP TABLE stage (LIKE {table}) ON COMMIT DROP; COPY stage FROM '{file}';
                 INSERT INTO {table} SELECT * FROM stage ON CONFLICT DO NOTHING; COMMIT"
            ))
            .await
            .unwrap();
        println!("  {table}: {:?}", began.elapsed());
        spent += began.elapsed();
    }
    spent
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn catching_up_beside_copy_and_merge() {
    let settings = database("speed").await;
    let connection = connect(&settings).await.unwrap();
    let (orders, roll) = (20_000, Roll::new(500, 1));
    fill(&roll, orders);
    for _ in 0..3 {
        empty(&connection).await;
        let shutdown = Shutdown::new();
        let began = Instant::now();
        let projectors = Projectors::start(&settings, roll.clone(), &shutdown);
        caught_up(&connection, &roll).await;
        let folded = began.elapsed();
        shutdown.request();
        projectors.stopped().await;
        let copied = copied(&connection).await;
        println!("{orders} orders: folded {folded:?}, copied and merged {copied:?}");
        println!("ratio in percent: {}", 100 * copied.as_millis() / folded.as_millis());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn one_event_into_its_row() {
    let settings = database("speed_one").await;
    let connection = connect(&settings).await.unwrap();
    let (roll, shutdown) = (Roll::new(500, 1), Shutdown::new());
    let projectors = Projectors::start(&settings, roll.clone(), &shutdown);
    let mut shop = Shop::new(&roll);
    let mut spent = Vec::new();
    for number in 0..300 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let began = Instant::now();
        shop.step((1, 0, number, 0));
        let sql = "SELECT COALESCE(MAX(version), 0) FROM inventory.stock";
        while connection.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) <= i64::from(number) {}
        spent.push(began.elapsed());
    }
    spent.sort();
    println!("into its row: p50 {:?}, p99 {:?}", spent[150], spent[297]);
    shutdown.request();
    projectors.stopped().await;
}
