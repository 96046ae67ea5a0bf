//! However the log is cut into batches, the same rows come out, byte for byte; and they say what the log says.

use crate::read_models::{empty, project};
use crate::roll::Roll;
use crate::shop::{Shop, Step};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tillroll_postgres::{Connection, Settings, connect};
use tillroll_projectors::MIGRATIONS;
use tillroll_testkit::database;

async fn rows_are_the_same_for_every_cut(
    settings: &Settings,
    connection: &Connection,
    steps: Vec<Step>,
    cuts: [(usize, u64); 3],
) -> Result<(), TestCaseError> {
    let roll = Roll::new(1, 1);
    let mut shop = Shop::new(&roll);
    steps.into_iter().for_each(|step| shop.step(step));
    let mut first: Option<Vec<String>> = None;
    for (longest, seed) in cuts {
        empty(connection).await;
        let rows = project(settings, connection, &roll.cut(longest, seed)).await;
        let first = first.get_or_insert_with(|| rows.clone());
        let other: Vec<_> = first.iter().zip(&rows).filter(|(one, other)| one != other).take(3).collect();
        prop_assert!(
            first.len() == rows.len() && other.is_empty(),
            "{} and {} rows: {other:#?}",
            first.len(),
            rows.len()
        );
    }
    sums_are_those_of_the_shop(connection, &shop).await
}

/// Money and pieces are the same in every dimension; documents are where a document has one key.
async fn sums_are_those_of_the_shop(connection: &Connection, shop: &Shop) -> Result<(), TestCaseError> {
    let sql = "SELECT d.dimension, COALESCE(SUM(gross), 0)::text, COALESCE(SUM(credits), 0)::text,
            COALESCE(SUM(quantity), 0)::text, COALESCE(SUM(orders), 0)::bigint, COALESCE(SUM(credit_notes), 0)::bigint
        FROM UNNEST(ARRAY['day', 'country', 'customer', 'category', 'product']) AS d (dimension)
        LEFT JOIN sales.total USING (dimension)
        GROUP BY d.dimension";
    for row in connection.query(sql, &[]).await.unwrap() {
        let number = |column: usize| row.get::<_, &str>(column).parse::<i128>().unwrap();
        prop_assert_eq!((number(1), number(2), number(3)), (shop.gross, shop.credits, shop.pieces));
        if ["day", "country", "customer"].contains(&row.get(0)) {
            prop_assert_eq!((row.get(4), row.get(5)), (shop.orders, shop.credit_notes));
        }
    }
    Ok(())
}

#[test]
fn rows_do_not_depend_on_how_the_log_is_cut() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let settings = runtime.block_on(database("rebuild", MIGRATIONS));
    let connection = runtime.block_on(connect(&settings)).unwrap();
    let steps = prop::collection::vec(any::<Step>(), 0..120);
    let cuts = prop::array::uniform3((1..40_usize, any::<u64>()));
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(steps, cuts), |(steps, cuts)| {
        runtime.block_on(rows_are_the_same_for_every_cut(&settings, &connection, steps, cuts))
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
