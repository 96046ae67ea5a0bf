//! Tokens are waited for, and every answer says how fresh it is.

use crate::shop::{Answer, LOG, Shop, details};
use axum::http::StatusCode;
use std::time::{Duration, Instant};
use tillroll_http::{ConsistencyToken, Offset, PartitionId};
use tillroll_projectors::projections::{Orders, Products, Sales, Stock};
use tillroll_projectors::{Projection, projections};
use tillroll_schemas::catalogue::{CREDIT_NOTE, ORDER, PRODUCT, STOCK_ITEM};
use tillroll_schemas::product::{Added, ProductEvent};
use tillroll_testkit::until;
use tokio::time::sleep;
use uuid::Uuid;

async fn with_product(name: &str) -> Shop {
    let mut shop = Shop::new(name).await;
    let added = Added { details: details("Lamp", None, true), initial_stock: None };
    shop.happens::<Products>(PRODUCT.events, "LAMP", 1, &ProductEvent::from(added)).await;
    shop
}

fn token(shop: &Shop, topic: &str, offset: i64) -> String {
    ConsistencyToken::of(LOG, topic, PartitionId(2), Offset(offset)).encode(&shop.keys.consistency)
}

#[test]
fn the_projections_are_those_that_are_kept() {
    // The query API knows them by name, because it depends on tables and not on projectors.
    assert_eq!(
        (projections::Products::NAME, Stock::NAME, Orders::NAME, Sales::NAME),
        ("products", "stock", "orders", "sales")
    );
    assert_eq!(Products::TOPICS, [PRODUCT.events]);
    assert_eq!(Stock::TOPICS, [STOCK_ITEM.events]);
    assert_eq!(Orders::TOPICS, [ORDER.events]);
    assert_eq!(Sales::TOPICS, [ORDER.events, CREDIT_NOTE.events]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_waited_for() {
    let shop = with_product("consistency_wait").await;
    shop.reached("products", PRODUCT.events, 4).await;
    let mut delays = Vec::new();
    for offset in 4..13 {
        let token = token(&shop, PRODUCT.events, offset);
        let headers = [("consistency-token", token.as_str()), ("prefer", "wait=20")];
        let began = Instant::now();
        let (answer, moved_at) = tokio::join!(shop.get_with("/products/LAMP", &headers), async {
            sleep(Duration::from_millis(100)).await;
            shop.reached("products", PRODUCT.events, offset + 1).await;
            Instant::now()
        });
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(began.elapsed() >= Duration::from_millis(100));
        // The other projection has no checkpoint yet: what is known is told.
        assert!(answer.header("read-model-position").starts_with("product.events.v1/2@"));
        delays.push(moved_at.elapsed());
    }
    delays.sort();
    assert!(delays[4] < Duration::from_millis(60), "answered soon after: {delays:?}");
}

#[tokio::test]
async fn a_token_that_is_not_reached_in_time_is_503() {
    let shop = with_product("consistency_behind").await;
    shop.reached("products", PRODUCT.events, 4).await;
    let token = token(&shop, PRODUCT.events, 4);
    let began = Instant::now();
    let answer = shop.get_with("/products/LAMP", &[("consistency-token", &token), ("prefer", "wait=1")]).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "read_model_behind"));
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("read-model-position"), "product.events.v1/2@4", "how far it is instead");
    assert!(lag(&answer) >= 1_000, "never complete for as long as it was waited");
    assert!((1_000..2_500).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn tokens_of_topics_that_are_not_read_do_not_count() {
    let shop = with_product("consistency_other_topic").await;
    let token = token(&shop, ORDER.events, 1_000);
    assert_eq!(shop.get_with("/products/LAMP", &[("consistency-token", &token)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_that_mean_nothing_here_are_400_at_once() {
    let shop = with_product("consistency_refused").await;
    shop.reached("products", PRODUCT.events, 4).await;
    let began = Instant::now();
    let other = ConsistencyToken::of(Uuid::from_u128(2), PRODUCT.events, PartitionId(2), Offset(1))
        .encode(&shop.keys.consistency);
    let answer = shop.get_with("/products/LAMP", &[("consistency-token", &other), ("prefer", "wait=30")]).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "token_of_another_log"));
    assert_eq!(answer.header("read-model-position"), "product.events.v1/2@4");
    let answer = shop.get_with("/products/LAMP", &[("consistency-token", "forged")]).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "invalid_token"));
    assert!(began.elapsed() < Duration::from_secs(5), "not after the wait of 30 s");
}

#[tokio::test]
async fn every_projection_of_a_resource_has_to_be_there() {
    let shop = with_product("consistency_all").await;
    shop.reached("products", PRODUCT.events, 4).await;
    shop.reached("sales", ORDER.events, 9).await;
    let mut token = ConsistencyToken::of(LOG, PRODUCT.events, PartitionId(2), Offset(3));
    token.cover(LOG, STOCK_ITEM.events, PartitionId(2), Offset(0));
    let token = token.encode(&shop.keys.consistency);
    let headers = [("consistency-token", token.as_str()), ("prefer", "wait=0")];
    assert_eq!(shop.get_with("/products", &headers).await.status, StatusCode::SERVICE_UNAVAILABLE);
    shop.reached("stock", STOCK_ITEM.events, 1).await;
    let headers = [("consistency-token", token.as_str()), ("prefer", "wait=5")];
    assert_eq!(shop.get_with("/products", &headers).await.status, StatusCode::OK);
}

fn lag(answer: &Answer) -> u64 {
    answer.header("read-model-lag-ms").parse().unwrap_or_else(|_| panic!("no lag: {:?}", answer.headers))
}

#[tokio::test]
async fn until_the_read_models_were_complete_the_lag_counts_from_the_beginning() {
    let shop = with_product("consistency_incomplete").await;
    shop.ends_at(PRODUCT.events, &[(2, 8)]);
    let began = Instant::now();
    let first = lag(&shop.get("/products/LAMP").await);
    until("a lag of a second", async || lag(&shop.get("/products/LAMP").await) >= 1_000).await;
    assert!(lag(&shop.get("/products/LAMP").await) >= first + 500 && began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_is_not_there_says_in_how_fresh_a_read_model() {
    let shop = Shop::new("consistency_404").await;
    for (projection, topic) in [("products", PRODUCT.events), ("stock", STOCK_ITEM.events), ("orders", ORDER.events)] {
        shop.reached(projection, topic, 7).await;
    }
    let id = Uuid::nil();
    let order = [format!("/orders/{id}"), format!("/orders/{id}/history"), "/orders?customer=nobody".to_owned()];
    let products = ["/products/NOPE", "/products/NOPE/inventory"].map(str::to_owned);
    for (paths, position) in [
        (order.as_slice(), "order.events.v1/2@7"),
        (products.as_slice(), "product.events.v1/2@7;stock-item.events.v1/2@7"),
    ] {
        for path in paths {
            until(path, async || {
                let answer = shop.get(path).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
                lag(&answer);
                answer.header("read-model-position") == position
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_how_fresh_it_is() {
    let shop = with_product("consistency_fresh").await;
    for (projection, topic) in [("products", PRODUCT.events), ("stock", STOCK_ITEM.events)] {
        shop.reached(projection, topic, 7).await;
        shop.ends_at(topic, &[(0, 0), (2, 7)]);
    }
    let both = "product.events.v1/0@0,2@7;stock-item.events.v1/0@0,2@7";
    until("the positions of both projections", async || {
        shop.get("/products/LAMP").await.header("read-model-position") == both
    })
    .await;
    assert!(lag(&shop.get("/products/LAMP").await) < 2_000);
    // The log goes on and the read model does not: the lag grows.
    shop.ends_at(PRODUCT.events, &[(0, 0), (2, 8)]);
    until("a lag of a second", async || {
        let answer = shop.get("/products/LAMP").await;
        lag(&answer) > 1_000
    })
    .await;
}
