//! Clients that wait for what becomes of an order go on waiting while its partition changes hands.

use crate::shop::{add_product, order_of, place, text};
use e2e::{Outcome, own, until};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const ORDERS: usize = 16;
/// The second instance has its share of the partitions by then.
const SHARED_WITHIN: Duration = Duration::from_secs(30);

/// The dead one's partitions are served at once on a suspicion, and the answers of stock items are read there when the
/// group has noticed: in between the orders wait, and so do their clients.
#[test]
fn orders_placed_when_an_instance_was_killed_are_waited_for_as_long_as_was_asked() -> Outcome {
    own(|system| async move {
        let http = system.http();
        add_product(&http, "TEAPOT", 100, 1_000).await?;
        let doomed = system.serve(&["serve", "orders"]).await?;
        until("both serve orders", SHARED_WITHIN, || async {
            let log = system.run(&["doctor", "--json"]).await?.out;
            let owners = log.matches(&format!("-{}-", doomed.pid().unwrap_or_default())).count();
            Ok((owners > 0).then_some(()))
        })
        .await?;
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
