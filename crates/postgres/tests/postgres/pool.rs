//! What a pool grants and what it refuses.

use std::time::{Duration, Instant};
use tillroll_postgres::{Error, Pool, connect};
use tillroll_testkit::empty_database;

#[tokio::test]
async fn queries_are_answered_and_say_who_asks() {
    let pool = Pool::new(&empty_database("pool_answers").await).unwrap();
    pool.ping().await.unwrap();
    let row =
        pool.row("SELECT current_setting('application_name'), $1::bigint + 1", &[&41_i64]).await.unwrap().unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, i64>(1)), ("test", 42));
    assert!(pool.row("SELECT 1 WHERE FALSE", &[]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_read_only_pool_writes_nothing() {
    let settings = empty_database("pool_read_only").await;
    connect(&settings).await.unwrap().batch_execute("CREATE TABLE till (id bigint)").await.unwrap();
    let pool = Pool::new(&settings.read_only()).unwrap();
    let refused = pool.rows("INSERT INTO till (id) VALUES (1)", &[]).await;
    assert!(matches!(refused, Err(Error::Statement(error)) if error.code().unwrap().code() == "25006"));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_by_the_server() {
    let settings = empty_database("pool_statement").await.statement_timeout(Duration::from_millis(50));
    let refused = Pool::new(&settings).unwrap().rows("SELECT pg_sleep(10)", &[]).await.unwrap_err();
    assert!(matches!(&refused, Error::Statement(error) if error.code().unwrap().code() == "57014"), "{refused:?}");
    assert!(refused.is_unavailable());
}

#[tokio::test]
async fn nobody_waits_longer_than_the_patience() {
    let settings = empty_database("pool_exhausted").await.pool_size(1).patience(Duration::from_millis(500));
    let pool = Pool::new(&settings).unwrap();
    let sleep = || pool.rows("SELECT pg_sleep(30)", &[]);
    let (began, (busy, waiting)) = (Instant::now(), tokio::join!(sleep(), sleep()));
    assert!(busy.unwrap_err().is_unavailable() && waiting.unwrap_err().is_unavailable());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // The connection that did not answer is not handed to the next.
    let patient = Pool::new(&settings.patience(Duration::from_secs(10))).unwrap();
    patient.ping().await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while pool.ping().await.is_err() {
        assert!(Instant::now() < deadline, "the pool does not recover");
    }
}

#[tokio::test]
async fn a_terminated_backend_is_not_noticed_by_those_who_read() {
    let settings = empty_database("pool_terminated").await.pool_size(3);
    let pool = Pool::new(&settings).unwrap();
    let sleep = || pool.rows("SELECT pg_sleep(0.05)", &[]);
    let (one, two, three) = tokio::join!(sleep(), sleep(), sleep());
    one.and(two).and(three).unwrap();
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..5 {
        connect(&settings).await.unwrap().execute(others, &[]).await.unwrap();
        pool.ping().await.unwrap();
    }
}

#[tokio::test]
async fn plans_made_before_a_migration_are_made_again() {
    let settings = empty_database("pool_plans").await.pool_size(1);
    let owner = connect(&settings).await.unwrap();
    owner.batch_execute("CREATE TABLE till (id bigint)").await.unwrap();
    let pool = Pool::new(&settings).unwrap();
    pool.rows("SELECT * FROM till", &[]).await.unwrap();
    owner.batch_execute("ALTER TABLE till ADD COLUMN note text").await.unwrap();
    pool.rows("SELECT * FROM till", &[]).await.unwrap();
}
