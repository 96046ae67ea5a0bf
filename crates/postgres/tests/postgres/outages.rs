//! The database goes and comes back; callers are told quickly, and nothing has to be restarted.

use std::time::{Duration, Instant};
use tillroll_postgres::{Pool, Settings};
use tillroll_testkit::start;

/// A caller is told within the patience and a little.
async fn is_told_quickly(pool: &Pool) {
    let began = Instant::now();
    let error = pool.ping().await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_resumes_by_itself() {
    let stack = start().await;
    let settings = Settings::parse(stack.database_url(), "test").unwrap();
    let pool = Pool::new(&settings).unwrap();
    let server = stack.postgres().unwrap();
    pool.ping().await.unwrap();

    server.pause().unwrap();
    is_told_quickly(&pool).await;
    server.resume().unwrap();
    pool.ping().await.unwrap();

    server.kill().await.unwrap();
    is_told_quickly(&pool).await;
    is_told_quickly(&pool).await;
    server.start_again().await.unwrap();
    pool.ping().await.unwrap();

    server.stop().await.unwrap();
    is_told_quickly(&pool).await;
    server.start_again().await.unwrap();
    pool.ping().await.unwrap();
    stack.stop().await.unwrap();
}
