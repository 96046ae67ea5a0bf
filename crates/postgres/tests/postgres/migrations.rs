//! Migrations: once, in order, all or nothing, however many processes start.

use tillroll_postgres::{Error, Migrated, Migration, Pool, Settings, connect, migrate, migrated};
use tillroll_testkit::empty_database;
use tokio::task::JoinSet;

const FIRST: Migration = Migration { number: 1, name: "0001_till", sql: "CREATE TABLE till (id bigint);" };
const SECOND: Migration =
    Migration { number: 2, name: "0002_two", sql: "INSERT INTO till VALUES (1); INSERT INTO till VALUES (2);" };

async fn count(settings: &Settings, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    connect(settings).await.unwrap().query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn each_is_applied_once() {
    let settings = empty_database("migrations_once").await;
    assert_eq!(migrate(&settings, &[FIRST]).await.unwrap(), 1);
    assert_eq!(migrate(&settings, &[FIRST, SECOND]).await.unwrap(), 1);
    assert_eq!(migrate(&settings, &[FIRST, SECOND]).await.unwrap(), 0);
    assert_eq!(count(&settings, "till").await, 2);
    // An older build leaves alone what it does not know.
    assert_eq!(migrate(&settings, &[FIRST]).await.unwrap(), 0);
}

#[tokio::test]
async fn many_processes_may_start_at_once() {
    let settings = empty_database("migrations_many").await;
    let mut runs = JoinSet::new();
    for _ in 0..12 {
        let settings = settings.clone();
        runs.spawn(async move { migrate(&settings, &[FIRST, SECOND]).await.unwrap() });
    }
    assert_eq!(runs.join_all().await.into_iter().sum::<usize>(), 2);
    assert_eq!(count(&settings, "till").await, 2);
}

#[tokio::test]
async fn one_that_was_changed_afterwards_is_refused() {
    let settings = empty_database("migrations_changed").await;
    migrate(&settings, &[FIRST]).await.unwrap();
    let changed = Migration { sql: "CREATE TABLE till (id text);", ..FIRST };
    let refused = migrate(&settings, &[changed]).await;
    assert!(matches!(refused, Err(Error::MigrationChanged { number: 1, .. })), "{refused:?}");
}

#[tokio::test]
async fn nothing_is_kept_of_a_run_that_fails() {
    let settings = empty_database("migrations_failed").await;
    let broken = Migration { sql: "INSERT INTO till VALUES (3); INSERT INTO nowhere VALUES (1);", ..SECOND };
    let refused = migrate(&settings, &[FIRST, broken]).await;
    assert!(matches!(refused, Err(Error::Migration { number: 2, .. })), "{refused:?}");
    assert_eq!(migrate(&settings, &[FIRST, SECOND]).await.unwrap(), 2);
    assert_eq!(count(&settings, "till").await, 2);
}

#[tokio::test]
async fn numbers_rise_and_may_have_gaps() {
    let settings = empty_database("migrations_gaps").await;
    let refused = migrate(&settings, &[SECOND, FIRST]).await;
    assert!(matches!(refused, Err(Error::MigrationNumber { number: 1, least: 3, .. })), "{refused:?}");
    let later = Migration { number: 20, ..SECOND };
    assert_eq!(migrate(&settings, &[FIRST, later]).await.unwrap(), 2);
}

#[tokio::test]
async fn what_is_missing_changed_or_unknown_is_told_and_nothing_is_made() {
    let settings = empty_database("migrations_told").await;
    let pool = Pool::new(&settings.clone().read_only()).unwrap();
    let told = async |migrations: &[Migration]| migrated(&pool, migrations).await.unwrap();
    let nothing = Migrated::default();
    assert_eq!(told(&[FIRST, SECOND]).await, Migrated { missing: vec![1, 2], ..nothing.clone() });
    migrate(&settings, &[FIRST]).await.unwrap();
    assert_eq!(told(&[FIRST]).await, nothing);
    assert_eq!(told(&[FIRST, SECOND]).await, Migrated { missing: vec![2], ..nothing.clone() });
    migrate(&settings, &[FIRST, SECOND]).await.unwrap();
    let changed = Migration { sql: "CREATE TABLE till (id integer);", ..FIRST };
    assert_eq!(told(&[changed]).await, Migrated { changed: vec![1], unknown: vec![2], ..nothing });
}
