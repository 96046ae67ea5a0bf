//! What cannot be understood or written stops its partition, with an alarm, and nothing else.

use crate::read_models::caught_up;
use crate::roll::{Roll, partition_of};
use crate::shop::Shop;
use tillroll_log::Body;
use tillroll_postgres::{Connection, connect};
use tillroll_projectors::{MIGRATIONS, Place, Projectors};
use tillroll_schemas::catalogue::{ORDER, PRODUCT};
use tillroll_schemas::product::{Added, Details, ProductEvent};
use tillroll_schemas::{Currency, Money, TaxRate};
use tillroll_telemetry::Shutdown;
use tillroll_testkit::{database, until};

async fn troubles(projectors: &Projectors) -> Vec<(Place, String)> {
    until("a trouble", async || !projectors.troubles().is_empty()).await;
    projectors.troubles().list()
}

async fn skus(connection: &Connection) -> Vec<String> {
    let rows = connection.query("SELECT sku FROM catalog.product ORDER BY sku", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn added(name: &str) -> ProductEvent {
    let price = Money { amount: 1, currency: Currency::GBP };
    let (name, description) = (name.to_owned(), String::new());
    let details = Details { name, description, category: None, price, tax_rate: TaxRate::default(), tracked: true };
    Added { details, initial_stock: None }.into()
}

async fn there_are(connection: &Connection, expected: &[&str]) {
    until(&format!("{expected:?}"), async || skus(connection).await == expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_newer_build_stops_its_partition() {
    let settings = database("halts_newer", MIGRATIONS).await;
    let connection = connect(&settings).await.unwrap();
    let roll = Roll::new(1, 1);
    roll.append(PRODUCT.events, "A", 1, &added("before"));
    roll.append_raw(PRODUCT.events, "A", 2, "product.revised.v2", b"{}".to_vec());
    roll.append(PRODUCT.events, "A", 3, &added("after"));
    roll.append(PRODUCT.events, "B", 1, &added("elsewhere"));
    let shutdown = Shutdown::new();
    let projectors = Projectors::start(&settings, roll.clone(), &shutdown);
    there_are(&connection, &["A", "B"]).await;
    let found = troubles(&projectors).await;
    let (place, reason) = &found[0];
    assert_eq!((found.len(), place.projection, place.topic), (1, "products", Some(PRODUCT.events)));
    assert_eq!(place.partition.map(|partition| partition.0), Some(partition_of("A").try_into().unwrap()));
    assert!(reason.contains("product.revised.v2"), "{reason}");
    roll.append(PRODUCT.events, "C", 1, &added("later"));
    there_are(&connection, &["A", "B", "C"]).await;
    let version: i64 =
        connection.query_one("SELECT version FROM catalog.product WHERE sku = 'A'", &[]).await.unwrap().get(0);
    assert_eq!(version, 1);
    shutdown.request();
    projectors.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_a_table_does_not_take_stops_its_partition() {
    let settings = database("halts_value", MIGRATIONS).await;
    let connection = connect(&settings).await.unwrap();
    let roll = Roll::new(50, 1);
    // PostgreSQL's text has no NUL.
    roll.append(PRODUCT.events, "A", 1, &added("nul \0"));
    roll.append(PRODUCT.events, "B", 1, &added("elsewhere"));
    roll.append(PRODUCT.events, "C", 1, &added("elsewhere"));
    let shutdown = Shutdown::new();
    let projectors = Projectors::start(&settings, roll.clone(), &shutdown);
    there_are(&connection, &["B", "C"]).await;
    let found = troubles(&projectors).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0.partition.map(|partition| partition.0), Some(partition_of("A").try_into().unwrap()));
    shutdown.request();
    projectors.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_are_apart_from_one_another() {
    let settings = database("halts_apart", MIGRATIONS).await;
    let connection = connect(&settings).await.unwrap();
    let roll = Roll::new(50, 1);
    roll.append_raw(ORDER.events, "no order id", 1, "order.placed.v1", b"{}".to_vec());
    let mut shop = Shop::new(&roll);
    shop.step((0, 0, 0, 0));
    let shutdown = Shutdown::new();
    let projectors = Projectors::start(&settings, roll.clone(), &shutdown);
    there_are(&connection, &["SKU-0"]).await;
    let names = || projectors.troubles().list().iter().map(|(place, _)| place.projection).collect::<Vec<_>>();
    until("troubles of what reads orders", async || names() == ["orders", "sales"]).await;
    shutdown.request();
    projectors.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_move_the_checkpoint_too() {
    let settings = database("halts_marks", MIGRATIONS).await;
    let connection = connect(&settings).await.unwrap();
    let roll = Roll::new(5, 1);
    let shutdown = Shutdown::new();
    let projectors = Projectors::start(&settings, roll.clone(), &shutdown);
    roll.append_mark(PRODUCT.events, "A");
    caught_up(&connection, &roll).await;
    assert!(added("x").encode().is_ok() && projectors.troubles().is_empty());
    shutdown.request();
    projectors.stopped().await;
}
