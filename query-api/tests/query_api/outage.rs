//! PostgreSQL goes and comes back.

use crate::shop::{LOG, Shop};
use axum::http::StatusCode;
use std::time::{Duration, Instant};
use tillroll_http::{ConsistencyToken, Offset, PartitionId};
use tillroll_postgres::Settings;
use tillroll_projectors::MIGRATIONS;
use tillroll_schemas::catalogue::ORDER;
use tillroll_testkit::{migrated, start};

async fn is_unavailable(shop: &Shop) {
    for headers in [vec![], vec![("consistency-token", token(shop))]] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let began = Instant::now();
        let answer = shop.get_with("/orders", &headers).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
        assert_eq!(answer.header("retry-after"), "1");
        assert!(
            answer.header("read-model-lag-ms").parse::<u64>().is_ok()
                && answer.headers.contains_key("read-model-position")
        );
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
}

fn token(shop: &Shop) -> String {
    ConsistencyToken::of(LOG, ORDER.events, PartitionId(2), Offset(1_000)).encode(&shop.keys.consistency)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_resumes_by_itself() {
    let stack = start().await;
    let shop = Shop::at(&migrated(stack.database_url(), MIGRATIONS).await).await;
    let server = stack.postgres().unwrap();
    assert_eq!(shop.get("/orders").await.status, StatusCode::OK);
    server.kill().await.unwrap();
    is_unavailable(&shop).await;
    server.start_again().await.unwrap();
    assert_eq!(shop.get("/orders").await.status, StatusCode::OK);
    server.pause().unwrap();
    is_unavailable(&shop).await;
    server.resume().unwrap();
    assert_eq!(shop.get("/orders").await.status, StatusCode::OK);
    stack.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_that_are_not_there_yet_are_waited_for() {
    let stack = start().await;
    let url = stack.create_database("not_migrated").await.unwrap();
    let shop = Shop::at(&Settings::parse(&url, "test").unwrap()).await;
    assert_eq!(shop.get("/orders").await.code(), "unavailable");
    migrated(&url, MIGRATIONS).await;
    assert_eq!(shop.get("/orders").await.status, StatusCode::OK);
    stack.stop().await.unwrap();
}
