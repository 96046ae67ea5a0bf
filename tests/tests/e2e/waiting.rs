//! Clients that wait for what becomes of an order go on waiting while its partition changes hands.

use crate::claims::last_claims;
use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, own_serving};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// All but the role whose instances there are two of.
const REST: [&str; 6] = ["serve", "catalog", "inventory", "projectors", "query-api", "gateway"];
const ORDERS: usize = 16;

/// The dead one's partitions are served at once on a suspicion, and the answers of stock items are read there when the
/// group has noticed: in between the orders wait, and so do their clients.
#[test]
fn orders_placed_when_an_instance_was_killed_are_waited_for_as_long_as_was_asked() -> Outcome {
    own_serving(&REST, |system| async move {
        let http = system.http();
        let (one, other) = (system.serve(&["serve", "orders"]).await?, system.serve(&["serve", "orders"]).await?);
        add_product(&http, "TEAPOT", 100, 1_000).await?;
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
