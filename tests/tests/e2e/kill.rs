//! Killing either side in the middle of an import.

use crate::sales::{nets, report, total};
use crate::shop::{all, count_orders, text};
use e2e::{Http, Outcome, own, until, workspace};
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn kill_nine_in_the_middle_of_an_import() -> Outcome {
    own(|system| async move {
        let file = workspace().join("data/online-retail-extract.csv");
        let file = file.to_string_lossy();
        let http = system.http();

        let first = system.begin(&["import", "online-retail", &file])?;
        orders_are_there(&http, 40).await?;
        first.kill().await?;

        let mut second = system.begin(&["import", "online-retail", &file])?;
        orders_are_there(&http, 150).await?;
        assert!(second.runs()?, "the import was over before it could be disturbed");
        let mut tillroll = system.tillroll().await;
        tillroll.kill().await?;
        tillroll.start_again().await?;
        drop(tillroll);
        let finished = second.finish().await?;
        assert_eq!(finished.code, Some(0), "{}{}", finished.out, finished.err);
        assert!(finished.out.contains("180,667.75 GBP in the shop's report\n"), "{}", finished.out);

        let by_day = report(&http, "day").await?;
        assert_eq!(nets(&by_day).values().sum::<i64>(), 18_066_775);
        assert_eq!((total(&by_day).orders, total(&by_day).credit_notes), (424, 43));
        let orders = all(&http, "/orders?status=fulfilled").await?;
        let references: BTreeSet<&str> = orders.iter().map(|order| text(order, "reference")).collect();
        assert_eq!((orders.len(), references.len()), (424, 424));
        assert_eq!(count_orders(&http, "").await?, 424);
        Ok(())
    })
}

async fn orders_are_there(http: &Http, least: u64) -> Outcome {
    until("orders are there", Duration::from_secs(120), || async {
        Ok((count_orders(http, "").await? >= least).then_some(()))
    })
    .await
}
