//! Clients that wait for what becomes of an order go on waiting while its partition changes hands.

use crate::carts::{check_out, put, shopper};
use crate::claims::{Claim, last_claims};
use crate::shop::{add_product, order_of, place, text};
use e2e::proof::Roll;
use e2e::{Outcome, System, own_serving, until};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tillroll_kafka::partition_for;
use tokio::task::JoinSet;
use uuid::Uuid;

/// All but the role whose instances there are two of.
const REST: [&str; 6] = ["serve", "catalog", "inventory", "projectors", "query-api", "gateway"];
const ORDERS: usize = 16;
const CARTS: usize = 4;
const PARTITIONS: i32 = 4;

/// The dead one's partitions are served at once on a suspicion, and the answers of stock items are read there when the
/// group has noticed: in between the orders wait, and so do their clients.
#[test]
fn orders_placed_when_an_instance_was_killed_are_waited_for_as_long_as_was_asked() -> Outcome {
    own_serving(&REST, |system| async move {
        let http = system.http();
        let (one, other) = (system.serve(&["serve", "orders"]).await?, system.serve(&["serve", "orders"]).await?);
        add_product(&http, "TEAPOT", 100, 1_000).await?;
        carts_are_checked_out_and_waited_for_wherever_their_orders_are(&system).await?;
        // The group may give all partitions of orders to one of them, and those of credit notes to the other.
        let owner = last_claims(&system.roll().await?, "order.events.v1").remove(&0).ok_or("nobody serves orders")?;
        let of_one = format!("-{}-", one.pid().ok_or("it does not run")?);
        let doomed = if owner.instance.contains(&of_one) { one } else { other };
        doomed.kill().await?;
        let mut placing = JoinSet::new();
        for nth in 0..ORDERS {
            let ask = place(&http, &format!("wait/{nth}"), &order_of(&[("TEAPOT", 1)]));
            placing.spawn(async move {
                let began = Instant::now();
                (ask.send().await, began.elapsed())
            });
        }
        let mut slowest = Duration::ZERO;
        while let Some(placed) = placing.join_next().await {
            let (answer, took) = placed?;
            let order = answer?.expect_status(201)?.json();
            assert_eq!(text(&order, "status"), "confirmed", "after {took:?}");
            slowest = slowest.max(took);
        }
        eprintln!("the slowest order waited {} ms", slowest.as_millis());
        assert!(slowest > Duration::from_secs(2), "some were of the dead one's partitions: {slowest:?}");
        Ok(())
    })
}

/// A cart and the order that is made of it are most likely served by different instances.
async fn carts_are_checked_out_and_waited_for_wherever_their_orders_are(system: &System) -> Outcome {
    let users = until("two instances share carts and their orders", Duration::from_secs(30), || async {
        let users = apart(&system.roll().await?);
        Ok((users.len() == CARTS).then_some(users))
    })
    .await?;
    for user in users {
        let http = shopper(system, user)?;
        put(&http, "TEAPOT", 1).send().await?.expect_status(200)?;
        let began = Instant::now();
        let bought = check_out(&http, "buy").send().await?.expect_status(201)?;
        assert_eq!(text(&bought.json(), "status"), "confirmed");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        let path = bought.header("location").trim_start_matches("/api/v1");
        http.get(path).token(bought.token()).send().await?.expect_status(200)?;
        let again = check_out(&http, "buy").send().await?.expect_status(201)?;
        assert_eq!(text(&again.json(), "id"), text(&bought.json(), "id"), "a repeat is the same order");
    }
    Ok(())
}

/// Users whose first cart is served by one instance, and the order made of it by another.
fn apart(roll: &Roll) -> Vec<Uuid> {
    let (carts, orders) = (last_claims(roll, "cart.events.v1"), last_claims(roll, "order.events.v1"));
    let owner = |claims: &BTreeMap<i32, Claim>, id: Uuid| {
        claims.get(&partition_for(id.to_string().as_bytes(), PARTITIONS).0).map(|claim| claim.instance.clone())
    };
    let users = (100..200).map(Uuid::from_u128);
    users.filter(|user| owner(&carts, *user) != owner(&orders, Uuid::new_v5(user, b"cart/1"))).take(CARTS).collect()
}
